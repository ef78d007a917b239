// Objects that say what becomes of them when two transactions change them.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Oid } from '../../src/base/ids.ts'
import { Ref, type Value } from '../../src/base/value.ts'
import type { Obj } from '../../src/image/object.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

type Change = (object: Obj) => void

/** Runs all changes on one object at the same time, each in a transaction of its own; answers what came of each commit. */
function together(
  kept: TestImage,
  oid: Oid,
  changes: readonly Change[],
): Promise<PromiseSettledResult<string>[]> {
  const transactions = changes.map((change) => {
    const transaction = kept.begin()
    change(transaction.get(oid))
    return transaction
  })
  return Promise.allSettled(transactions.map((transaction) => transaction.commit()))
}

const slotsOf = (kept: TestImage, oid: Oid): Record<string, Value> =>
  Object.fromEntries(kept.image.at(kept.image.head).get(oid).slots())
const add =
  (by: number, slot = 'count'): Change =>
  (object) =>
    object.set(slot, (object.get(slot) as number) + by)
const append =
  (...items: readonly Value[]): Change =>
  (object) =>
    object.set('lines', [...(object.get('lines') as readonly Value[]), ...items])

test('adds up what concurrent transactions add to a counter, whether in one write or in several', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('hits', { conflicts: 'counter', count: 1, big: 2n ** 70n })
  const late = kept.begin()
  add(1000)(late.get(oid).set('big', 2n ** 70n + 5n))
  const outcomes = await together(kept, oid, [add(1), add(10), add(-3), add(100)])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  await kept.commit((transaction) => transaction.get(oid).set('big', 2n ** 70n + 1n))
  await late.commit()
  await kept.reopen()
  assert.equal(kept.slot(oid, 'count'), 1109)
  assert.equal(kept.slot(oid, 'big'), 2n ** 70n + 6n)
  assert.deepEqual([kept.image.at('tx:2').get(oid).get('count'), kept.image.head], [2, 'tx:7'])
})

test('keeps both ends of a log in the order of the commits, and asks the prototype for the resolver', async (t) => {
  const kept = await freshImage(t)
  const prototype = await kept.make('log', { conflicts: 'log' })
  const oid = await kept.make('mine', { 'parent*': new Ref(prototype), lines: ['a'], open: true })
  const both: Change = (object) => append('d', 'e')(object.set('open', false))
  const outcomes = await together(kept, oid, [append('b', 'c'), both, (object) => object.set('more', 1)])
  assert.ok(outcomes.every(({ status }) => status === 'fulfilled'))
  assert.deepEqual(slotsOf(kept, oid), {
    'parent*': new Ref(prototype),
    lines: ['a', 'b', 'c', 'd', 'e'],
    open: false,
    more: 1,
  })
})

test('merges changes of different slots, and takes one away that only one touched', async (t) => {
  const kept = await freshImage(t)
  const slots = { conflicts: 'slots', a: 1, b: 1, c: 'x'.repeat(500), d: 1 }
  const oid = await kept.make('page', slots)
  const outcomes = await together(kept, oid, [
    (object) => object.set('a', 2).set('same', [1, 2]),
    (object) => object.set('b', 2).set('same', [1, 2]),
    (object) => object.delete('d'),
    (object) => object.set('a', 3),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
  )
  const conflict = coded('E_CONFLICT', { objects: [oid], ours: 'tx:1', theirs: 'tx:4' })
  conflict((outcomes[3] as PromiseRejectedResult).reason)
  assert.deepEqual(slotsOf(kept, oid), { conflicts: 'slots', a: 2, b: 2, c: slots.c, same: [1, 2] })
})

test('leaves it at a conflict where the resolver refuses, is not known, or throws', async (t) => {
  const thrown = new Error('resolver at fault')
  const resolvers = {
    faulty: () => {
      throw thrown
    },
    wrong: () => (() => 1) as unknown as Value,
  }
  const kept = await freshImage(t, { resolvers })
  const cases: readonly [Record<string, Value>, Change, Change][] = [
    [{ conflicts: 'counter', count: 'one' }, (o) => o.set('count', 'two'), (o) => o.set('count', 'three')],
    [{ conflicts: 'counter', count: 1 }, add(1), (o) => o.delete('count')],
    [{ conflicts: 'counter' }, (o) => o.set('count', 1), (o) => o.set('count', 2)],
    [{ conflicts: 'counter', count: 1e308 }, add(1e308), add(-1e308)],
    [{ conflicts: 'log', lines: ['a'] }, append('b'), (o) => o.set('lines', ['other'])],
    [{ conflicts: 'no such resolver', count: 1 }, add(1), add(2)],
    [{ conflicts: 'toString', count: 1 }, add(1), add(2)],
    [{ conflicts: ['counter'], count: 1 }, add(1), add(2)],
    [{ conflicts: 'faulty', count: 1 }, add(1), add(2)],
    [{ conflicts: 'wrong', count: 1 }, add(1), add(2)],
  ]
  for (const [slots, one, two] of cases) {
    const oid = await kept.make('it', slots)
    const ours = kept.image.head
    const [first, second] = await together(kept, oid, [one, two])
    assert.equal(first!.status, 'fulfilled')
    const { reason } = second as PromiseRejectedResult
    coded('E_CONFLICT', { objects: [oid], ours, theirs: kept.image.head })(reason)
    if (slots.conflicts === 'faulty') assert.equal((reason as Error).cause, thrown)
  }
})

test('never resolves what was taken away, nor a read that was declared to matter', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('hits', { conflicts: 'counter', count: 1 })
  const reading = kept.begin()
  reading.readCurrent(oid)
  add(1)(reading.get(oid))
  const removing = kept.begin()
  removing.remove(oid)
  const late = kept.begin()
  add(1)(late.get(oid))
  await kept.commit((transaction) => add(1)(transaction.get(oid)))
  await assert.rejects(reading.commit(), coded('E_CONFLICT', { objects: [oid] }))
  await assert.rejects(removing.commit(), coded('E_CONFLICT', { objects: [oid] }))
  await kept.commit((transaction) => transaction.remove(oid))
  await assert.rejects(late.commit(), coded('E_CONFLICT', { objects: [oid] }))
})

test('takes back what one transaction added to a counter, whatever others added since', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('hits', { conflicts: 'counter', count: 1, name: 'a' })
  await kept.commit((transaction) => add(10)(transaction.get(oid)))
  await kept.commit((transaction) => add(100)(transaction.get(oid)))
  await kept.image.undo('tx:2', { user: 'ada' })
  assert.equal(kept.slot(oid, 'count'), 101)
  await kept.image.undo('tx:4', { user: 'ada' })
  assert.equal(kept.slot(oid, 'count'), 111)
  await kept.commit((transaction) => transaction.get(oid).set('name', 'b'))
  await kept.commit((transaction) => transaction.get(oid).set('name', 'c'))
  await assert.rejects(
    kept.image.undo('tx:6', { user: 'ada' }),
    coded('E_UNDO_CONFLICT', { later: ['tx:7'] }),
  )
})
