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

test('takes the child that has a number when the question asks for one', () => {
  const told = ['Ada is fond of tea, lives in Oslo', 'Ada turned 41 this year, works on maps']
  assert.deepEqual(nearestChildren('how old is Ada', told), [1])
  assert.deepEqual([...nearestChildren('what is Ada like', told)].sort(), [0, 1])
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
