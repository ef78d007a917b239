import assert from 'node:assert/strict'
import test from 'node:test'
import { TreeRef, type Value } from '../../src/base/value.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

async function withTree(
  kept: TestImage,
  entries: readonly (readonly [string | number, Value])[],
): Promise<TreeRef> {
  return kept.commit((transaction) => {
    const tree = transaction.createTree()
    for (const [key, value] of entries) tree.set(key, value)
    transaction.root.set('tree', tree.ref)
    return tree.ref
  })
}

test('merges edits of different keys of one Tree and refuses those of the same', async (t) => {
  const kept = await freshImage(t)
  const ref = await withTree(kept, [
    ['a', 1],
    ['b', 1],
  ])
  const [one, two, three] = [kept.begin(), kept.begin(), kept.begin()]
  one.tree(ref).set('c', 1).delete('a')
  two.tree(ref).set('d', 1)
  three.tree(ref).set('c', 2)
  const [first, second, third] = await Promise.allSettled([one.commit(), two.commit(), three.commit()])
  assert.deepEqual([first!.status, second!.status], ['fulfilled', 'fulfilled'])
  coded('E_CONFLICT', { objects: [ref.oid], theirs: 'tx:2' })((third as PromiseRejectedResult).reason)
  const tree = kept.begin().tree(ref)
  assert.deepEqual(
    [...tree.entries()],
    [
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ],
  )
  assert.equal(tree.size, 3)
  assert.ok((await kept.image.verify()).ok)
})

test('walks a range either way, with what the transaction itself changed', async (t) => {
  const kept = await freshImage(t)
  const ref = await withTree(
    kept,
    Array.from({ length: 1000 }, (_, i) => [i, i] as const),
  )
  await kept.commit((transaction) => {
    for (let i = 0; i < 1000; i += 2) transaction.tree(ref).delete(i)
  })
  const transaction = kept.begin()
  const tree = transaction.tree(ref)
  tree.set(10.5, 'new').set(11, 'changed').delete(13)
  const keys = (range: Parameters<typeof tree.entries>[0]) => [...tree.entries(range)].map(([key]) => key)
  assert.deepEqual(keys({ from: 9, to: 17 }), [9, 10.5, 11, 15])
  assert.deepEqual(keys({ from: 9, to: 17, reverse: true }), [15, 11, 10.5, 9])
  assert.deepEqual(keys({ from: 995, limit: 2 }), [995, 997])
  assert.deepEqual(keys({ reverse: true, limit: 2 }), [999, 997])
  assert.equal(tree.get(11), 'changed')
  assert.equal(tree.size, 500)
  assert.deepEqual(keys({ to: 4 }), [1, 3])
  assert.equal(keys({}).length, 500)
  const before = kept.image.at('tx:1').tree(ref)
  assert.deepEqual([before.size, [...before.entries()].length, before.get(13)], [1000, 1000, 13])
})

test('goes on walking its own moment while others commit', async (t) => {
  const kept = await freshImage(t)
  const ref = await withTree(
    kept,
    Array.from({ length: 200 }, (_, i) => [i, i] as const),
  )
  const seen: unknown[] = []
  for (const [key] of kept.begin().tree(ref).entries()) {
    seen.push(key)
    if (key === 20) {
      await kept.commit((transaction) => {
        for (let i = 0; i < 200; i += 3) transaction.tree(ref).delete(i).valueOf()
        transaction.tree(ref).set(100.5, 'new')
      })
    }
  }
  assert.equal(seen.length, 200)
})

test('keeps all kinds of keys apart', async (t) => {
  const kept = await freshImage(t)
  const keys = [-1.5, 1, 1n, 2n ** 70n, '1', 'é', new Uint8Array([0, 1])]
  const ref = await kept.commit((transaction) => {
    const tree = transaction.createTree()
    for (const key of [...keys].reverse()) tree.set(key, String(key))
    transaction.root.set('tree', tree.ref)
    return tree.ref
  })
  await kept.reopen()
  assert.deepEqual(
    [...kept.begin().tree(ref).entries()].map(([key]) => key),
    keys,
  )
})

test('refuses a value with its path, and a Tree that is none', async (t) => {
  const kept = await freshImage(t)
  const ref = await withTree(kept, [])
  const tree = kept.begin().tree(ref)
  const odd = { f: () => 1 } as unknown as Value
  assert.throws(() => tree.set('k', odd), coded('E_VALUE', { path: 'tree[k].f' }))
  assert.throws(() => kept.begin().tree(new TreeRef('obj:0')), coded('E_NO_OBJECT'))
})

test('takes no entry of a Tree that was taken away, or whose making was taken back', async (t) => {
  const kept = await freshImage(t)
  const ref = await withTree(kept, [])
  const transaction = kept.begin()
  const tree = transaction.tree(ref).set('a', 1)
  const savepoint = transaction.savepoint()
  const made = transaction.createTree().set('a', 1)
  transaction.remove(ref.oid)
  assert.throws(() => tree.set('b', 2), coded('E_NO_OBJECT'))
  savepoint.rollback()
  assert.throws(() => made.set('b', 2), coded('E_NO_OBJECT'))
  assert.deepEqual(
    [...tree.set('b', 2).entries()],
    [
      ['a', 1],
      ['b', 2],
    ],
  )
})
