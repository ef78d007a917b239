import assert from 'node:assert/strict'
import test from 'node:test'
import { Ref } from '../../src/base/value.ts'
import { revisionKey } from '../../src/image/keyspace.ts'
import { damage } from './damage.ts'
import { freshImage } from './fresh-image.ts'

const HOUR = 3_600_000

test('tells what takes the room: history, large objects, prototypes, blobs, how far back it goes', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await kept.commit((transaction) => {
    const tree = transaction.createTree()
    for (let n = 0; n < 100; n++) tree.set(n, transaction.create({ n, 'parent*': new Ref(oid) }).ref)
    transaction.root
      .set('children', tree.ref)
      .set('text', 'long '.repeat(100))
      .set('same', 'long '.repeat(100))
  })
  for (const count of [2, 3]) {
    kept.clock.time += HOUR
    await kept.commit((transaction) => transaction.get(oid).set('count', count))
  }
  const { present, past, objects, largest, prototypes, values, sampled } = await kept.image.usage()
  assert.deepEqual([present.records, past.records, objects, sampled], [203, 4, 103, false])
  assert.equal(largest[0]?.records, 101)
  assert.deepEqual(
    prototypes.map(({ name, objects: count }) => [name, count]),
    [
      ['genesis', 100],
      ['none', 3],
    ],
  )
  assert.deepEqual(values, { kept: 1, references: 2 })
  const about = await kept.image.usage({ sample: 20 })
  assert.ok(about.sampled && about.objects > 50 && about.objects < 200)
  await kept.image.pack({ before: 'tx:3' })
  const { oldest, room, packUnfinished } = kept.image.stats()
  assert.deepEqual([oldest.transaction, oldest.time, packUnfinished], ['tx:3', kept.clock.time - HOUR, false])
  assert.equal(room.used + room.free, room.file)
})

test('counts what was taken away as past, not as an object', async (t) => {
  const kept = await freshImage(t)
  const gone = await kept.make('gone', { text: 'x'.repeat(50) })
  const before = await kept.image.usage()
  await kept.commit((transaction) => {
    transaction.root.delete('gone')
    transaction.remove(gone)
  })
  const after = await kept.image.usage()
  assert.deepEqual([before.objects, after.objects], [2, 1])
  assert.deepEqual([before.past.records, after.past.records], [1, 3])
  await kept.image.pack({ before: kept.image.head })
  const { objects, past } = await kept.image.usage()
  assert.deepEqual([objects, past.records], [1, 0])
})

test('tells of a Tree that is too large to be walked about what it takes, and of blobs exactly', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.commit(async (transaction) => {
    const tree = transaction.createTree()
    for (let n = 0; n < 5000; n++) tree.set(n, `entry ${n}`)
    transaction.root.set('tree', tree.ref).set('photo', await transaction.importBlob(Buffer.alloc(70_000, 1)))
    transaction.root.set('film', await transaction.importBlob(Buffer.alloc(30_000, 2)))
    return tree.oid
  })
  const { largest, blobs, present } = await kept.image.usage()
  assert.equal(largest[0]?.oid, oid)
  assert.ok(Math.abs(largest[0].records - 5001) < 10, String(largest[0].records))
  assert.deepEqual(blobs, { count: 2, bytes: 100_000 })
  assert.equal(present.records, 5002)
})

test('measures what it can of a damaged image, and ends when it is told to', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await kept.make('other', { 'parent*': new Ref(oid) })
  await damage(kept, ({ flip }) => flip('revisions', revisionKey(oid, 1)))
  const { present, objects, prototypes } = await kept.image.usage()
  assert.deepEqual([present.records, objects], [3, 3])
  assert.deepEqual(prototypes.map(({ name }) => name).sort(), ['genesis', 'none'])
  await kept.commit((transaction) => {
    for (let n = 0; n < 3000; n++) transaction.create({ n })
  })
  const reason = new Error('enough')
  const ends = new AbortController()
  const onProgress = () => ends.abort(reason)
  await assert.rejects(kept.image.usage({ signal: ends.signal, onProgress }), reason)
})
