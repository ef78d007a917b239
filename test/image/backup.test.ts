import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import type { BlobRef, TreeRef } from '../../src/base/value.ts'
import { readManifest } from '../../src/image/backup/manifest.ts'
import { revisionKey, tables } from '../../src/image/keyspace.ts'
import { openImage } from '../../src/image/open.ts'
import { restore } from '../../src/image/restore.ts'
import { Store, WHOLE } from '../../src/image/store.ts'
import { damage } from './damage.ts'
import { coded, freshFolder, freshImage, TestClock, TestImage } from './fresh-image.ts'
import { runAndKill } from './run-and-kill.ts'
import { onSmallDisk } from './small-disk.ts'

const clock = new TestClock()

/** An image with some of everything, and folders for a backup and for what is made of it. */
async function scene(t: TestContext) {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { text: 'long '.repeat(200), count: 1 })
  await kept.image.transact({ user: 'ada' }, async (transaction) => {
    const tree = transaction.createTree()
    for (let i = 0; i < 50; i++) tree.set(i, transaction.create({ i }).ref)
    const photo = await transaction.importBlob(Buffer.alloc(100_000, 'a photo'))
    transaction.root.set('tree', tree.ref).set('photo', photo)
  })
  await kept.commit((transaction) => transaction.get(oid).set('count', 2))
  const folder = await freshFolder(t)
  return { kept, oid, to: join(folder, 'backup'), made: join(folder, 'home', 'image') }
}

/** All records of a closed image. */
async function recordsOf(dir: string): Promise<string[]> {
  const store = Store.open(dir)
  const records = tables.flatMap((table) =>
    [...store.walk(table, WHOLE)].map(
      ({ key, record }) =>
        `${table} ${Buffer.from(key).toString('hex')} ${Buffer.from(record).toString('hex')}`,
    ),
  )
  await store.close()
  return records
}

/** Opens what was restored, and closes it after the test. */
async function opened(t: TestContext, dir: string): Promise<TestImage> {
  const image = await new TestImage(dir).open()
  t.after(() => image.image.close())
  return image
}

test('brings an image back from its backup: the same id, history, bytes', async (t) => {
  const { kept, oid, to, made } = await scene(t)
  const report = await kept.image.backup(to, { verify: true })
  assert.deepEqual(
    [report.image, report.head, report.faults, report.verified],
    [kept.image.id, 'tx:3', [], true],
  )
  assert.deepEqual(report.blobs, { count: 1, bytes: 100_000, added: 1 })
  const restored = await restore(to, made, { clock })
  assert.deepEqual([restored.head, restored.kept, restored.blobs, restored.faults], ['tx:3', null, 1, []])
  await kept.image.close()
  assert.deepEqual(await recordsOf(made), await recordsOf(kept.dir))
  const again = await opened(t, made)
  assert.equal(again.image.id, report.image)
  assert.deepEqual(
    [...again.image.history(oid)].map(({ tid }) => tid),
    ['tx:3', 'tx:1'],
  )
  assert.deepEqual(
    await buffer(again.image.readBlob(again.slot('obj:0', 'photo') as BlobRef)),
    Buffer.alloc(100_000, 'a photo'),
  )
  assert.deepEqual((await again.image.verify()).faults, [])
  await again.commit((transaction) => transaction.get(oid).set('count', 3))
})

test('only adds to a backup that is there, and takes away what only the former had', async (t) => {
  const { kept, to, made } = await scene(t)
  await kept.image.backup(to)
  const [photo] = await readdir(join(to, 'blobs'))
  const before = await stat(join(to, 'blobs', photo!))
  await kept.image.transact({ user: 'ada' }, async (transaction) => {
    transaction.root.set('more', await transaction.importBlob(Buffer.from('more')))
  })
  const { blobs } = await kept.image.backup(to)
  assert.deepEqual([blobs.count, blobs.added], [2, 1])
  assert.equal((await stat(join(to, 'blobs', photo!))).ino, before.ino)
  await kept.image.backup(to)
  assert.deepEqual((await readdir(to)).sort(), ['blobs', 'manifest.json', 'records-4-2'])
  const { head } = await restore(to, made, { clock })
  assert.equal(head, 'tx:4')
})

test('backs up one moment while others commit, and keeps nobody waiting', async (t) => {
  const kept = await freshImage(t)
  await kept.commit((transaction) => {
    const tree = transaction.createTree()
    for (let i = 0; i < 2000; i++) tree.set(i, transaction.create({ i, text: 'x'.repeat(300) }).ref)
    transaction.root.set('tree', tree.ref).set('count', 2000)
  })
  const same = Buffer.from('the same')
  await kept.image.transact({ user: 'ada' }, async (transaction) => {
    transaction.root.set('same', await transaction.importBlob(same))
  })
  const folder = await freshFolder(t)
  let done = false
  let commits = 0
  const writing = (async () => {
    for (; !done; commits++) {
      await kept.image.transact({ user: 'ada' }, async (transaction) => {
        const photo = await transaction.importBlob(Buffer.from(`photo ${commits}`))
        await transaction.importBlob(same) // which was there before
        const count = (transaction.root.get('count') as number) + 1
        transaction.tree(transaction.root.get('tree') as TreeRef).set(count, photo)
        transaction.root.set('count', count)
      })
    }
  })()
  const take = () => kept.image.backup(join(folder, 'backup'), { verify: true })
  let taken = await take()
  while (commits < 3) taken = await take()
  done = true
  await writing
  const { head, faults } = taken
  assert.deepEqual(faults, [])
  await restore(join(folder, 'backup'), join(folder, 'image'), { clock })
  const again = await opened(t, join(folder, 'image'))
  assert.equal(again.image.head, head)
  assert.deepEqual(
    (await again.image.verify()).faults.filter(({ harmless }) => !harmless),
    [],
  )
  const tree = again.image.at(head).tree(again.slot('obj:0', 'tree') as TreeRef)
  assert.equal(tree.size, again.slot('obj:0', 'count'))
})

test('backs up a moment whole although the image is packed meanwhile', async (t) => {
  const { kept, oid, to, made } = await scene(t)
  for (let i = 0; i < 300; i++) await kept.commit((transaction) => transaction.get(oid).set('count', i))
  await kept.commit((transaction) => transaction.root.delete('tree'))
  const before = kept.image.head
  const backup = kept.image.backup(to)
  const pack = kept.image.pack({ before, rows: 5 })
  const later = kept.commit((transaction) => transaction.get(oid).set('count', 'later'))
  const { head } = await backup
  assert.equal(head, before)
  await Promise.all([pack, later])
  await restore(to, made, { clock })
  const again = await opened(t, made)
  assert.equal(again.slot(oid, 'count'), 299)
  assert.deepEqual(
    (await again.image.verify()).faults.filter(({ harmless }) => !harmless),
    [],
  )
  await again.image.pack({ before: head })
  assert.deepEqual((await again.image.verify()).faults, [])
})

const damages: readonly (readonly [string, (to: string) => Promise<void>, RegExp])[] = [
  ['a flipped bit in the records', (to) => flip(join(to, 'records-3'), 2000), /records-3: /],
  [
    'records that end too early',
    async (to) => truncate(join(to, 'records-3'), 3000),
    /records-3: it ends within a record/,
  ],
  ['records that are not there', async (to) => rm(join(to, 'records-3')), /records-3.*ENOENT/],
  [
    'another file for the records',
    async (to) => writeOver(join(to, 'records-3'), 'a letter'),
    /it is no file of records/,
  ],
  ['a flipped bit in a blob', async (to) => flip(await blobIn(to), 50_000), /blobs.*it has other bytes/],
  ['a blob that is not there', async (to) => rm(await blobIn(to)), /blobs.*ENOENT/],
  [
    'a manifest that was touched',
    (to) => flip(join(to, 'manifest.json'), 150),
    /manifest\.json: its sum is wrong|no JSON/,
  ],
  [
    'a manifest that is no JSON',
    async (to) => writeOver(join(to, 'manifest.json'), '{"what": "BAT'),
    /it is no JSON/,
  ],
]

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file)
  bytes[at]! ^= 4
  await writeOver(file, bytes)
}

async function writeOver(file: string, bytes: string | Uint8Array): Promise<void> {
  await rm(file)
  await writeFile(file, bytes)
}

async function blobIn(to: string): Promise<string> {
  const names = await readdir(join(to, 'blobs'), { recursive: true, withFileTypes: true })
  const file = names.find((entry) => entry.isFile())!
  return join(file.path, file.name)
}

test('refuses a damaged backup, says what is wrong with it, and leaves nothing behind', async (t) => {
  const { kept, to, made } = await scene(t)
  for (const [what, spoil, expected] of damages) {
    await rm(to, { recursive: true, force: true })
    await kept.image.backup(to)
    await spoil(to)
    await assert.rejects(
      restore(to, made, { clock }),
      (error: Error) => coded('E_BACKUP_DAMAGED')(error) && expected.test(error.message),
      what,
    )
    assert.deepEqual(await readdir(join(made, '..')).catch(() => []), [], what)
  }
  await rm(join(to, 'manifest.json'))
  await assert.rejects(restore(to, made, { clock }), coded('E_NO_BACKUP'))
  await assert.rejects(restore(join(to, 'nowhere'), made, { clock }), coded('E_NO_BACKUP'))
})

test('restores over an image only when it is told to, and keeps that one beside', async (t) => {
  const { kept, oid, to, made } = await scene(t)
  await kept.image.backup(to)
  await restore(to, made, { clock })
  await assert.rejects(restore(to, made, { clock }), coded('E_IMAGE_EXISTS', { dir: made }))
  const present = await opened(t, made)
  await present.commit((transaction) => transaction.get(oid).set('count', 5))
  await assert.rejects(
    restore(to, made, { clock, force: true }),
    coded('E_IMAGE_LOCKED', { pid: process.pid }),
  )
  await present.image.close()
  const report = await restore(to, made, { clock, force: true })
  assert.equal(report.kept, `${made}.2030-01-01T00-00-00`)
  const [old, fresh] = [await opened(t, report.kept!), await opened(t, made)]
  assert.deepEqual([old.slot(oid, 'count'), fresh.slot(oid, 'count')], [5, 2])
})

test('backs up into no folder that holds something else', async (t) => {
  const { kept, to } = await scene(t)
  await mkdir(to)
  await writeFile(join(to, 'letter.txt'), 'to my aunt')
  await assert.rejects(kept.image.backup(to), coded('E_BACKUP_FOLDER', { problem: 'it holds letter.txt' }))
  const other = await freshImage(t)
  await rm(to, { recursive: true })
  await other.image.backup(to)
  await assert.rejects(kept.image.backup(to), coded('E_BACKUP_FOLDER'))
  assert.equal((await readManifest(to))!.image, other.image.id)
})

test('backs up what a damaged image still has, names the damage, and brings back just that', async (t) => {
  const { kept, oid, to, made } = await scene(t)
  const photo = kept.slot('obj:0', 'photo') as BlobRef
  await rm(kept.image.blobPath(photo))
  await damage(kept, ({ flip: flipRecord }) => flipRecord('revisions', revisionKey(oid, 3)))
  const { faults } = await kept.image.backup(to, { verify: true })
  assert.deepEqual(
    faults.map(({ where }) => where),
    [`blob ${photo.sha256}`, `${oid} at tx:3`],
  )
  const restored = await restore(to, made, { clock })
  assert.deepEqual(
    restored.faults.map(({ where }) => where),
    ['photo', `${oid} at tx:3`],
  )
  const again = await opened(t, made)
  assert.equal(again.image.at('tx:2').get(oid).get('count'), 1)
})

test('ends a backup and a restoring when told to, and the backup before stays whole', async (t) => {
  const { kept, to, made } = await scene(t)
  await kept.image.backup(to)
  const before = await readManifest(to)
  await kept.make('more')
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await assert.rejects(kept.image.backup(to, { signal }), reason)
  await assert.rejects(restore(to, made, { clock, signal }), reason)
  assert.deepEqual(await readManifest(to), before)
  assert.ok(!existsSync(made))
  assert.equal((await restore(to, made, { clock })).head, 'tx:3')
})

test('keeps the backup before when the disk is too full for the next', async (t) => {
  const { kept, made } = await scene(t)
  await onSmallDisk(t, 1, async ({ dir }) => {
    await kept.image.backup(dir)
    await kept.image.transact({ user: 'ada' }, async (transaction) => {
      transaction.root.set('large', await transaction.importBlob(Buffer.alloc(2 << 20)))
    })
    await assert.rejects(kept.image.backup(dir), coded('E_BACKUP_ROOM'))
    assert.equal((await restore(dir, made, { clock })).head, 'tx:3')
  })
})

const KILLS = 6

test(`never takes a backup for whole that one of ${KILLS} kills cut short`, async (t) => {
  const folder = await freshFolder(t)
  const [dir, to] = [join(folder, 'image'), join(folder, 'backup')]
  for (let i = 0; i < KILLS; i++) {
    const last = await runAndKill('./backup-loop', [dir, to], 1 + (i % 3))
    assert.ok(last > 0)
    const made = join(folder, `made ${i}`)
    const { head } = await restore(to, made, { clock })
    const image = await openImage({ dir: made, clock })
    try {
      assert.equal(image.head, head)
      assert.deepEqual(
        (await image.verify()).faults.filter(({ harmless }) => !harmless),
        [],
      )
    } finally {
      await image.close()
    }
  }
})
