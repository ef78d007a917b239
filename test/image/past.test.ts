// The past, after ZODB's RevisionStorage, IteratorStorage and TransactionalUndoStorage.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Oid, Tid } from '../../src/base/ids.ts'
import { Ref, type TreeRef } from '../../src/base/value.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

const by = { user: 'ada' }

/** The object's count after each transaction; undefined where it was not there. */
const counts = (kept: TestImage, oid: Oid): unknown[] =>
  [...kept.image.transactions()].map(({ tid }) => {
    const view = kept.image.at(tid)
    return view.has(oid) ? view.get(oid).get('count') : undefined
  })

const set = (kept: TestImage, oid: Oid, count: number) =>
  kept.commit((transaction) => transaction.get(oid).set('count', count))

test('shows an object as it was at each moment: before it was made, changed, taken away, brought back', async (t) => {
  const kept = await freshImage(t, { cacheObjects: 1 })
  await kept.make('other')
  const oid = await kept.make('genesis', { count: 1 })
  await set(kept, oid, 2)
  await kept.make('between')
  await set(kept, oid, 3)
  await kept.commit((transaction) => {
    transaction.root.delete('genesis')
    transaction.remove(oid)
  })
  await kept.make('after')
  await kept.image.undo('tx:6', by)
  const expected = [undefined, undefined, 1, 2, 2, 3, undefined, undefined, 3]
  assert.deepEqual(counts(kept, oid), expected)
  await kept.reopen()
  assert.deepEqual(counts(kept, oid), expected)
  assert.deepEqual(
    [...kept.image.history(oid)].map(({ kind, tid }) => [kind, tid]),
    [
      ['object', 'tx:8'],
      ['gone', 'tx:6'],
      ['object', 'tx:5'],
      ['object', 'tx:3'],
      ['object', 'tx:2'],
    ],
  )
})

test('tells of transactions, revisions and changes while others are written', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 0 })
  for (let count = 1; count <= 30; count++) await set(kept, oid, count)
  let next = 100
  const listed: Tid[] = []
  for (const { tid } of kept.image.transactions()) {
    listed.push(tid)
    if (listed.length % 5 === 0) await set(kept, oid, next++)
  }
  assert.deepEqual(
    listed.slice(0, 32),
    Array.from({ length: 32 }, (_, i) => `tx:${i}`),
  )
  const revisions: unknown[] = []
  const { head } = kept.image
  for (const { tid, slots } of kept.image.history(oid)) {
    revisions.push(slots?.get('count'))
    if (tid === head) await set(kept, oid, next++)
  }
  assert.deepEqual(
    revisions.slice(-31),
    Array.from({ length: 31 }, (_, i) => 30 - i),
  )
  const since = kept.image.head
  assert.deepEqual([...kept.image.changes(since)], [])
  await set(kept, oid, next++)
  assert.deepEqual(
    [...kept.image.changes(since)].map(({ changed }) => changed),
    [[oid]],
  )
})

test('takes back, brings back and takes back again, any number of times', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await set(kept, oid, 2)
  for (let times = 0; times < 6; times++) {
    const tid = await kept.image.undo(kept.image.head, by)
    assert.equal(kept.slot(oid, 'count'), times % 2 === 0 ? 1 : 2, tid)
    if (times === 3) await kept.reopen()
  }
  assert.deepEqual(counts(kept, oid), [undefined, 1, 2, 1, 2, 1, 2, 1, 2])
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('takes back transactions of two objects: of one, of the other, of both at once', async (t) => {
  const kept = await freshImage(t)
  const [a, b] = [await kept.make('a', { count: 1 }), await kept.make('b', { count: 1 })]
  const both = (count: number) =>
    kept.commit((transaction) => {
      for (const oid of [a, b]) transaction.get(oid).set('count', count)
    })
  const seen = () => [kept.slot(a, 'count'), kept.slot(b, 'count')]
  await both(2)
  await set(kept, a, 3)
  await set(kept, b, 4)
  await kept.image.undo('tx:4', by)
  assert.deepEqual(seen(), [2, 4])
  await kept.image.undo('tx:5', by)
  assert.deepEqual(seen(), [2, 2])
  await both(5)
  await kept.image.undo(kept.image.head, by)
  assert.deepEqual(seen(), [2, 2])
  await kept.image.undo(kept.image.head, by)
  assert.deepEqual(seen(), [5, 5])
  await assert.rejects(kept.image.undo('tx:3', by), coded('E_UNDO_CONFLICT', { tid: 'tx:3' }))
  assert.deepEqual(seen(), [5, 5])
})

test('takes back a making, after which the object is not there, and only then refuses those who still know it', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  const [knows, watches] = [kept.begin(), kept.begin()]
  await kept.image.undo('tx:1', by)
  assert.equal(knows.get(oid).get('count'), 1)
  knows.get(oid).set('count', 2)
  await assert.rejects(knows.commit(), coded('E_CONFLICT'))
  assert.equal(watches.root.get('genesis') instanceof Ref, true)
  assert.throws(() => kept.begin().get(oid), coded('E_NO_OBJECT'))
  assert.notEqual(await kept.make('next'), oid)
})

test('takes back what was done to a Tree while others add to it, and refuses once they touched the same', async (t) => {
  const kept = await freshImage(t)
  const ref = await kept.commit((transaction) => {
    const tree = transaction.createTree().set('a', 1)
    transaction.root.set('tree', tree.ref)
    return tree.ref as TreeRef
  })
  await kept.commit((transaction) => transaction.tree(ref).set('b', 2).delete('a'))
  for (let i = 0; i < 20; i++) await kept.commit((transaction) => transaction.tree(ref).set(i, i))
  await kept.image.undo('tx:2', by)
  const entries = () => new Map(kept.begin().tree(ref).entries())
  assert.deepEqual([entries().get('a'), entries().has('b'), entries().size], [1, false, 21])
  await kept.commit((transaction) => transaction.tree(ref).set(7, 'seven'))
  await assert.rejects(kept.image.undo('tx:10', by), coded('E_UNDO_CONFLICT'))
  await kept.image.undo('tx:11', by)
  assert.equal(entries().has(8), false)
  assert.deepEqual((await kept.image.verify()).faults, [])
})
