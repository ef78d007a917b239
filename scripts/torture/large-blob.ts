// Bytes that are many: a blob of so many gigabytes is streamed into an image, read, verified, backed up and restored, and the
// memory of the process must hardly grow; then the same as a file that is never changed, which is linked.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { statfsSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import { restore } from '../../src/image/restore.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'

const GB = 10 ** 9
const LIMIT = 64 << 20
/** The image's, the backup's, the restored image's. */
const COPIES = 3
const MOST_GB = 5

export const largeBlob: Trial = {
  name: 'large-blob',
  title: 'a blob of many gigabytes in little memory',
  rounds: { long: MOST_GB, short: 1 },
  missing: () => {
    const { bavail, bsize } = statfsSync(tmpdir())
    const needed = COPIES * MOST_GB
    return bavail * bsize > needed * GB ? undefined : `${tmpdir()} has less than ${needed} GB free`
  },
  run: take,
}

async function take({ folder, rounds, tell }: TrialOptions): Promise<Counts> {
  const size = rounds * GB
  const memory = watchMemory()
  const began = performance.now()
  const image = await openImage({ dir: join(folder, 'image'), clock: systemClock })
  const ref = await imported(image, size, tell)
  const seconds = (performance.now() - began) / 1000
  assert.equal(ref.size, size)
  const hash = createHash('sha256')
  for await (const piece of image.readBlob(ref)) hash.update(piece)
  assert.equal(hash.digest('hex'), ref.sha256)
  assert.deepEqual((await image.verify()).faults, [])
  const backup = join(folder, 'backup')
  assert.deepEqual((await image.backup(backup, { verify: true })).faults, [])
  await restore(backup, join(folder, 'restored'), { clock: systemClock })
  await rm(join(folder, 'restored'), { recursive: true })
  const file = image.blobPath(ref)
  const other = await openImage({ dir: join(folder, 'other'), clock: systemClock })
  const linked = await other.transact({ user: 'torture' }, (transaction) =>
    transaction.importBlob({ file, link: true }),
  )
  assert.equal(linked.value.sha256, ref.sha256)
  const links = statSync(other.blobPath(linked.value)).nlink
  await other.close()
  await image.close()
  const grown = memory.stop()
  assert.ok(grown < LIMIT, `memory grew by ${grown >> 20} MiB`)
  return { GB: rounds, 'MB/s imported': Math.round(size / 10 ** 6 / seconds), 'MiB more': grown >> 20, links }
}

async function imported(image: Image, size: number, tell: (done: number) => void) {
  const { value } = await image.transact({ user: 'torture' }, async (transaction) => {
    const ref = await transaction.importBlob(bytes(size, tell))
    transaction.root.set('large', ref)
    return ref
  })
  return value
}

async function* bytes(size: number, tell: (done: number) => void): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(10 ** 6, 'a large blob')
  for (let at = 0; at < size; at += chunk.length) {
    chunk.writeDoubleBE(at)
    yield chunk
    tell(at / GB)
  }
}

/** Answers, when stopped, by how many bytes the memory of the process was larger at most than in the beginning. */
function watchMemory(): { readonly stop: () => number } {
  const before = process.memoryUsage().rss
  let most = before
  const look = () => {
    most = Math.max(most, process.memoryUsage().rss)
  }
  const timer = setInterval(look, 50)
  return {
    stop: () => {
      clearInterval(timer)
      look()
      return most - before
    },
  }
}
