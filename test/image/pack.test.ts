// Packing an image at rest: what goes, what stays, and what the past then answers.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { type Oid, type Tid, tidOf } from '../../src/base/ids.ts'
import { type BlobRef, Method, Ref, type TreeRef } from '../../src/base/value.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

const HOUR = 3_600_000

/** Sets `count` of an object to each of the numbers, an hour apart. */
async function countTo(kept: TestImage, oid: Oid, numbers: readonly number[]): Promise<void> {
  for (const count of numbers) {
    kept.clock.time += HOUR
    await kept.commit((transaction) => transaction.get(oid).set('count', count))
  }
}

const pack = (kept: TestImage, before: Tid | number = kept.image.head, options = {}) =>
  kept.image.pack({ before, ...options })

/** What `history` tells of the counts of an object, the newest first. */
const counts = (kept: TestImage, oid: Oid) =>
  [...kept.image.history(oid)].map(({ slots }) => slots?.get('count'))

const sound = async (kept: TestImage) => assert.deepEqual((await kept.image.verify()).faults, [])

test('packs an image in which nothing was done yet', async (t) => {
  const kept = await freshImage(t)
  const { revisions, objects, transactions, moment } = await pack(kept)
  assert.deepEqual(
    { revisions, objects, transactions, moment },
    { revisions: 0, objects: 0, transactions: 0, moment: 'tx:0' },
  )
  await sound(kept)
})

test('drops nothing when all is younger than the moment, and all but the newest when all is older', async (t) => {
  const kept = await freshImage(t)
  const start = kept.clock.time
  const oid = await kept.make('genesis', { count: 1 })
  await countTo(kept, oid, [2, 3])
  const yesterday = await pack(kept, start - 24 * HOUR)
  assert.equal(yesterday.revisions, 0)
  assert.deepEqual(counts(kept, oid), [3, 2, 1])
  const tomorrow = await pack(kept, kept.clock.time + 24 * HOUR)
  assert.equal(tomorrow.moment, 'tx:3')
  assert.equal(tomorrow.revisions, 3)
  assert.ok(tomorrow.bytes > 0)
  assert.deepEqual(counts(kept, oid), [3])
  assert.equal(kept.slot(oid, 'count'), 3)
  await sound(kept)
})

test('shows what was there at the moment and later, and refuses what was before, naming the moment', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await countTo(kept, oid, [2, 3, 4])
  const before = kept.image.at('tx:1')
  await pack(kept, 'tx:3')
  assert.throws(() => before.get(oid), coded('E_PACKED', { moment: 'tx:3' }))
  await kept.reopen()
  assert.deepEqual(counts(kept, oid), [4, 3])
  const count = (at: Tid | number) => kept.image.at(at).get(oid).get('count')
  const packed = coded('E_PACKED', { moment: 'tx:3' })
  assert.deepEqual([count('tx:3'), count('tx:4'), count(kept.clock.time)], [3, 4, 4])
  assert.throws(() => count('tx:2'), packed)
  assert.throws(() => count(kept.clock.time - 2 * HOUR), packed)
  assert.throws(() => count(0), packed)
  assert.throws(() => kept.image.diff(oid, 'tx:2', 'tx:4'), packed)
  assert.throws(() => kept.image.changes('tx:2'), packed)
  assert.deepEqual(kept.image.diff(oid, 'tx:3', 'tx:4'), [{ slot: 'count', before: 3, after: 4 }])
  assert.deepEqual(
    [...kept.image.changes('tx:3')].map(({ tid }) => tid),
    ['tx:4'],
  )
  await sound(kept)
})

test('keeps as many of the newest revisions of each object as it is told', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await countTo(kept, oid, [2, 3, 4, 5])
  await pack(kept, kept.image.head, { keep: 3 })
  assert.deepEqual(counts(kept, oid), [5, 4, 3])
  await countTo(kept, oid, [6])
  await pack(kept, 'tx:5', { keep: 3 })
  assert.deepEqual(counts(kept, oid), [6, 5, 4])
  await sound(kept)
})

test('drops what cannot be reached from the root, circles too, and keeps what a method remembers', async (t) => {
  const kept = await freshImage(t)
  const made = await kept.commit((transaction) => {
    const [a, b, alone, argument] = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }].map((slots) =>
      transaction.create(slots),
    )
    a!.set('other', b!.ref)
    b!.set('other', a!.ref)
    const witnesses = [{ args: [argument!.ref], slots: {} }]
    const provenance = { author: 'a', user: 'u', cycle: 'c', time: 0, state: 'active', witnesses } as const
    const tree = transaction.createTree().set('alone', alone!.ref)
    transaction.root
      .set('a', a!.ref)
      .set('tree', tree.ref)
      .set('method', new Method({ source: 'return 1', provenance }))
    return { a: a!.oid, b: b!.oid, alone: alone!.oid, argument: argument!.oid, tree: tree.ref }
  })
  await kept.commit(({ root }) => root.delete('a'))
  const first = await pack(kept)
  assert.equal(first.objects, 2)
  const view = kept.image.at(kept.image.head)
  assert.deepEqual([view.has(made.a), view.has(made.b)], [false, false])
  assert.deepEqual([view.has(made.alone), view.has(made.argument)], [true, true])
  await kept.commit((transaction) => transaction.tree(made.tree).delete('alone'))
  const second = await pack(kept)
  assert.deepEqual([second.objects, second.entries], [1, 2])
  await kept.reopen()
  assert.equal(kept.image.at(kept.image.head).has(made.alone), false)
  assert.deepEqual([...kept.image.history(made.alone)], [])
  await sound(kept)
})

test('keeps what was reachable at the moment or since, or was written since', async (t) => {
  const kept = await freshImage(t)
  const linked = await kept.make('linked', { count: 1 })
  const loose = await kept.commit((transaction) => transaction.create({ count: 1 }).oid)
  await kept.commit(({ root }) => root.delete('linked'))
  await pack(kept, 'tx:1')
  assert.equal(kept.image.at('tx:1').get(linked).get('count'), 1)
  assert.equal(kept.slot(loose, 'count'), 1)
  await kept.image.undo('tx:3', { user: 'ada' })
  assert.equal(kept.slot(linked, 'count'), 1)
  await kept.commit(({ root }) => root.delete('linked'))
  assert.equal((await pack(kept)).objects, 2)
  await sound(kept)
})

test('takes back what came after the moment, and refuses what came before', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await countTo(kept, oid, [2, 3, 4])
  await pack(kept, 'tx:3')
  await assert.rejects(kept.image.undo('tx:3', { user: 'ada' }), coded('E_PACKED', { moment: 'tx:3' }))
  await kept.image.undo('tx:4', { user: 'ada' })
  assert.equal(kept.slot(oid, 'count'), 3)
  await sound(kept)
})

test('still tells who made what is there, and when; the rest of the old transactions goes', async (t) => {
  const kept = await freshImage(t)
  const start = kept.clock.time
  const old = await kept.make('old', { count: 1 })
  const oid = await kept.make('genesis', { count: 1 })
  await countTo(kept, oid, [2, 3, 4])
  await pack(kept, 'tx:4')
  const listed = [...kept.image.transactions()].map(({ tid }) => tid)
  assert.deepEqual(listed, ['tx:1', 'tx:2', 'tx:4', 'tx:5'])
  const [made] = kept.image.history(old)
  assert.deepEqual([made?.tid, made?.time, made?.user], ['tx:1', start, 'ada'])
  assert.deepEqual(kept.image.transaction('tx:1')?.created, [])
  assert.deepEqual(kept.image.transaction('tx:4')?.changed, [oid])
  assert.deepEqual(
    [...kept.image.transactions({ reverse: true, limit: 1 })].map(({ tid }) => tid),
    ['tx:5'],
  )
  assert.deepEqual(
    [...kept.image.transactions({ from: kept.clock.time })].map(({ tid }) => tid),
    ['tx:5'],
  )
})

test('has nothing to do the second time', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await countTo(kept, oid, [2, 3])
  await pack(kept)
  const { revisions, objects, entries, transactions, blobs, bytes } = await pack(kept)
  assert.deepEqual(
    { revisions, objects, entries, transactions, blobs, bytes },
    {
      revisions: 0,
      objects: 0,
      entries: 0,
      transactions: 0,
      blobs: 0,
      bytes: 0,
    },
  )
  await pack(kept, 'tx:0')
  assert.throws(() => kept.image.at('tx:2'), coded('E_PACKED', { moment: 'tx:3' }))
})

test('tells beforehand what would go, and takes nothing', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await kept.commit((transaction) => transaction.create({ loose: true }))
  await countTo(kept, oid, [2, 3])
  const told = await pack(kept, kept.image.head, { dryRun: true })
  assert.deepEqual(counts(kept, oid), [3, 2, 1])
  assert.equal(kept.image.at('tx:1').get(oid).get('count'), 1)
  const { dryRun, seconds, ...done } = await pack(kept)
  assert.deepEqual({ ...told, dryRun, seconds }, { ...done, dryRun, seconds })
  assert.equal(told.dryRun, true)
  assert.equal(done.objects, 1)
})

test('drops the versions of entries, the deleted ones, and those of Trees taken away', async (t) => {
  const kept = await freshImage(t)
  const [stays, goes] = await kept.commit((transaction) => {
    const trees = [transaction.createTree(), transaction.createTree()] as const
    for (const [i, tree] of trees.entries()) {
      transaction.root.set(`tree${i}`, tree.set('a', 1).set('b', 1).set('c', 1).ref)
    }
    return trees.map(({ ref }) => ref) as [TreeRef, TreeRef]
  })
  await kept.commit((transaction) => {
    transaction.tree(stays).set('a', 2).delete('b')
    transaction.remove(goes.oid)
  })
  await kept.commit((transaction) => transaction.tree(stays).set('a', 3))
  const { entries } = await pack(kept)
  assert.equal(entries, 2 + 2 + 3)
  const tree = kept.image.at(kept.image.head).tree(stays)
  assert.deepEqual(
    [...tree.entries()],
    [
      ['a', 3],
      ['c', 1],
    ],
  )
  const told = (await kept.image.verify()).faults.map(({ where }) => where)
  assert.deepEqual(told, ['tree1'])
})

test('drops blobs that nothing names any more, their files, and files that a kill left', async (t) => {
  const kept = await freshImage(t)
  const importing = async (text: string) => {
    const transaction = kept.begin()
    const ref = await transaction.importBlob(Buffer.from(text))
    transaction.root.set(text, ref)
    await transaction.commit()
    return ref
  }
  const [kept1, lost] = [await importing('kept'), await importing('lost')] as [BlobRef, BlobRef]
  await kept.commit(({ root }) => root.delete('lost'))
  const file = kept.image.blobPath(lost)
  const { blobs, bytes } = await pack(kept)
  assert.equal(blobs, 1)
  assert.ok(bytes >= 4)
  assert.equal(existsSync(file), false)
  assert.throws(() => kept.image.blobPath(lost), coded('E_BLOB_MISSING'))
  assert.ok(existsSync(kept.image.blobPath(kept1)))
  await sound(kept)
})

test('never gives the oid of what it took to anything else', async (t) => {
  const kept = await freshImage(t)
  const gone = await kept.commit((transaction) => transaction.create().oid)
  await pack(kept)
  await kept.reopen()
  const next = await kept.make('next')
  assert.notEqual(next, gone)
  assert.equal(kept.image.head, tidOf(2))
  assert.equal(kept.begin().has(new Ref(gone).oid), false)
})
