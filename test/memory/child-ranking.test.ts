import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRandom } from '../../scripts/seed/random.ts'
import { drawChildQuestion } from '../../scripts/seed/tasks/children.ts'
import { nearestChildren, rankChildren } from '../../src/memory/child-ranking.ts'

const children = [
  'Marta Brun lives in Oslo, sells carpets',
  'Marta Brun plays the harp, is a friend of Hugo',
  'Hugo lives in Bergen, bakes bread',
]

test('takes the child that shares the rare words of the question', () => {
  assert.deepEqual(nearestChildren('where does Marta Brun live', children), [0])
  assert.deepEqual(nearestChildren('what does Hugo bake', children), [2])
  assert.deepEqual(nearestChildren('who plays the harp', children), [1])
})

test('takes the child that has what the question asks for: a number, a place, a person or something else', () => {
  const told = [
    'Ada Brun is fond of tea, paints boats',
    'Ada Brun turned 41 this year',
    'Ada Brun grew up in Oslo',
    'Ada Brun knows Hugo',
  ]
  assert.deepEqual(nearestChildren('what does Ada Brun enjoy', told), [0])
  assert.deepEqual(nearestChildren('how old is Ada Brun', told), [1])
  assert.deepEqual(nearestChildren('in which town was Ada Brun a child', told), [2])
  assert.deepEqual(nearestChildren('who met Ada Brun', told), [3])
  assert.deepEqual([...nearestChildren('is it true of Ada Brun', told)].sort(), [0, 1, 2, 3])
})

test('knows a word by its stem, with the consonant that its ending doubled', () => {
  const told = ['Lund counts 1657 souls, grows hops', 'Lund ships tea everywhere, grows hops']
  assert.deepEqual(nearestChildren('what is shipped by Lund', told), [1])
})

test('names all that are near when the words do not decide', () => {
  assert.deepEqual([...nearestChildren('what is known of Marta Brun', children)].sort(), [0, 1])
  assert.deepEqual([...nearestChildren('?', children)].sort(), [0, 1, 2])
  assert.deepEqual(rankChildren('?', children), [0, 0, 0])
})

test('keeps the right child of nine in ten held-out questions near, and decides most by words', () => {
  const random = makeRandom(5)
  let [kept, decided] = [0, 0]
  for (let i = 0; i < 300; i++) {
    const { question, summaries, right } = drawChildQuestion(random, 'heldout', 8)
    const near = nearestChildren(question, summaries)
    if (near.includes(right)) kept++
    if (near.length === 1) decided++
  }
  assert.ok(kept >= 285, `${kept} of 300 kept`)
  assert.ok(decided >= 200, `${decided} of 300 decided`)
})
