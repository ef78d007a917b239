// Entries of Trees are kept decoded once they were read. Nobody may see that: whatever is in the cache, each moment has its
// own, and memory has its bound.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Tid } from '../../src/base/ids.ts'
import { Ref, type TreeRef, type Value } from '../../src/base/value.ts'
import type { TreeKey } from '../../src/image/keyspace.ts'
import type { Tree } from '../../src/image/tree.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'
import { memoryInUse } from './memory-in-use.ts'

const newTree = (kept: TestImage): Promise<TreeRef> =>
  kept.commit((transaction) => {
    const { ref } = transaction.createTree()
    transaction.root.set('tree', ref)
    return ref
  })

const put = (kept: TestImage, ref: TreeRef, key: TreeKey, value: Value): Promise<Tid> =>
  kept.commit((transaction) => void transaction.tree(ref).set(key, value)).then(() => kept.image.head)

const now = (kept: TestImage, ref: TreeRef): Tree => kept.image.now().tree(ref)

test('shows each moment its own entry, whichever is read first', async (t) => {
  const kept = await freshImage(t)
  const ref = await newTree(kept)
  const before = now(kept, ref)
  assert.equal(before.get('a'), undefined)
  await put(kept, ref, 'a', 1)
  const first = now(kept, ref)
  assert.deepEqual([before.get('a'), first.get('a')], [undefined, 1])
  await put(kept, ref, 'a', 2)
  const second = now(kept, ref)
  assert.deepEqual([second.get('a'), first.get('a'), before.get('a')], [2, 1, undefined])
  await kept.commit((transaction) => void transaction.tree(ref).delete('a'))
  const third = now(kept, ref)
  assert.deepEqual([first.get('a'), third.get('a'), second.get('a')], [1, undefined, 2])
  assert.deepEqual(
    [first.get('a'), third.get('a'), second.get('a'), before.get('a')],
    [1, undefined, 2, undefined],
  )
  assert.deepEqual([before.size, first.size, second.size, third.size], [0, 1, 1, 0])
})

test('keeps apart the same key of two Trees, and keys of two kinds', async (t) => {
  const kept = await freshImage(t)
  const [one, two] = [await newTree(kept), await newTree(kept)]
  const keys = [1, '1', 1n, new Uint8Array([1]), new Uint8Array([0x31]), -0, '\u{10ffff}', '\ufffd']
  await kept.commit((transaction) => {
    for (const [i, key] of keys.entries()) transaction.tree(one).set(key, i)
  })
  for (let turn = 0; turn < 2; turn++) {
    for (const [i, key] of keys.entries()) {
      assert.equal(now(kept, one).get(key), i)
      assert.equal(now(kept, two).get(key), undefined)
    }
    assert.equal(now(kept, one).get(0), keys.indexOf(-0))
    assert.equal(now(kept, one).get('\ud800'), keys.indexOf('\ufffd')) // written as the same bytes
  }
  await put(kept, one, '\ud800', 'both')
  assert.equal(now(kept, one).get('\ufffd'), 'both')
})

test('shows what is committed again once a savepoint is rolled back, and after an abort', async (t) => {
  const kept = await freshImage(t)
  const ref = await newTree(kept)
  await put(kept, ref, 'a', 1)
  const transaction = kept.begin()
  const tree = transaction.tree(ref)
  assert.deepEqual([tree.get('a'), tree.get('b')], [1, undefined])
  const savepoint = transaction.savepoint()
  tree.set('a', 2).set('b', 2)
  assert.deepEqual([tree.get('a'), tree.get('b')], [2, 2])
  assert.deepEqual([now(kept, ref).get('a'), now(kept, ref).get('b')], [1, undefined])
  savepoint.rollback()
  assert.deepEqual([tree.get('a'), tree.get('b')], [1, undefined])
  tree.delete('a')
  transaction.abort()
  assert.deepEqual([now(kept, ref).get('a'), now(kept, ref).get('b')], [1, undefined])
})

test('shows nothing of a commit that was refused', async (t) => {
  const kept = await freshImage(t)
  const ref = await newTree(kept)
  await put(kept, ref, 'a', 1)
  const [winner, loser] = [kept.begin(), kept.begin()]
  winner.tree(ref).set('a', 'won')
  loser.tree(ref).set('a', 'lost').set('b', 'lost')
  assert.equal(now(kept, ref).get('a'), 1)
  const [won, lost] = await Promise.allSettled([winner.commit(), loser.commit()])
  assert.deepEqual([won.status, lost.status], ['fulfilled', 'rejected'])
  assert.deepEqual([now(kept, ref).get('a'), now(kept, ref).get('b')], ['won', undefined])
})

test('conflicts with a commit that came after the entry was read and kept', async (t) => {
  const kept = await freshImage(t)
  const ref = await newTree(kept)
  await put(kept, ref, 'a', 1)
  const late = kept.begin()
  assert.equal(late.tree(ref).get('a'), 1)
  await put(kept, ref, 'a', 2)
  assert.equal(late.tree(ref).get('a'), 1)
  late.tree(ref).set('a', 3)
  await assert.rejects(late.commit(), coded('E_CONFLICT'))
  assert.equal(now(kept, ref).get('a'), 2)
})

test('takes entries back by an undo, and by the undo of that', async (t) => {
  const kept = await freshImage(t)
  const ref = await newTree(kept)
  await put(kept, ref, 'a', 1)
  const tid = await put(kept, ref, 'a', 2)
  const created = await put(kept, ref, 'b', 1)
  const seen = () => [now(kept, ref).get('a'), now(kept, ref).get('b')]
  assert.deepEqual(seen(), [2, 1])
  const undone = await kept.image.undo([tid, created], { user: 'ada' })
  assert.deepEqual(seen(), [1, undefined])
  await kept.image.undo(undone, { user: 'ada' })
  assert.deepEqual(seen(), [2, 1])
})

test('refuses a moment that was packed away though the entry of then is kept', async (t) => {
  const kept = await freshImage(t)
  const ref = await newTree(kept)
  const first = await put(kept, ref, 'a', 1)
  const old = kept.image.at(first).tree(ref)
  await put(kept, ref, 'b', 1)
  await kept.commit((transaction) => void transaction.tree(ref).delete('b'))
  assert.deepEqual([old.get('a'), old.get('b'), now(kept, ref).get('b')], [1, undefined, undefined])
  await kept.image.pack({ before: kept.image.head })
  assert.throws(() => old.get('a'), coded('E_PACKED'))
  assert.deepEqual([now(kept, ref).get('a'), now(kept, ref).get('b'), now(kept, ref).size], [1, undefined, 1])
  await put(kept, ref, 'b', 2)
  assert.equal(now(kept, ref).get('b'), 2)
})

const KEYS = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? i : `key ${i}`))
const step = fc.record({
  key: fc.constantFrom(...KEYS),
  value: fc.option(fc.nat(99), { nil: undefined }),
  reads: fc.array(fc.nat(KEYS.length - 1), { maxLength: 6 }),
  ends: fc.boolean(),
})

test('shows every moment as it was, with room for all entries and with room for next to none', async (t) => {
  const images = [await freshImage(t), await freshImage(t, { cacheMb: 0.005, durable: true })]
  for (const kept of images) {
    const ref = await newTree(kept)
    const model = new Map<TreeKey, number>()
    const moments: { readonly tree: Tree; readonly entries: ReadonlyMap<TreeKey, number> }[] = []
    let transaction = kept.begin()
    for (const { key, value, reads, ends } of fc.sample(step, { numRuns: 400, seed: 3 })) {
      if (value === undefined) {
        assert.equal(transaction.tree(ref).delete(key), model.delete(key))
      } else {
        model.set(key, value)
        transaction.tree(ref).set(key, value)
      }
      for (const i of reads) {
        assert.equal(transaction.tree(ref).get(KEYS[i]!), model.get(KEYS[i]!))
        for (const { tree, entries } of moments) assert.equal(tree.get(KEYS[i]!), entries.get(KEYS[i]!))
      }
      if (!ends) continue
      await transaction.commit()
      transaction = kept.begin()
      moments.push({ tree: now(kept, ref), entries: new Map(model) })
      if (moments.length > 8) moments.splice(moments.length % 8, 1)
    }
    for (const { tree, entries } of moments) assert.deepEqual(new Map(tree.entries()), entries)
    transaction.abort()
  }
})

const ENTRIES = 40_000
const CACHE_MB = 4

test('stays within its memory however many entries are read, those that are not there too', async (t) => {
  const kept = await freshImage(t, { cacheMb: CACHE_MB })
  const ref = await newTree(kept)
  const entryOf = (i: number): Value =>
    i % 2 === 0 ? new Ref('obj:0') : { text: `${i} `.repeat(i % 20), list: [i, -i] }
  for (let from = 0; from < ENTRIES; from += 4000) {
    await kept.commit((transaction) => {
      for (let i = from; i < from + 4000; i++) transaction.tree(ref).set(i, entryOf(i))
    })
  }
  await kept.reopen()
  const readAll = () => {
    const tree = now(kept, ref)
    for (let i = 0; i < ENTRIES; i++) {
      const value = tree.get(i)
      assert.ok(i % 2 === 0 ? value instanceof Ref : value !== undefined)
      assert.equal(tree.get(-1 - i), undefined)
    }
  }
  now(kept, ref).get(0)
  const before = memoryInUse()
  readAll()
  const grown = memoryInUse() - before
  assert.ok(grown < CACHE_MB, `${grown} MiB more`)
  readAll()
  assert.ok(memoryInUse() - before < CACHE_MB)
})
