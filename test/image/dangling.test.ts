import assert from 'node:assert/strict'
import test from 'node:test'
import { oidOf } from '../../src/base/ids.ts'
import { Ref, TreeRef, type Value } from '../../src/base/value.ts'
import { coded, freshImage } from './fresh-image.ts'

test('refuses a reference to an oid that was never handed out, at once and with its path', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  const transaction = kept.begin()
  const missing = oidOf(999)
  const friend = new Ref(missing)
  const tree = transaction.createTree()
  const refusals: [() => unknown, string][] = [
    [() => transaction.get(oid).set('friend', friend), 'genesis.friend'],
    [() => transaction.get(oid).set('deep', { list: [1, { next: friend }] }), 'genesis.deep.list[1].next'],
    [() => transaction.root.set('lost', new TreeRef(missing)), 'lost'],
    [() => tree.set('a', [friend]), `${tree.oid}[a][0]`],
    [
      () => transaction.apply([{ oid, slots: new Map<string, Value>([['friend', friend]]) }]),
      'genesis.friend',
    ],
  ]
  for (const [put, path] of refusals) assert.throws(put, coded('E_DANGLING', { path, missing }))
  assert.throws(() => transaction.create({ friend }), coded('E_DANGLING', { missing }))
  assert.deepEqual([...transaction.get(oid).slots()], [['count', 1]])
  transaction.root.set('tree', tree.ref)
  await transaction.commit()
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('refuses to commit a reference to an oid under which nothing ever was, and leaves the rest to be committed', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis')
  const other = kept.begin()
  const never = other.create().oid
  const transaction = kept.begin()
  transaction
    .get(oid)
    .set('count', 1)
    .set('friends', [new Ref(never)])
  const refused = coded('E_DANGLING', { path: 'genesis.friends[0]', missing: never })
  await assert.rejects(transaction.commit(), refused)
  other.abort()
  await assert.rejects(transaction.commit(), refused)
  transaction.get(oid).delete('friends')
  await transaction.commit()
  assert.deepEqual([...kept.image.now().get(oid).slots()], [['count', 1]])
})

test('commits references to what this transaction, its group or an earlier one created, and to what is gone', async (t) => {
  const kept = await freshImage(t)
  const gone = await kept.make('gone')
  const [first, second] = [kept.begin(), kept.begin()]
  const [oid] = kept.image.allocate(1)
  const made = first.create({ later: new Ref(oid!), itself: 1 })
  first.apply([{ oid: oid!, slots: new Map<string, Value>([['back', made.ref]]) }])
  const newest = second.create({ earlier: made.ref })
  await Promise.all([first.commit(), second.commit()])
  await kept.commit((transaction) => {
    transaction.root.delete('gone')
    transaction.remove(gone)
  })
  await kept.commit(({ root }) => root.set('newest', newest.ref).set('dangling', new Ref(gone)))
  assert.deepEqual(kept.slot(newest.oid, 'earlier'), made.ref)
})

test('lets an object be changed that has long held a reference to what a pack has taken away', async (t) => {
  const kept = await freshImage(t)
  const gone = await kept.make('gone')
  const oid = await kept.make('genesis', { friend: new Ref(gone), count: 1 })
  await kept.commit((transaction) => {
    transaction.root.delete('gone')
    transaction.remove(gone)
  })
  await kept.commit(({ root }) => root.set('later', 1))
  await kept.image.pack({ before: kept.image.head })
  const slots = new Map<string, Value>(kept.image.now().get(oid).slots())
  await kept.commit((transaction) => transaction.apply([{ oid, slots: slots.set('count', 2) }]))
  assert.equal(kept.slot(oid, 'count'), 2)
  const refused = kept.commit(({ root }) => root.set('again', new Ref(gone)))
  await assert.rejects(refused, coded('E_DANGLING', { path: 'again', missing: gone }))
})
