import assert from 'node:assert/strict'
import { test } from 'node:test'
import { corrupt } from '../../scripts/seed/corruption.ts'
import { drawChoices, drawDocument } from '../../scripts/seed/documents.ts'
import { METHODS, TAUGHT } from '../../scripts/seed/families/all.ts'
import { runSource } from '../../scripts/seed/judge.ts'
import { changedSlots } from '../../scripts/seed/method-spec.ts'
import { WORDS } from '../../scripts/seed/names.ts'
import { makeRandom } from '../../scripts/seed/random.ts'
import { sample } from '../../scripts/seed/sample.ts'
import { expansions, noteExpansions, ownerKey, patternsOf } from '../../scripts/seed/wording.ts'
import { auditMethod, reportLines } from '../../src/guardian/audit.ts'
import { signatureOf } from '../../src/mind/briefs.ts'

const sayings = (text: string) => new Set(expansions(patternsOf(text)).map(ownerKey))

test('has at least 30 families of at least 130 methods, with 5,000 words', () => {
  assert.ok(TAUGHT.length >= 25, `${TAUGHT.length} families`)
  assert.ok(METHODS.length >= 130, `${METHODS.length} methods`)
  assert.equal(new Set(METHODS.map(({ id }) => id)).size, METHODS.length)
  assert.ok(WORDS.train.length + WORDS.heldout.length >= 5000)
})

test('keeps training and held-out wordings, notes and words apart', () => {
  for (const spec of METHODS) {
    const known = sayings(spec.say)
    const unseen = [...sayings(spec.sayNew)]
    assert.ok(known.size >= 6, `${spec.id} has ${known.size} selectors`)
    assert.ok(unseen.length >= 3, `${spec.id} has ${unseen.length} held-out selectors`)
    assert.deepEqual(
      unseen.filter((wording) => known.has(wording)),
      [],
      spec.id,
    )
    const notes = new Set(noteExpansions(spec.note))
    assert.ok(notes.size >= 4 && spec.noteNew.length >= 3, `${spec.id} has ${notes.size} notes`)
    assert.deepEqual(
      noteExpansions(spec.noteNew).filter((note) => notes.has(note)),
      [],
      spec.id,
    )
  }
  const train = new Set(WORDS.train)
  assert.deepEqual(
    WORDS.heldout.filter((word) => train.has(word)),
    [],
  )
})

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
    return Array.from({ length: 400 }, () => drawDocument(random, 'train'))
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
