import assert from 'node:assert/strict'
import { test } from 'node:test'
import { corrupt } from '../../scripts/seed/corruption.ts'
import { drawChoices, drawDocument } from '../../scripts/seed/documents.ts'
import { METHODS } from '../../scripts/seed/families/all.ts'
import { runSource } from '../../scripts/seed/judge.ts'
import { changedSlots } from '../../scripts/seed/method-spec.ts'
import { makeRandom } from '../../scripts/seed/random.ts'
import { sample } from '../../scripts/seed/sample.ts'
import { drawTaskCase } from '../../scripts/seed/tasks/all.ts'
import type { Value } from '../../src/base/value.ts'
import { sameAnswer } from '../../src/base/value-equality.ts'
import { auditMethod, reportLines } from '../../src/guardian/audit.ts'
import { signatureOf } from '../../src/mind/briefs.ts'
import { matchGbnf, parseGbnf } from '../../src/mind/gbnf-matcher.ts'

test('has references that the guardian lets pass and that change only what they say', () => {
  const random = makeRandom(11)
  for (const spec of METHODS) {
    for (let i = 0; i < 2; i++) {
      const of = sample(random, spec, drawChoices(random, spec, i % 2 === 0 ? 'train' : 'heldout'))
      if (of === undefined) continue
      const { selector, args } = of.brief
      const source = signatureOf(selector, args.length) + of.body
      assert.deepEqual(auditMethod(source, { name: selector, arity: args.length }).violations, [], source)
      for (let run = 0; run < 4; run++) {
        const input = of.fresh(random, 'heldout')
        const { state, flag } = runSource(source, input.state, input.args)
        const changed = state !== runSource('(self) => null', input.state, []).state
        assert.ok(flag || !changed, `${spec.id} changes state without its flag: ${source}`)
        if (changed) assert.ok(changedSlots(spec).length > 0, `${spec.id} names no slot that it changes`)
      }
    }
  }
})

test('has references that answer the examples shown with them', () => {
  const random = makeRandom(13)
  let shown = 0
  for (const spec of METHODS) {
    const choices = { ...drawChoices(random, spec, 'train'), answer: true, examples: 2 }
    const of = sample(random, spec, choices)
    if (of === undefined) continue
    const { selector, args, slots, expected, witnesses = [] } = of.brief
    const source = signatureOf(selector, args.length) + of.body
    for (const example of [{ args, expected: expected! }, ...witnesses]) {
      shown++
      const { answer } = runSource(source, slots, example.args)
      assert.ok(
        sameAnswer(JSON.parse(answer) as Value, example.expected!),
        `${spec.id}: ${answer}\n${source}`,
      )
    }
  }
  assert.ok(shown > 2 * METHODS.length, `${shown} examples`)
})

test('has answers about texts that their own grammars and judges accept', () => {
  const random = makeRandom(14)
  for (const [task, draw] of Object.entries(drawTaskCase)) {
    for (let i = 0; i < 60; i++) {
      const { ask, answer, isRight } = draw(random, i % 2 === 0 ? 'train' : 'heldout')
      assert.ok(isRight(answer), `${task}: ${answer}`)
      assert.ok(!isRight('') && !isRight('{}'), task)
      assert.ok(matchGbnf(parseGbnf(ask.request.grammar!), answer).ok, `${task}: ${answer}`)
      assert.doesNotThrow(() => ask.parse(answer))
      if (task !== 'summary') assert.throws(() => ask.parse('nothing'), { code: 'E_MIND_ANSWER' })
    }
  }
})

test('breaks bodies in ways that the guardian sees where the report says', () => {
  const random = makeRandom(12)
  let seen = 0
  for (let i = 0; i < 3000; i++) {
    const spec = METHODS[i % METHODS.length]!
    const of = sample(random, spec, { ...drawChoices(random, spec, 'train'), answer: true })
    const broken = of === undefined ? undefined : corrupt(random, of)
    if (of === undefined || broken === undefined) continue
    const { selector, args } = of.brief
    const source = signatureOf(selector, args.length) + broken.body
    const verdict = auditMethod(source, { name: selector, arity: args.length })
    const [first] = broken.report
    if (!/^report (covenant|flag|reach) /.test(first!)) continue
    seen++
    assert.ok(
      reportLines(verdict).includes(first!.slice(7)),
      `${first} is not in ${reportLines(verdict)}:\n${source}`,
    )
  }
  assert.ok(seen > 300, `${seen} seen`)
})

test('makes the same documents from the same seed, short enough and with a valid start', () => {
  const draw = () => {
    const random = makeRandom(3)
    return Array.from({ length: 400 }, () => drawDocument(random, 'train', 'whole'))
  }
  const documents = draw()
  assert.deepEqual(draw(), documents)
  for (const { task, messages, given } of documents) {
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['system', 'user', 'assistant'],
    )
    const answer = messages[2]!.content
    assert.ok(given < answer.length)
    if (task === 'method' || task === 'repair')
      assert.match(answer.slice(0, given), /^function \w+\(self[a-d, ]*\) \{\n$/)
    assert.match(messages.map(({ content }) => content).join(''), /^[\n -~]*$/)
  }
})
