import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../src/base/config.ts'
import { BatError } from '../../src/base/errors.ts'
import { numberOf, uuidV7 } from '../../src/base/ids.ts'
import { nearest, slips } from '../../src/base/nearest.ts'
import { Semaphore } from '../../src/base/semaphore.ts'
import { Teardown } from '../../src/base/teardown.ts'
import { sameAnswer } from '../../src/base/value-equality.ts'

describe('the configuration', () => {
  const refused: readonly (readonly [string, RegExp, RegExp])[] = [
    ['{"endpont": "tcp://127.0.0.1:1"}', /endpont: no such setting/, /did you mean endpoint\?/],
    [
      '{"cycles": {"concurent": 2}}',
      /cycles\.concurent: no such setting/,
      /did you mean cycles\.concurrent\?/,
    ],
    ['{"cycles": {"concurrent": 0}}', /cycles\.concurrent: .*1/, /^$/],
    ['{"endpoint": "here"}', /endpoint: .*tcp/, /^$/],
    ['{"model": {"pth": "x"}}', /model\.pth: no such setting/, /path/],
    ['{', /not JSON/, /^$/],
    ['[]', /object/, /^$/],
  ]
  for (const [text, message, remedy] of refused) {
    it(`refuses ${text} and says where`, () => {
      assert.throws(
        () => parseConfig(text, 'x.json'),
        (error: BatError) => {
          assert.equal(error.code, 'E_CONFIG')
          assert.match(error.message, message)
          assert.match(error.remedy ?? '', remedy)
          return true
        },
      )
    })
  }

  it('has a default for every setting', () => assert.equal(parseConfig('{}', 'x').cycles.concurrent, 4))
})

describe('near words', () => {
  it('counts an exchange of neighbours as one slip', () => assert.equal(slips('greet', 'grete'), 1))
  it('finds the nearest and leaves distant ones alone', () => {
    assert.equal(nearest('grete_', ['greet_', 'great_']), 'greet_')
    assert.equal(nearest('abc', ['xyz']), undefined)
  })
})

describe('answers', () => {
  it('are the same up to rounding and in structure', () => {
    assert.ok(sameAnswer(0.1 + 0.2, 0.3))
    assert.ok(sameAnswer({ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }))
    assert.ok(!sameAnswer([1, 2], [2, 1]))
    assert.ok(!sameAnswer('1', 1))
    assert.ok(!sameAnswer({ a: 1 }, { a: 1, b: 2 }))
    assert.ok(sameAnswer(Number.NaN, Number.NaN))
    assert.ok(!sameAnswer(null, 0))
  })
})

describe('small parts', () => {
  it('stops in reverse, once, and throws the first failure', async () => {
    const order: number[] = []
    const teardown = new Teardown()
    teardown.add(() => void order.push(1))
    teardown.add(() => {
      order.push(2)
      throw new Error('second')
    })
    teardown.add(() => void order.push(3))
    await assert.rejects(teardown.run(), /second/)
    await assert.rejects(teardown.run(), /second/)
    assert.deepEqual(order, [3, 2, 1])
  })

  it('lets no more than its places run at a time', async () => {
    const semaphore = new Semaphore(2)
    let running = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    }
    await Promise.all(Array.from({ length: 9 }, () => semaphore.run(work)))
    assert.equal(most, 2)
  })

  it('makes UUIDs that sort by time', () => {
    assert.ok(uuidV7(1000) < uuidV7(2000))
    assert.match(uuidV7(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('tells the number of an id', () => {
    assert.equal(numberOf('obj:12'), 12)
    assert.ok(Number.isNaN(numberOf('12')))
  })

  it('fills the sentence of an error with its values', () => {
    const error = new BatError('E_SYNTAX', { column: 3, expected: 'a value', found: '`x`' })
    assert.equal(error.message, 'column 3: a value expected, `x` found')
    assert.equal(error.remedy, undefined)
    assert.equal(error.retryable, false)
  })
})
