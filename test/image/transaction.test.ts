import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Ref } from '../../src/base/value.ts'
import { coded, freshImage } from './fresh-image.ts'

test('keeps what was committed and shows it after a restart', async (t) => {
  const kept = await freshImage(t, { durable: true })
  const oid = await kept.make('genesis', { count: 1 })
  const id = kept.image.id
  await kept.reopen()
  assert.equal(kept.image.id, id)
  assert.equal(kept.image.head, 'tx:1')
  assert.deepEqual(kept.begin().root.get('genesis'), new Ref(oid))
  assert.equal(kept.slot(oid, 'count'), 1)
})

test('sees one moment, whatever others commit meanwhile', async (t) => {
  const kept = await freshImage(t, { cacheObjects: 2 })
  const oid = await kept.make('genesis', { count: 1 })
  const before = kept.begin()
  await kept.commit((transaction) => transaction.get(oid).set('count', 2))
  const later = await kept.make('later')
  assert.equal(before.get(oid).get('count'), 1)
  assert.equal(before.has(later), false)
  assert.throws(() => before.get(later), coded('E_NO_OBJECT'))
  await setImmediate()
  assert.equal(before.get(oid).get('count'), 1)
})

test('lets the first committer win and names both transactions to the second', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  const [one, two, other] = [kept.begin(), kept.begin(), kept.begin()]
  one.get(oid).set('count', 2)
  two.get(oid).set('count', 3)
  other.create({})
  const [first, second, third] = await Promise.allSettled([one.commit(), two.commit(), other.commit()])
  assert.deepEqual([first!.status, third!.status], ['fulfilled', 'fulfilled'])
  coded('E_CONFLICT', { objects: [oid], ours: 'tx:1', theirs: 'tx:2' })(
    (second as PromiseRejectedResult).reason,
  )
  assert.equal(kept.slot(oid, 'count'), 2)
  assert.throws(() => two.get(oid).set('count', 4), coded('E_TRANSACTION_ENDED'))
  await assert.rejects(two.commit(), coded('E_TRANSACTION_ENDED'))
})

test('writes commits that come in together in one go, each with its own id', async (t) => {
  const kept = await freshImage(t)
  const transactions = Array.from({ length: 8 }, () => kept.begin())
  for (const transaction of transactions) transaction.create({})
  const tids = await Promise.all(transactions.map((transaction) => transaction.commit()))
  assert.deepEqual(
    tids,
    Array.from({ length: 8 }, (_, i) => `tx:${i + 1}`),
  )
})

test('refuses metadata that it cannot hold, with its path', async (t) => {
  const kept = await freshImage(t)
  const meta = { cycle: 'cycle:1', nested: { on: () => 1 } } as never
  assert.throws(() => kept.image.begin({ user: 'ada', meta }), coded('E_VALUE', { path: 'meta.nested.on' }))
})

test('conflicts on a read that was declared to matter', async (t) => {
  const kept = await freshImage(t)
  const [a, b] = [await kept.make('a', { on: true }), await kept.make('b', { on: true })]
  const one = kept.begin()
  one.readCurrent(b)
  one.get(a).set('on', !one.get(b).get('on'))
  await kept.commit((transaction) => transaction.get(b).set('on', false))
  await assert.rejects(one.commit(), coded('E_CONFLICT', { objects: [b] }))
})

test('conflicts on a declared read of a Tree, and where nothing was changed besides', async (t) => {
  const kept = await freshImage(t)
  const tree = await kept.commit((transaction) => transaction.createTree().set('a', 1).ref)
  const reading = kept.begin()
  reading.readCurrent(tree.oid)
  assert.throws(() => reading.readCurrent('obj:99'), coded('E_NO_OBJECT'))
  const calm = kept.begin()
  calm.readCurrent(tree.oid)
  assert.equal(await calm.commit(), 'tx:1')
  await kept.commit((transaction) => transaction.tree(tree).set('b', 2))
  await assert.rejects(reading.commit(), coded('E_CONFLICT', { objects: [tree.oid], theirs: 'tx:2' }))
})

test('does it again on a conflict, a bounded number of times', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 0 })
  let runs = 0
  const disturbed = (times: number) =>
    kept.image.transact({ user: 'ada' }, async (transaction) => {
      const count = transaction.get(oid).get('count') as number
      if (runs++ < times) await kept.commit((other) => other.get(oid).set('count', count + 10))
      transaction.get(oid).set('count', count + 1)
    })
  await disturbed(2)
  assert.equal(kept.slot(oid, 'count'), 21)
  assert.equal(runs, 3)
  runs = 0
  await assert.rejects(disturbed(99), coded('E_CONFLICT'))
  assert.equal(runs, 5)
})

test('forgets everything on abort', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  const transaction = kept.begin()
  const genesis = transaction.get(oid).set('count', 2)
  const created = transaction.create({})
  transaction.abort()
  assert.equal(genesis.get('count'), 1)
  assert.equal(transaction.has(created.oid), false)
  assert.throws(() => genesis.set('count', 3), coded('E_TRANSACTION_ENDED'))
  assert.equal(kept.image.head, 'tx:1')
})

test('lets a doomed transaction work on but not commit, and tells why', async (t) => {
  const kept = await freshImage(t)
  const transaction = kept.begin()
  transaction.create({})
  transaction.doom('the guardian refused it')
  transaction.create({})
  await assert.rejects(transaction.commit(), coded('E_DOOMED', { reason: 'the guardian refused it' }))
  transaction.abort()
})

test('rolls back to savepoints, nested, with what was created', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1, gone: true })
  const transaction = kept.begin()
  const genesis = transaction.get(oid).set('count', 2)
  const tree = transaction.createTree().set('a', 1)
  const outer = transaction.savepoint()
  genesis.set('count', 3)
  tree.set('a', 2).set('b', 2)
  const created = transaction.create({ x: 1 })
  const inner = transaction.savepoint()
  genesis.set('count', 4).delete('gone')
  created.set('x', 2)
  tree.delete('a')
  inner.rollback()
  assert.deepEqual([genesis.get('count'), genesis.has('gone'), created.get('x')], [3, true, 1])
  assert.deepEqual(
    [...tree.entries()],
    [
      ['a', 2],
      ['b', 2],
    ],
  )
  genesis.set('count', 5)
  inner.rollback()
  assert.equal(genesis.get('count'), 3)
  outer.rollback()
  assert.equal(genesis.get('count'), 2)
  assert.throws(() => created.get('x'), coded('E_NO_OBJECT'))
  assert.deepEqual([...tree.entries()], [['a', 1]])
  assert.throws(() => inner.rollback(), coded('E_SAVEPOINT'))
  genesis.set('tree', tree.ref)
  await transaction.commit()
  assert.equal(kept.slot(oid, 'count'), 2)
  assert.equal(kept.image.at('tx:2').has(created.oid), false)
  assert.ok((await kept.image.verify()).ok)
})

test('takes over whole states and shows what changed so far', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1, name: 'g' })
  const transaction = kept.begin()
  const [fresh] = kept.image.allocate(1)
  transaction.apply([
    { oid, slots: new Map([['count', 2]]) },
    { oid: fresh!, slots: new Map([['made', true]]) },
  ])
  assert.deepEqual(transaction.changes(), [
    { oid, slots: new Map([['count', 2]]) },
    { oid: fresh, slots: new Map([['made', true]]) },
  ])
  assert.throws(() => transaction.apply([{ oid: 'obj:12345', slots: new Map() }]), coded('E_NO_OBJECT'))
  await transaction.commit()
  await kept.reopen()
  assert.equal(kept.slot(oid, 'name'), undefined)
  assert.equal(kept.slot(fresh!, 'made'), true)
  assert.notEqual(kept.image.allocate(1)[0], fresh)
})

test('writes nothing for a transaction without changes', async (t) => {
  const kept = await freshImage(t)
  assert.equal(await kept.begin().commit(), 'tx:0')
  assert.equal(kept.image.head, 'tx:0')
})

test('refuses work once it is closed', async (t) => {
  const kept = await freshImage(t)
  const transaction = kept.begin()
  transaction.create({})
  const late = transaction.commit()
  await kept.image.close()
  assert.equal(await late, 'tx:1')
  assert.throws(() => kept.begin(), coded('E_IMAGE_CLOSED'))
  await kept.open()
  assert.equal(kept.image.head, 'tx:1')
})
