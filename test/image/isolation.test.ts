// What transactions see of each other, after the suites of ZODB (BasicStorage, MVCC, testTransaction, testConnection).
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Oid } from '../../src/base/ids.ts'
import { Ref } from '../../src/base/value.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

/** Two objects, both on duty. */
async function onDuty(kept: TestImage): Promise<[Oid, Oid]> {
  return [await kept.make('ada', { onDuty: true }), await kept.make('bob', { onDuty: true })]
}

/** Goes off duty if the other is on. */
function leave(transaction: Transaction, self: Oid, other: Oid): void {
  if (transaction.get(other).get('onDuty')) transaction.get(self).set('onDuty', false)
}

test('lets two write what each read of the other, unless one says that its read matters', async (t) => {
  const kept = await freshImage(t)
  const [ada, bob] = await onDuty(kept)
  const [one, two] = [kept.begin(), kept.begin()]
  leave(one, ada, bob)
  leave(two, bob, ada)
  await Promise.all([one.commit(), two.commit()])
  assert.deepEqual([kept.slot(ada, 'onDuty'), kept.slot(bob, 'onDuty')], [false, false])

  await kept.commit((transaction) => {
    for (const oid of [ada, bob]) transaction.get(oid).set('onDuty', true)
  })
  const [three, four] = [kept.begin(), kept.begin()]
  three.readCurrent(bob)
  leave(three, ada, bob)
  four.readCurrent(ada)
  leave(four, bob, ada)
  await three.commit()
  await assert.rejects(four.commit(), coded('E_CONFLICT', { objects: [ada] }))
  assert.deepEqual([kept.slot(ada, 'onDuty'), kept.slot(bob, 'onDuty')], [false, true])
})

test('keeps its moment through any number of commits, with hardly anything cached', async (t) => {
  const kept = await freshImage(t, { cacheObjects: 1 })
  const oids: Oid[] = []
  for (let i = 0; i < 10; i++) oids.push(await kept.make(`object ${i}`, { round: 0 }))
  const [before, half] = [kept.begin(), kept.begin()]
  half.get(oids[0]!).set('round', -1)
  for (let round = 1; round <= 100; round++) {
    await kept.commit((transaction) => {
      for (const oid of oids) if (oid !== oids[0]) transaction.get(oid).set('round', round)
    })
  }
  for (const oid of oids) assert.equal(before.get(oid).get('round'), 0)
  assert.equal(half.get(oids[9]!).get('round'), 0)
  assert.equal(kept.slot(oids[9]!, 'round'), 100)
  await half.commit()
  assert.deepEqual([kept.slot(oids[0]!, 'round'), kept.slot(oids[9]!, 'round')], [-1, 100])
})

test('shows nobody what is not committed, nor its own changes to what it had looked at before', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  const [writer, reader] = [kept.begin(), kept.begin()]
  writer.get(oid).set('count', 2)
  const made = writer.create({ made: true }).oid
  assert.equal(reader.get(oid).get('count'), 1)
  assert.equal(reader.has(made), false)
  await writer.commit()
  assert.equal(reader.get(oid).get('count'), 1)
  assert.equal(reader.has(made), false)
  assert.equal(kept.begin().get(oid).get('count'), 2)
})

test('numbers transactions without a gap, whatever was aborted, refused or empty in between', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 0 })
  for (let count = 1; count <= 5; count++) {
    const [aborted, loser, empty] = [kept.begin(), kept.begin(), kept.begin()]
    aborted.get(oid).set('count', -1)
    aborted.abort()
    loser.get(oid).set('count', -2)
    await kept.commit((transaction) => transaction.get(oid).set('count', count))
    await assert.rejects(loser.commit(), coded('E_CONFLICT'))
    assert.equal(await empty.commit(), empty.snapshot)
  }
  assert.deepEqual(
    [...kept.image.transactions()].map(({ tid }) => tid),
    ['tx:0', 'tx:1', 'tx:2', 'tx:3', 'tx:4', 'tx:5', 'tx:6'],
  )
  assert.deepEqual(
    [...kept.image.history(oid)].map(({ slots }) => slots?.get('count')),
    [5, 4, 3, 2, 1, 0],
  )
})

test('writes after an abort, a refusal and a conflict as if they had never been', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  const aborted = kept.begin()
  const never = aborted.create({ x: 1 }).oid
  aborted.get(oid).set('friend', new Ref(never))
  aborted.abort()
  const refused = kept.begin()
  assert.throws(() => refused.get(oid).set('f', (() => 1) as never), coded('E_VALUE'))
  refused.get(oid).set('count', 2)
  await refused.commit()
  assert.deepEqual(
    [kept.slot(oid, 'count'), kept.slot(oid, 'friend'), kept.slot(oid, 'f')],
    [2, undefined, undefined],
  )
  await kept.reopen()
  assert.equal(kept.begin().has(never), false)
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('stays doomed whatever is rolled back, and ends only by an abort', async (t) => {
  const kept = await freshImage(t)
  const transaction = kept.begin()
  const start = transaction.savepoint()
  transaction.root.set('x', 1)
  transaction.doom('it was only a trial')
  start.rollback()
  assert.equal(transaction.root.get('x'), undefined)
  assert.equal(transaction.doomed, 'it was only a trial')
  for (let times = 0; times < 2; times++) {
    await assert.rejects(transaction.commit(), coded('E_DOOMED', { reason: 'it was only a trial' }))
    assert.equal(transaction.state, 'open')
  }
  transaction.abort()
  assert.equal(kept.image.head, 'tx:0')
})

test('rolls back to any of many savepoints, and forgets those behind it', async (t) => {
  const kept = await freshImage(t)
  const transaction = kept.begin()
  const tree = transaction.createTree()
  const savepoints = Array.from({ length: 10 }, (_, i) => {
    transaction.root.set('step', i)
    tree.set(i, i)
    transaction.create({ i })
    return transaction.savepoint()
  })
  for (const i of [7, 7, 4, 0]) {
    savepoints[i]!.rollback()
    assert.equal(transaction.root.get('step'), i)
    assert.deepEqual([...tree.entries()].length, i + 1)
    assert.equal(transaction.changes().length, i + 2)
    for (const later of savepoints.slice(i + 1)) assert.throws(() => later.rollback(), coded('E_SAVEPOINT'))
  }
  transaction.root.set('tree', tree.ref)
  await transaction.commit()
  assert.throws(() => savepoints[0]!.rollback(), coded('E_TRANSACTION_ENDED'))
  assert.equal(kept.image.transaction('tx:1')!.created.length, 2)
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('keeps who, why and what else was said of a transaction, whatever characters they are', async (t) => {
  const kept = await freshImage(t)
  const options = {
    user: 'ädä\0\ud83d\ude00',
    description: 'x'.repeat(5000),
    meta: { cycle: 'cycle:1', list: [1, 2n, null, { deep: new Date(5) }], __proto__x: -0 },
  }
  await kept.image.transact(options, ({ root }) => root.set('x', 1))
  await kept.reopen()
  const { user, description, meta } = kept.image.transaction('tx:1')!
  assert.deepEqual({ user, description, meta }, options)
})
