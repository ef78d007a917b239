import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { type Answer, score } from '../../src/forge/evaluation.ts'
import { readExamples } from '../../src/forge/examples.ts'
import { compare, leastExamples, verdictLine, verdictOf, verdictText } from '../../src/forge/gate.ts'
import { baselineOf, lookAt } from '../../src/forge/probation.ts'

/** `+` a right answer, `-` a wrong one. */
const answers = (signs: string): Answer[] =>
  [...signs].map((sign, i) => ({ id: `${i}`, seed: i, right: sign === '+' }))
const compared = (serving: string, candidate: string) => compare(answers(serving), answers(candidate))
const same = compared('++', '++')

describe('the gate', () => {
  it('compares answer by answer', () => {
    assert.deepEqual(compared('+-+-+', '++--+'), { asked: 5, serving: 3, candidate: 3, gained: 1, lost: 1 })
    assert.throws(() => compared('++', '+'), BatError)
    assert.throws(
      () =>
        compare(
          answers('+'),
          answers('+').map((each) => ({ ...each, seed: 9 })),
        ),
      BatError,
    )
  })

  const cases: readonly [string, string, string, string, string][] = [
    ['five gained of five', '-----', '+++++', '+++++', 'better'],
    ['four gained of four', '----', '++++', '+++++', 'not-better'],
    ['five gained and one lost', '-----+', '+++++-', '++++++', 'not-better'],
    ['nothing changed', '+-+-+-', '+-+-+-', '++++++', 'not-better'],
    ['eight gained and one lost', '--------+', '++++++++-', '++++++', 'better'],
  ]
  for (const [name, serving, candidate, rest, reason] of cases) {
    it(`finds ${name} ${reason}`, () => {
      const verdict = verdictOf(compared(serving, candidate), compared(rest, rest))
      assert.equal(verdict.reason, reason)
      assert.equal(verdict.passed, reason === 'better')
    })
  }

  it('lets two points of a hundred be lost elsewhere, and no more', () => {
    const better = compared('------', '++++++')
    const worse = (lost: number) => compared('+'.repeat(100), '-'.repeat(lost) + '+'.repeat(100 - lost))
    assert.equal(verdictOf(better, worse(2)).reason, 'better')
    assert.equal(verdictOf(better, worse(3)).reason, 'regressed')
    // what is gained elsewhere in the suite makes up for it
    const mixed = compared(`${'+'.repeat(97)}---`, `${'-'.repeat(3)}${'+'.repeat(97)}`)
    assert.equal(verdictOf(better, mixed).reason, 'better')
    assert.equal(verdictOf(better, compared('+'.repeat(40), `-${'+'.repeat(39)}`)).reason, 'regressed')
  })

  it('knows how few examples can show nothing', () => {
    for (const p of [0.05, 0.01, 0.5]) {
      const least = leastExamples({ p, points: 0 })
      assert.equal(
        verdictOf(compared('-'.repeat(least), '+'.repeat(least)), same, { p, points: 0 }).passed,
        true,
      )
      const fewer = least - 1
      assert.equal(
        verdictOf(compared('-'.repeat(fewer), '+'.repeat(fewer)), same, { p, points: 0 }).passed,
        false,
      )
    }
  })

  it('says what it found', () => {
    const verdict = verdictOf(compared('------', '++++++'), compared('++', '++'))
    assert.equal(verdictLine(verdict), 'it is better: held-out 0 → 6 of 6 (p = 0.016), regression 2 → 2 of 2')
    assert.equal(
      verdictText(verdict),
      'let in: it is better\n' +
        'held-out    0 → 6 of 6 right (6 gained, 0 lost), p = 0.016, to be below 0.05\n' +
        'regression  2 → 2 of 2 right (0 gained, 0 lost), as before, at most 2 worse',
    )
  })
})

describe('probation', () => {
  const limits = { missions: 50, p: 0.05, earlyP: 0.01 }
  const before = { right: 90, asked: 100 }
  for (const [since, course] of [
    [{ right: 0, asked: 0 }, 'provisional'],
    [{ right: 9, asked: 10 }, 'provisional'],
    [{ right: 0, asked: 3 }, 'returned'],
    [{ right: 7, asked: 10 }, 'provisional'],
    [{ right: 5, asked: 10 }, 'returned'],
    [{ right: 45, asked: 50 }, 'active'],
    [{ right: 38, asked: 50 }, 'returned'],
  ] as const) {
    it(`leaves ${since.right} of ${since.asked} right, after 90 of 100, ${course}`, () => {
      assert.equal(lookAt(since, before, limits).course, course)
    })
  }

  const nothing = { right: 0, asked: 0 }
  it('keeps what nothing can be compared with', () => {
    assert.equal(lookAt({ right: 10, asked: 49 }, baselineOf(nothing), limits).course, 'provisional')
    assert.equal(lookAt({ right: 10, asked: 50 }, baselineOf(nothing), limits).course, 'active')
  })

  it('compares with the examination where nothing was asked before', () => {
    const examined = { right: 95, asked: 100 }
    const baseline = baselineOf(nothing, examined)
    assert.deepEqual(baseline, examined)
    assert.equal(lookAt({ right: 0, asked: 50 }, baseline, limits).course, 'returned')
    assert.equal(lookAt({ right: 47, asked: 50 }, baseline, limits).course, 'active')
    assert.deepEqual(baselineOf(before, examined), before)
  })
})

describe('a held-out set', () => {
  const folder = mkdtempSync(join(tmpdir(), 'batos-held-out-'))
  const messages = [
    { role: 'user', content: '4' },
    { role: 'assistant', content: 'function double_(self, a) {\n  return a * 2;\n}' },
  ]
  const written = (...lines: readonly string[]): string => {
    const file = join(folder, 'set.jsonl')
    writeFileSync(file, lines.join('\n'))
    return file
  }

  it('is read as questions with what is right', async () => {
    const method = { selector: 'double_', witnesses: [{ slots: {}, args: [4], expected: 8 }] }
    const [exact, code] = await readExamples(
      written(
        JSON.stringify({ messages, given: 28, cycle: 'tx:9' }),
        '',
        JSON.stringify({ id: 'two', messages, given: 28, method, grammar: 'root ::= "x"', maxTokens: 9 }),
      ),
      'BRICK',
    )
    const prefill = 'function double_(self, a) {\n'
    assert.deepEqual(exact, {
      id: 'line 1',
      request: {
        messages: messages.slice(0, 1),
        ...{ prefill, persona: 'BRICK', maxTokens: 64, temperature: 0, seed: 0 },
      },
      check: { kind: 'exact', answer: 'return a * 2;\n}' },
    })
    assert.deepEqual(code?.check, { kind: 'method', ...method })
    assert.deepEqual(
      { id: code.id, seed: code.request.seed, grammar: code.request.grammar, most: code.request.maxTokens },
      { id: 'two', seed: 1, grammar: 'root ::= "x"', most: 9 },
    )
  })

  for (const [name, line, problem] of [
    ['no JSON', '{', /line 2: /],
    ['no answer', JSON.stringify({ messages: messages.slice(0, 1) }), /line 2: messages/],
    [
      'a method without witnesses',
      JSON.stringify({ messages, method: { selector: 'f', witnesses: [] } }),
      /line 2: method\.witnesses/,
    ],
  ] as const) {
    it(`is refused with ${name}, naming the line`, async () => {
      const file = written(JSON.stringify({ messages }), line)
      await assert.rejects(readExamples(file, 'BRICK'), (thrown) => {
        assert.ok(thrown instanceof BatError)
        assert.equal(thrown.code, 'E_EXAMPLES')
        assert.match(thrown.message, problem)
        return true
      })
    })
  }

  it('is asked once each, in order, until it is enough', async () => {
    const examples = await readExamples(written(...Array(4).fill(JSON.stringify({ messages }))), 'BRICK')
    const ending = new AbortController()
    const asked: number[] = []
    const scoring = {
      infer: async ({ seed }: { readonly seed: number }) => {
        asked.push(seed)
        return { text: seed === 1 ? messages[1]!.content : '' }
      },
      judge: async (_: unknown, text: string) => text === messages[1]!.content,
      signal: ending.signal,
    }
    assert.deepEqual(
      (await score(examples, scoring)).map(({ right }) => right),
      [false, true, false, false],
    )
    assert.deepEqual(asked, [0, 1, 2, 3])
    const stopping = { ...scoring, onAnswer: () => ending.abort(new BatError('E_CANCELLED')) }
    await assert.rejects(score(examples, stopping), { code: 'E_CANCELLED' })
  })
})
