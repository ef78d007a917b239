import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import test from 'node:test'
import type { BlobRef } from '../../src/base/value.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

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
  while ((await filesOf(kept)).length > 0) await new Promise(setImmediate)
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
    { where: 'obj:0.photo', problem: `the blob ${ref.sha256} is not there` },
  ])
})
