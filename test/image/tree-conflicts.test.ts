// Two transactions that change one Tree at the same time, after ZODB's BTrees testConflict: what merges there merges here,
// and so do the cases that a bucket cannot merge (an empty tree, the first key, a split), since entries are kept each by
// itself. The second may be told to come in the same write as the first or in one after it.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Tree } from '../../src/image/tree.ts'
import { coded, freshImage } from './fresh-image.ts'

type Edit = (tree: Tree) => unknown

interface Case {
  readonly what: string
  readonly before: readonly number[]
  readonly one: Edit
  readonly two: Edit
  /** The keys afterwards; undefined: the second must conflict. */
  readonly after?: readonly number[]
}

const many = Array.from({ length: 300 }, (_, i) => i)

const cases: readonly Case[] = [
  {
    what: 'inserts of different keys',
    before: [5],
    one: (t) => t.set(1, 1),
    two: (t) => t.set(9, 1),
    after: [1, 5, 9],
  },
  { what: 'inserts of the same key', before: [5], one: (t) => t.set(1, 1), two: (t) => t.set(1, 2) },
  {
    what: 'inserts of the same key and value',
    before: [5],
    one: (t) => t.set(1, 1),
    two: (t) => t.set(1, 1),
  },
  {
    what: 'updates of different keys',
    before: [1, 2],
    one: (t) => t.set(1, 7),
    two: (t) => t.set(2, 7),
    after: [1, 2],
  },
  { what: 'updates of the same key', before: [1], one: (t) => t.set(1, 7), two: (t) => t.set(1, 8) },
  {
    what: 'deletes of different keys',
    before: [1, 2, 3],
    one: (t) => t.delete(1),
    two: (t) => t.delete(3),
    after: [2],
  },
  { what: 'deletes of the same key', before: [1, 2], one: (t) => t.delete(1), two: (t) => t.delete(1) },
  {
    what: 'a delete and an update of the same key',
    before: [1, 2],
    one: (t) => t.delete(1),
    two: (t) => t.set(1, 7),
  },
  {
    what: 'an update and a delete of the same key',
    before: [1, 2],
    one: (t) => t.set(1, 7),
    two: (t) => t.delete(1),
  },
  {
    what: 'inserts into an empty tree',
    before: [],
    one: (t) => t.set(1, 1),
    two: (t) => t.set(2, 1),
    after: [1, 2],
  },
  {
    what: 'a delete of the last entry and an insert',
    before: [1],
    one: (t) => t.delete(1),
    two: (t) => t.set(2, 1),
    after: [2],
  },
  {
    what: 'an insert and a delete of the first',
    before: [1, 2],
    one: (t) => t.set(0, 1),
    two: (t) => t.delete(1),
    after: [0, 2],
  },
  {
    what: 'inserts on both sides of one key',
    before: [5],
    one: (t) => t.set(4, 1),
    two: (t) => t.set(6, 1),
    after: [4, 5, 6],
  },
  {
    what: 'many inserts in the same place',
    before: [],
    one: (t) => many.forEach((i) => void t.set(2 * i, 1)),
    two: (t) => many.forEach((i) => void t.set(2 * i + 1, 1)),
    after: many.flatMap((i) => [2 * i, 2 * i + 1]),
  },
  {
    what: 'a key put and taken again, and an insert of it',
    before: [5],
    one: (t) => t.set(1, 1).delete(1),
    two: (t) => t.set(1, 2),
  },
]

for (const together of [true, false]) {
  test(`merges or refuses ${cases.length} pairs of edits, ${together ? 'in one write' : 'one after the other'}`, async (t) => {
    const kept = await freshImage(t)
    for (const { what, before, one, two, after } of cases) {
      const ref = await kept.commit((transaction) => {
        const tree = transaction.createTree()
        for (const key of before) tree.set(key, 0)
        transaction.root.set(what, tree.ref)
        return tree.ref
      })
      const [first, second] = [kept.begin(), kept.begin()]
      one(first.tree(ref))
      two(second.tree(ref))
      const done = first.commit()
      if (!together) await done
      const outcome = await Promise.allSettled([done, second.commit()])
      assert.equal(outcome[0].status, 'fulfilled', what)
      if (after) assert.equal(outcome[1].status, 'fulfilled', what)
      else coded('E_CONFLICT', { objects: [ref.oid] })((outcome[1] as PromiseRejectedResult).reason)
      const tree = kept.begin().tree(ref)
      const keys = [...tree.entries()].map(([key]) => key)
      assert.equal(tree.size, keys.length, what)
      if (after) assert.deepEqual(keys, after, what)
    }
    assert.deepEqual((await kept.image.verify()).faults, [])
  })
}

test('refuses to change a Tree that another took away, and to take away one that another changed', async (t) => {
  const kept = await freshImage(t)
  for (const removesFirst of [true, false]) {
    const ref = await kept.commit((transaction) => transaction.createTree().set(1, 1).ref)
    const [remover, editor] = [kept.begin(), kept.begin()]
    remover.remove(ref.oid)
    editor.tree(ref).set(2, 2)
    const [first, second] = removesFirst ? [remover, editor] : [editor, remover]
    await first.commit()
    await assert.rejects(second.commit(), coded('E_CONFLICT', { objects: [ref.oid] }))
  }
  assert.deepEqual((await kept.image.verify()).faults, [])
})
