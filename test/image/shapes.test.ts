// Objects whose shape a program has changed since they were written.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Oid } from '../../src/base/ids.ts'
import type { Value } from '../../src/base/value.ts'
import { revisionKey } from '../../src/image/keyspace.ts'
import type { Slots } from '../../src/image/object-state.ts'
import { parseRevision } from '../../src/image/revisions.ts'
import type { Shape, ShapeStep } from '../../src/image/shapes.ts'
import { Store } from '../../src/image/store.ts'
import { coded, freshImage, TestImage } from './fresh-image.ts'

const renamed = (slots: Slots, from: string, to: string): Slots =>
  new Map([...slots].map(([name, value]) => [name === from ? to : name, value]))
const changed = (slots: Slots, name: string, change: (value: Value) => Value): Slots =>
  new Map([...slots].map(([each, value]) => [each, each === name ? change(value) : value]))

/** Version 1 calls `title` a `name`, version 2 has a list of names. */
const steps: readonly ShapeStep[] = [
  {
    from: 0,
    to: 1,
    up: (slots) => renamed(slots, 'title', 'name'),
    down: (slots) => renamed(slots, 'name', 'title'),
  },
  {
    from: 1,
    to: 2,
    up: (slots) => changed(slots, 'name', (name) => [name]),
    down: (slots) => changed(slots, 'name', (names) => (names as Value[])[0] ?? ''),
  },
]
const books = (version: number, known = steps): readonly Shape[] => [
  { name: 'book', has: (slots) => slots.has('isbn'), version, steps: known },
]

/** The same image, opened by a program that works with this version of books. */
async function reopened(kept: TestImage, shapes: readonly Shape[]): Promise<TestImage> {
  await kept.image.close()
  const again = await new TestImage(kept.dir, { shapes }).open()
  kept.image = again.image // closed after the test
  return again
}

/** What is on the disk of a revision: its slots and the version of their shape. */
async function written(kept: TestImage, oid: Oid, tid: number): Promise<[Record<string, Value>, number]> {
  const store = Store.open(kept.dir)
  const key = revisionKey(oid, tid)
  const revision = parseRevision(key, store.get('revisions', key)!)
  await store.close()
  assert.equal(revision.kind, 'object')
  return revision.kind === 'object' ? [Object.fromEntries(revision.slots), revision.shape ?? 0] : [{}, -1]
}

test('brings an object to the present shape when it is read, and writes it so when it is changed', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('dune', { isbn: 1, title: 'Dune' })
  const other = await kept.make('genesis', { title: 'no book' })
  const now = await reopened(kept, books(2))
  assert.deepEqual(now.slot(oid, 'name'), ['Dune'])
  assert.equal(now.slot(other, 'title'), 'no book')
  assert.deepEqual(await written(now, oid, 1), [{ isbn: 1, title: 'Dune' }, 0])
  await now.commit((transaction) => transaction.get(oid).set('read', true))
  assert.deepEqual(await written(now, oid, 3), [{ isbn: 1, name: ['Dune'], read: true }, 2])
  assert.deepEqual(now.image.at('tx:1').get(oid).get('name'), ['Dune'])
  assert.deepEqual(now.image.diff(oid, 'tx:1', 'tx:3'), [{ slot: 'read', before: undefined, after: true }])
  const fresh = await now.make('emma', { isbn: 2, name: ['Emma'] })
  assert.equal((await written(now, fresh, 4))[1], 2)
  await now.image.undo('tx:3', { user: 'ada' })
  assert.deepEqual(await written(now, oid, 5), [{ isbn: 1, name: ['Dune'] }, 2])
  assert.deepEqual((await now.image.verify()).faults, [])
})

test('goes back down when a program works with an earlier version, and up again', async (t) => {
  const first = await freshImage(t, { shapes: books(2) })
  const oid = await first.make('dune', { isbn: 1, name: ['Dune', 'Der Wüstenplanet'] })
  const earlier = await reopened(first, books(1))
  assert.equal(earlier.slot(oid, 'name'), 'Dune')
  await earlier.commit((transaction) => transaction.get(oid).set('read', true))
  assert.deepEqual(await written(earlier, oid, 2), [{ isbn: 1, name: 'Dune', read: true }, 1])
  const earliest = await reopened(earlier, books(0))
  assert.equal(earliest.slot(oid, 'title'), 'Dune')
  const last = await reopened(earliest, books(2))
  assert.deepEqual(last.slot(oid, 'name'), ['Dune'])
  await last.image.close()
})

test('refuses an object of a shape that it does not know, with the versions, and nothing else', async (t) => {
  const first = await freshImage(t, { shapes: books(2) })
  const oid = await first.make('dune', { isbn: 1, name: ['Dune'] })
  const other = await first.make('genesis', { count: 1 })
  const without = await reopened(first, [])
  assert.throws(() => without.slot(oid, 'name'), coded('E_SHAPE', { object: oid, found: 2, known: 0 }))
  const gap = await reopened(without, books(1, steps.slice(0, 1)))
  assert.throws(() => gap.slot(oid, 'name'), coded('E_SHAPE', { object: oid, found: 2, known: 1 }))
  assert.equal(gap.slot(other, 'count'), 1)
  assert.deepEqual((await gap.image.verify()).faults, [])
  await gap.image.close()
})

test('says so when a step fails or gives what cannot be kept', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('dune', { isbn: 1, title: 'Dune' })
  const failing = (up: ShapeStep['up']) => books(1, [{ from: 0, to: 1, up, down: (slots) => slots }])
  const throwing = await reopened(
    kept,
    failing(() => {
      throw new Error('no title')
    }),
  )
  assert.throws(() => throwing.slot(oid, 'title'), coded('E_SHAPE', { object: oid }))
  const wrong = await reopened(
    throwing,
    failing(() => new Map([['isbn', (() => 1) as unknown as Value]])),
  )
  assert.throws(() => wrong.slot(oid, 'title'), coded('E_SHAPE', { object: oid }))
  await wrong.image.close()
})
