import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { apartWorse, pairedBetter } from '../../src/forge/exact-test.ts'

const near = (found: number, wanted: number) =>
  assert.ok(Math.abs(found - wanted) <= 1e-9 * Math.max(1e-3, wanted), `${found}, not ${wanted}`)

/** All outcomes of `n` tosses, each once. */
function* tosses(n: number): Generator<readonly boolean[]> {
  for (let bits = 0; bits < 2 ** n; bits++) yield Array.from({ length: n }, (_, i) => (bits & (1 << i)) !== 0)
}

/** All ways to choose `k` of the numbers from 0 to `n` - 1. */
function* choices(n: number, k: number, from = 0): Generator<readonly number[]> {
  if (k === 0) yield []
  else
    for (let first = from; first <= n - k; first++)
      for (const rest of choices(n, k - 1, first + 1)) yield [first, ...rest]
}

describe('the paired test', () => {
  it('gives the values of the tables of the binomial distribution', () => {
    near(pairedBetter(5, 0), 0.03125)
    near(pairedBetter(4, 0), 0.0625)
    near(pairedBetter(8, 2), 0.0546875)
    near(pairedBetter(9, 1), 0.0107421875)
    near(pairedBetter(15, 5), 0.020694732666015625)
    near(pairedBetter(0, 7), 1)
    near(pairedBetter(0, 0), 1)
  })

  it('counts outcomes as counting them one by one does', () => {
    for (let n = 1; n <= 12; n++) {
      const heads = [...tosses(n)].map((outcome) => outcome.filter(Boolean).length)
      for (let gained = 0; gained <= n; gained++)
        near(pairedBetter(gained, n - gained), heads.filter((count) => count >= gained).length / 2 ** n)
    }
  })

  it('is exact for thousands of answers', () => {
    // P(X >= 550), n = 1000, p = 1/2, by exact rational arithmetic
    let sum = 0n
    let term = 1n
    for (let k = 0n; k <= 1000n; k++) {
      if (k >= 550n) sum += term
      term = (term * (1000n - k)) / (k + 1n)
    }
    near(pairedBetter(550, 450), Number((sum * 10n ** 30n) / 2n ** 1000n) / 1e30)
    assert.ok(pairedBetter(5100, 4900) > 0.02 && pairedBetter(5100, 4900) < 0.025)
  })

  it('refuses what is no count', () => {
    for (const wrong of [-1, 0.5, Number.NaN]) assert.throws(() => pairedBetter(wrong, 1), RangeError)
  })
})

describe('the test of two samples', () => {
  it('gives the value of the lady tasting tea', () => {
    // 3 of 4 cups right: 17/70; all 4: 1/70
    near(apartWorse({ right: 1, asked: 4 }, { right: 3, asked: 4 }), 17 / 70)
    near(apartWorse({ right: 0, asked: 4 }, { right: 4, asked: 4 }), 1 / 70)
  })

  it('counts outcomes as counting them one by one does', () => {
    for (const [firstAsked, secondAsked] of [
      [4, 5],
      [6, 3],
      [5, 5],
    ] as const) {
      for (let right = 0; right <= firstAsked + secondAsked; right++) {
        const outcomes = [...choices(firstAsked + secondAsked, right)]
        const ofFirst = outcomes.map((chosen) => chosen.filter((each) => each < firstAsked).length)
        for (let few = Math.max(0, right - secondAsked); few <= Math.min(firstAsked, right); few++)
          near(
            apartWorse({ right: few, asked: firstAsked }, { right: right - few, asked: secondAsked }),
            ofFirst.filter((count) => count <= few).length / outcomes.length,
          )
      }
    }
  })

  it('says nothing of what was never asked', () => {
    near(apartWorse({ right: 0, asked: 0 }, { right: 3, asked: 4 }), 1)
    assert.throws(() => apartWorse({ right: 2, asked: 1 }, { right: 0, asked: 0 }), RangeError)
  })
})
