import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawChoices } from '../../scripts/seed/documents.ts'
import { FAMILIES, METHODS } from '../../scripts/seed/families/all.ts'
import { drawTaught } from '../../scripts/seed/families/taught.ts'
import type { MethodSpec } from '../../scripts/seed/method-spec.ts'
import { LISTED, mayUse, person, receiverName, slotName, WORDS, word } from '../../scripts/seed/names.ts'
import { makeRandom } from '../../scripts/seed/random.ts'
import { drawWording } from '../../scripts/seed/selector.ts'
import { RELATIONS } from '../../scripts/seed/tasks/relations.ts'
import { FILLERS, OPENINGS } from '../../scripts/seed/tasks/summaries.ts'
import { number, shapeOf, value } from '../../scripts/seed/values.ts'
import { courtesies, expansions, noteExpansions, ownerKey, patternsOf } from '../../scripts/seed/wording.ts'

const sayings = (text: string) => new Set(expansions(patternsOf(text)).map(ownerKey))
const both = <T>(one: Iterable<T>, other: ReadonlySet<T>): readonly T[] =>
  [...one].filter((item) => other.has(item))

test('has at least 40 families of at least 180 methods, with 15 selectors each on average', () => {
  assert.ok(FAMILIES.length >= 40, `${FAMILIES.length} families`)
  assert.ok(METHODS.length >= 180, `${METHODS.length} methods`)
  assert.equal(new Set(METHODS.map(({ id }) => id)).size, METHODS.length)
  const selectors = METHODS.reduce((sum, { say }) => sum + sayings(say).size, 0)
  assert.ok(selectors >= 15 * METHODS.length, `${selectors} selectors`)
})

test('keeps selectors and notes for learning and for the score apart', () => {
  for (const spec of METHODS) {
    const known = sayings(spec.say)
    const unseen = sayings(spec.sayNew)
    assert.ok(known.size >= 9, `${spec.id} has ${known.size} selectors`)
    assert.ok(unseen.size >= 3, `${spec.id} has ${unseen.size} held-out selectors`)
    assert.deepEqual(both(unseen, known), [], spec.id)
    const notes = new Set(noteExpansions(spec.note))
    assert.ok(notes.size >= 5 && spec.noteNew.length >= 3, `${spec.id} has ${notes.size} notes`)
    assert.deepEqual(both(noteExpansions(spec.noteNew), notes), [], spec.id)
  }
  assert.deepEqual(both(courtesies.heldout, new Set(courtesies.train)), [])
})

// A word put in for another, or words that mean nothing, can come out as a held-out selector by chance: of 1,200,000 drawn
// wordings 12 did, one in 100,000. The shipped mind was trained by this generator, so it stays as it is, and the score's
// figures hold all the same; more than this would tell the mind what it is to be asked.
test('draws a held-out selector for its own method less than once in 10,000 wordings to learn from', () => {
  const random = makeRandom(22)
  const unseen = new Map(METHODS.map((spec) => [spec, sayings(spec.sayNew)]))
  const drawn = 60_000
  const found: string[] = []
  for (let i = 0; i < drawn; i++) {
    const spec = drawTaught(random, 'first')
    const wording = drawWording(random, spec, drawChoices(random, spec, 'train'))
    if (unseen.get(spec)!.has(ownerKey(wording))) found.push(`${spec.id}: ${wording}`)
  }
  assert.ok(found.length < drawn / 10_000, found.join(', '))
})

test('lets no selector mean two methods that the receiver and the arguments do not tell apart', () => {
  const owners = new Map<string, MethodSpec[]>()
  for (const spec of METHODS)
    for (const key of new Set([...sayings(spec.say), ...sayings(spec.sayNew)]))
      owners.set(key, [...(owners.get(key) ?? []), spec])
  for (const [key, specs] of owners)
    for (const [place, one] of specs.entries())
      for (const other of specs.slice(place + 1))
        assert.ok(!alike(one, other), `${key} means ${one.id} and ${other.id}`)
})

function alike(one: MethodSpec, other: MethodSpec): boolean {
  const shapes = (kinds = '') => [...kinds].map((kind) => ('E=eo*ik'.includes(kind) ? '?' : shapeOf(kind)))
  const same = (some: readonly string[], others: readonly string[]) =>
    some.length === others.length &&
    some.every((shape, place) => [shape, others[place]].includes('?') || shape === others[place])
  return (
    one.absent === other.absent &&
    same(shapes(one.args), shapes(other.args)) &&
    (one.absent === true || same(shapes(one.slots), shapes(other.slots)))
  )
}

test('keeps the lists of names and words apart', () => {
  assert.ok(WORDS.train.length + WORDS.heldout.length >= 5000)
  assert.deepEqual(
    both([...WORDS.heldout, ...LISTED.heldout], new Set([...WORDS.train, ...LISTED.train])),
    [],
  )
  for (const { train, heldout } of RELATIONS) {
    assert.deepEqual(both(heldout.say, new Set(train.say)), [])
    assert.deepEqual(both(heldout.ask, new Set(train.ask)), [])
  }
})

// Shared on purpose are words that carry nothing of an answer: the pronouns of a summary, what a place or a thing is called
// besides its name (`ville`, `Lamp`), `please` and the full stop of a note.
test('keeps the sentences and openings that tell nothing apart, too', () => {
  for (const { train, heldout } of [FILLERS, OPENINGS]) {
    assert.ok(heldout.length > 0)
    assert.deepEqual(both(heldout, new Set(train)), [])
  }
})

test('draws no name or number of the other side', () => {
  const random = makeRandom(21)
  for (const split of ['train', 'heldout'] as const)
    for (let i = 0; i < 2000; i++) {
      const slot = slotName(random, split, (['number', 'text', 'list', 'map', 'flag'] as const)[i % 5]!)
      for (const name of [word(random, split), slot, receiverName(random, split), person(random, split)])
        assert.ok(mayUse(split, name), `${name} is not for ${split}`)
      for (const drawn of [Math.abs(number(random, split)), value(random, split, 'j') as number]) {
        if (drawn < 13 || !Number.isInteger(drawn)) continue
        assert.equal(drawn % 5 === 3, split === 'heldout', `${drawn} is not for ${split}`)
      }
    }
})
