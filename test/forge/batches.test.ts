import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Batch, BatchStream, batchesOf } from '../../src/forge/batches.ts'
import type { TokenSet } from '../../src/forge/documents.ts'
import { randomFrom } from '../../src/forge/random.ts'

const random = randomFrom(3)
const lengths = Array.from({ length: 40 }, () => 4 + Math.floor(random() * 12))
// Document i consists of its number + 100 at every place, so that a row shows whose tokens it holds.
const set: TokenSet = {
  count: lengths.length,
  ids: Uint16Array.from(lengths.flatMap((length, i) => Array.from({ length }, () => 100 + i))),
  starts: Uint32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0))]),
  prompts: new Uint32Array(lengths.length).fill(3),
  tooLong: 0,
}
const shape = { length: 32, rows: 3, group: 2, promptWeight: 0.1, padding: 7 }

const visible = (batch: Batch, row: number, copy: number, query: number) => {
  const from = ((row * shape.group + copy) * shape.length + query) * shape.length
  return [...batch.mask.subarray(from, from + shape.length)].flatMap((value, i) => (value === 0 ? [i] : []))
}

test('lets each place see its own document up to itself, and nothing else', () => {
  const batch = new BatchStream(set, shape, 1).next()
  for (let row = 0; row < shape.rows; row++)
    for (let query = 0; query < shape.length; query++) {
      const at = row * shape.length + query
      const first = query - batch.positions[at]!
      const expected = Array.from({ length: query - first + 1 }, (_, i) => first + i)
      for (const copy of [0, 1]) assert.deepEqual(visible(batch, row, copy, query), expected)
      const owners = new Set(expected.map((place) => batch.ids[row * shape.length + place]))
      assert.equal(owners.size, 1)
    }
})

test('weighs the prompt little, the answer fully, and the gaps not at all', () => {
  const batch = new BatchStream(set, shape, 1).next()
  batch.ids.forEach((id, at) => {
    const expected = id === shape.padding ? 0 : batch.positions[at]! + 1 >= 3 ? 1 : shape.promptWeight
    assert.ok(Math.abs(batch.weights[at]! - expected) < 1e-6)
  })
})

test('takes every document once an epoch, each epoch in another order', () => {
  const stream = new BatchStream(set, { ...shape, rows: 1 }, 5)
  const seen: number[] = []
  while (seen.length < 2 * set.count) {
    const { ids, positions } = stream.next()
    ids.forEach((id, at) => {
      if (id !== shape.padding && positions[at] === 0) seen.push(id)
    })
  }
  const first = seen.slice(0, set.count)
  assert.ok(new Set(first).size > set.count / 4)
  assert.notDeepEqual(first, seen.slice(set.count, 2 * set.count))
})

test('continues from a place in the data with the batches that would have come', () => {
  const whole = new BatchStream(set, shape, 2)
  for (let i = 0; i < 9; i++) whole.next()
  const continued = new BatchStream(set, shape, 2, JSON.parse(JSON.stringify(whole.position)))
  for (let i = 0; i < 9; i++) assert.deepEqual(continued.next(), whole.next())
})

test('measures a whole set in order, each document once', () => {
  const batches = batchesOf(set, shape)
  assert.equal(
    batches.reduce((sum, batch) => sum + batch.documents, 0),
    set.count,
  )
  assert.equal(
    batches.reduce((sum, batch) => sum + batch.tokens, 0),
    set.ids.length - set.count,
  )
})
