import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import test from 'node:test'
import type { BlobRef } from '../../src/base/value.ts'
import type { BlobSource } from '../../src/image/blob.ts'
import { coded, freshFolder, freshImage, TestImage } from './fresh-image.ts'
import { runAndKill } from './run-and-kill.ts'
import { onSmallDisk } from './small-disk.ts'

const bytes = randomBytes(300_000)

async function* inPieces(size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const filesOf = async (kept: TestImage): Promise<string[]> =>
  existsSync(join(kept.dir, 'blobs'))
    ? (await readdir(join(kept.dir, 'blobs'), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
    : []

test('keeps bytes that came as a stream beside the records, once each', async (t) => {
  const kept = await freshImage(t)
  const one = kept.begin()
  const ref = await one.importBlob(inPieces(7000))
  assert.equal(ref.sha256, createHash('sha256').update(bytes).digest('hex'))
  assert.equal(ref.size, bytes.length)
  assert.throws(() => kept.image.blobPath(ref), coded('E_BLOB_MISSING'))
  one.root.set('photo', ref)
  await one.commit()
  await kept.image.transact({ user: 'ada' }, async (transaction) => {
    transaction.root.set('again', await transaction.importBlob(bytes))
  })
  await kept.reopen()
  assert.deepEqual(await filesOf(kept), [ref.sha256])
  assert.deepEqual(kept.slot('obj:0', 'again'), ref)
  assert.deepEqual(await readFile(kept.image.blobPath(ref)), bytes)
  assert.deepEqual(await buffer(kept.image.readBlob(ref)), bytes)
  assert.deepEqual(kept.image.transaction('tx:1')!.blobs, [ref.sha256])
  assert.ok((await kept.image.verify()).ok)
})

test('leaves no bytes behind after an abort, a conflict, a failed stream', async (t) => {
  const kept = await freshImage(t)
  const aborted = kept.begin()
  await aborted.importBlob(bytes)
  aborted.abort()
  const late = kept.begin()
  late.root.set('photo', await late.importBlob(bytes))
  await kept.make('genesis')
  await assert.rejects(late.commit(), coded('E_CONFLICT'))
  const failed = (async function* () {
    yield bytes
    throw new Error('the line went dead')
  })()
  await assert.rejects(kept.begin().importBlob(failed), /line went dead/)
  await emptied(kept)
})

test('keeps what another transaction names when one of two is aborted', async (t) => {
  const kept = await freshImage(t)
  const [one, two] = [kept.begin(), kept.begin()]
  one.root.set('photo', await one.importBlob(bytes))
  await two.importBlob(bytes)
  await one.commit()
  two.abort()
  await kept.reopen()
  assert.deepEqual(await readFile(kept.image.blobPath(kept.slot('obj:0', 'photo') as BlobRef)), bytes)
})

test('clears half-written bytes when it is opened, and names bytes that are missing', async (t) => {
  const kept = await freshImage(t)
  await kept.image.transact({ user: 'ada' }, async (transaction) => {
    transaction.root.set('photo', await transaction.importBlob(bytes))
  })
  const ref = kept.slot('obj:0', 'photo') as BlobRef
  await mkdir(join(kept.dir, 'blobs', 'tmp'), { recursive: true })
  await writeFile(join(kept.dir, 'blobs', 'tmp', 'half'), 'half')
  await kept.reopen()
  assert.deepEqual(await filesOf(kept), [ref.sha256])
  await rm(kept.image.blobPath(ref))
  assert.deepEqual((await kept.image.verify()).faults, [
    { where: 'photo', problem: `the blob ${ref.sha256} is not there` },
  ])
})

/** Waits for what is cleared in the background. */
const emptied = async (kept: TestImage): Promise<void> => {
  while ((await filesOf(kept)).length > 0) await new Promise(setImmediate)
}

const digest = (of: Uint8Array) => createHash('sha256').update(of).digest('hex')

async function kept(image: TestImage, source: BlobSource = bytes, name = 'photo'): Promise<BlobRef> {
  const { value } = await image.image.transact({ user: 'ada' }, async (transaction) => {
    const ref = await transaction.importBlob(source)
    transaction.root.set(name, ref)
    return ref
  })
  return value
}

test('gives bytes by range, and refuses a range that is none', async (t) => {
  const image = await freshImage(t)
  const ref = await kept(image)
  const part = (from: number, to?: number) => buffer(image.image.readBlob(ref, { from, ...(to && { to }) }))
  assert.deepEqual(await part(299_000), bytes.subarray(299_000))
  assert.deepEqual(await part(7, 270_007), bytes.subarray(7, 270_007))
  assert.equal((await part(300_000)).length, 0)
  for (const range of [{ from: -1 }, { to: 300_001 }, { from: 5, to: 4 }, { from: 0.5 }])
    assert.throws(() => image.image.readBlob(ref, range), coded('E_BLOB_RANGE', { size: 300_000 }))
})

test('shows bytes to their own transaction before the commit and to nobody else', async (t) => {
  const image = await freshImage(t)
  const transaction = image.begin()
  const ref = await transaction.importBlob(bytes)
  assert.deepEqual(await buffer(transaction.readBlob(ref, { from: 10, to: 20 })), bytes.subarray(10, 20))
  assert.deepEqual(await readFile(transaction.blobPath(ref)), bytes)
  assert.throws(() => image.image.readBlob(ref), coded('E_BLOB_MISSING'))
  assert.throws(() => image.begin().blobPath(ref), coded('E_BLOB_MISSING'))
  transaction.root.set('photo', ref)
  await transaction.commit()
  assert.equal(transaction.blobPath(ref), image.image.blobPath(ref))
  assert.equal((await stat(image.image.blobPath(ref))).mode & 0o222, 0)
})

test('takes bytes back with the savepoint they came after, and keeps those from before it', async (t) => {
  const image = await freshImage(t)
  const transaction = image.begin()
  const before = await transaction.importBlob(bytes)
  transaction.root.set('photo', before)
  const savepoint = transaction.savepoint()
  const after = await transaction.importBlob(Buffer.from('after'))
  await transaction.importBlob(bytes)
  transaction.root.set('photo', after)
  savepoint.rollback()
  assert.throws(() => transaction.blobPath(after), coded('E_BLOB_MISSING'))
  const tid = await transaction.commit()
  await image.reopen()
  assert.deepEqual(await filesOf(image), [before.sha256])
  assert.deepEqual(image.image.transaction(tid)!.blobs, [before.sha256])
  assert.deepEqual(await readFile(image.image.blobPath(image.slot('obj:0', 'photo') as BlobRef)), bytes)
})

test('shows each moment its own bytes, and undoes and redoes a change of them', async (t) => {
  const image = await freshImage(t)
  const one = await kept(image, Buffer.from('one'))
  const two = await kept(image, Buffer.from('two'))
  const now = () => image.slot('obj:0', 'photo') as BlobRef
  const undone = await image.image.undo('tx:2', { user: 'ada' })
  assert.equal(String(await buffer(image.image.readBlob(now()))), 'one')
  assert.deepEqual(image.image.at('tx:2').root.get('photo'), two)
  assert.equal(String(await buffer(image.image.readBlob(two))), 'two')
  await image.image.undo(undone, { user: 'ada' })
  assert.deepEqual(now(), two)
  await image.image.undo('tx:4', { user: 'ada' })
  assert.deepEqual(now(), one)
  assert.ok((await image.image.verify()).ok)
})

test('keeps the bytes of the first of two writers, and none of the second', async (t) => {
  const image = await freshImage(t)
  const [one, two] = [image.begin(), image.begin()]
  one.root.set('photo', await one.importBlob(Buffer.from('one')))
  two.root.set('photo', await two.importBlob(Buffer.from('two')))
  await one.commit()
  await assert.rejects(two.commit(), coded('E_CONFLICT'))
  await image.reopen()
  assert.deepEqual(await filesOf(image), [digest(Buffer.from('one'))])
})

test('never loses bytes that one transaction discards while another commits them', async (t) => {
  const image = await freshImage(t)
  for (let round = 0; round < 40; round++) {
    const content = Buffer.from(`content ${round}`)
    const [one, two] = [image.begin(), image.begin()]
    one.root.set('photo', await one.importBlob(content))
    await two.importBlob(content)
    await image.make(`holder ${round}`) // changes the root, so that `one` fails after it has published
    const lost = one.commit().then(assert.fail, coded('E_CONFLICT'))
    const won = kept(image, content)
    two.abort()
    await Promise.all([lost, won])
    assert.deepEqual(await readFile(image.image.blobPath(await won)), content)
  }
})

test('takes in a file whole, and by a link only where it is told to', async (t) => {
  const image = await freshImage(t)
  const folder = await freshFolder(t)
  const file = join(folder, 'weights')
  await writeFile(file, bytes)
  await symlink(file, join(folder, 'link'))
  const copy = await kept(image, { file: join(folder, 'link') })
  assert.equal(copy.sha256, digest(bytes))
  assert.notEqual((await stat(image.image.blobPath(copy))).ino, (await stat(file)).ino)
  const other = join(folder, 'other')
  await writeFile(other, 'never changed')
  const linked = await kept(image, { file: other, link: true }, 'linked')
  assert.equal(linked.sha256, digest(Buffer.from('never changed')))
  await writeFile(file, 'changed by its owner')
  assert.deepEqual(await readFile(image.image.blobPath(copy)), bytes)
  assert.equal((await stat(other)).mode & 0o200, 0o200, 'the mode of a file that is linked is left alone')
})

test('commits bytes that nothing names yet, and lets the next transaction name them', async (t) => {
  const image = await freshImage(t)
  const { value: ref, tid } = await image.image.transact({ user: 'ada' }, (transaction) =>
    transaction.importBlob(bytes),
  )
  assert.equal(tid, 'tx:1')
  await image.image.pack({ before: 'tx:0' })
  await image.commit((transaction) => transaction.root.set('photo', ref))
  assert.deepEqual(await readFile(image.image.blobPath(ref)), bytes)
  assert.deepEqual((await image.image.verify()).faults, [])
})

test('works on when the working folder changes', async (t) => {
  const folder = await freshFolder(t)
  const before = process.cwd()
  process.chdir(folder)
  const image = await new TestImage('image').open()
  try {
    process.chdir('/')
    const ref = await kept(image)
    assert.deepEqual(await readFile(image.image.blobPath(ref)), bytes)
    assert.equal(image.image.dir, join(folder, 'image'))
  } finally {
    process.chdir(before)
    await image.image.close()
  }
})

test('copies a file from another file system', async (t) => {
  const image = await freshImage(t)
  await onSmallDisk(t, 1, async ({ dir }) => {
    await writeFile(dir, bytes)
    const ref = await kept(image, { file: dir, link: true })
    assert.deepEqual(await readFile(image.image.blobPath(ref)), bytes)
  })
})

test('finds a linked file that its owner changed all the same', async (t) => {
  const image = await freshImage(t)
  const file = join(await freshFolder(t), 'weights')
  await writeFile(file, bytes)
  const ref = await kept(image, { file, link: true })
  if ((await stat(image.image.blobPath(ref))).ino !== (await stat(file)).ino) {
    t.skip('this file system clones files, so that nothing is linked')
    return
  }
  const handle = await open(file, 'r+')
  await handle.write(Uint8Array.of(bytes[5]! ^ 1), 0, 1, 5)
  await handle.close()
  assert.equal((await image.image.verify()).faults.length, 1)
  await truncate(file, 100)
  assert.throws(() => image.image.readBlob(ref), coded('E_BLOB_DAMAGED'))
})

test('refuses what bytes cannot be had of, and says so', async (t) => {
  const image = await freshImage(t)
  const folder = await freshFolder(t)
  for (const file of [join(folder, 'nowhere'), folder])
    await assert.rejects(image.begin().importBlob({ file }), coded('E_BLOB_SOURCE', { source: file }))
  const texts = (async function* () {
    yield 'text' as unknown as Uint8Array
  })()
  await assert.rejects(image.begin().importBlob(texts), coded('E_BLOB_SOURCE'))
  const ended = image.begin()
  const started = ended.importBlob(bytes)
  ended.abort()
  await assert.rejects(started, coded('E_TRANSACTION_ENDED'))
  await emptied(image)
})

test('mends damaged bytes when the same are imported again', async (t) => {
  const image = await freshImage(t)
  const ref = await kept(image)
  const file = image.image.blobPath(ref)
  await rm(file)
  await writeFile(file, 'damaged')
  assert.throws(() => image.image.blobPath(ref), coded('E_BLOB_DAMAGED'))
  await kept(image)
  assert.deepEqual(await readFile(image.image.blobPath(ref)), bytes)
  assert.ok((await image.image.verify()).ok)
})

test('streams bytes through little memory, however many they are', async (t) => {
  const image = await freshImage(t)
  const size = 128 << 20
  const chunk = Buffer.alloc(1 << 16, 'x')
  let most = 0
  const before = process.memoryUsage().rss
  const stream = (async function* () {
    for (let at = 0; at < size; at += chunk.length) {
      yield chunk
      if (at % (4 << 20) === 0) most = Math.max(most, process.memoryUsage().rss)
    }
  })()
  const ref = await kept(image, stream)
  for await (const _ of image.image.readBlob(ref)) most = Math.max(most, process.memoryUsage().rss)
  assert.equal(ref.size, size)
  assert.ok(most - before < 64 << 20, `${(most - before) >> 20} MiB more`)
})

test('keeps every transaction going when the disk is too full for bytes', (t) =>
  onSmallDisk(t, 6, async ({ dir }) => {
    const image = await new TestImage(dir, { durable: true }).open()
    try {
      const full = image.begin()
      await assert.rejects(full.importBlob(Buffer.alloc(8 << 20)), coded('E_DISK_FULL'))
      full.root.set('photo', await full.importBlob(bytes))
      await full.commit()
      await image.reopen()
      assert.deepEqual(await filesOf(image), [digest(bytes)])
      assert.ok((await image.image.verify()).ok)
    } finally {
      await image.image.close()
    }
  }))

const KILLS = 8

test(`has every blob of an acknowledged commit whole, and no other, after ${KILLS} kills`, async (t) => {
  const dir = await freshFolder(t)
  for (let i = 0; i < KILLS; i++) {
    const last = await runAndKill('./blob-loop', [dir], 1 + (i % 5))
    const image = await new TestImage(dir).open()
    try {
      const { faults } = await image.image.verify()
      assert.deepEqual(faults, [])
      const names = [...image.image.at(image.image.head).root.slots()]
      assert.ok(names.length >= last, `${last} were acknowledged, the image has ${names.length}`)
      assert.equal((await filesOf(image)).length, names.length)
    } finally {
      await image.image.close()
    }
  }
})
