// Bytes kept outside the records: files named by their SHA-256 in `blobs/`, so the same content is kept once.
//
//   blobs/tmp/<random>        being written, or written and synced but not committed; cleared when the image is opened
//   blobs/ab/abcdef…          committed: renamed there, its folder synced, before the commit that names it
//
// A transaction that ends without a commit discards what it staged. A file that a kill left in its place without a commit
// that names it is found by verify.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BatError } from '../base/errors.ts'
import { BlobRef } from '../base/value.ts'

/** Bytes, or a stream of them. */
export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>

export interface StagedBlob {
  readonly ref: BlobRef
  /** Where the bytes are until they are published. */
  readonly file: string
}

export class Blobs {
  readonly #dir: string
  readonly #isNamed: (sha256: string) => boolean
  /** Published or about to be, by transactions that have not ended: digest to how many. */
  readonly #pending = new Map<string, number>()
  readonly #work = new Set<Promise<void>>()

  /** `isNamed`: whether a committed transaction has brought a blob in. */
  constructor(dir: string, isNamed: (sha256: string) => boolean) {
    this.#dir = dir
    this.#isNamed = isNamed
  }

  /** Clears what a killed process left half-written. */
  async open(): Promise<void> {
    await rm(join(this.#dir, 'tmp'), { recursive: true, force: true })
  }

  /** Writes bytes to a file beside, synced; memory stays small however many they are. */
  async stage(source: BlobSource): Promise<StagedBlob> {
    const folder = join(this.#dir, 'tmp')
    await mkdir(folder, { recursive: true })
    const file = join(folder, randomUUID())
    const handle = await open(file, 'wx')
    const hash = createHash('sha256')
    let size = 0
    try {
      for await (const chunk of source instanceof Uint8Array ? [source] : source) {
        hash.update(chunk)
        size += chunk.length
        await writeWhole(handle, chunk)
      }
      await handle.sync()
    } catch (error) {
      await handle.close()
      await rm(file, { force: true })
      throw error
    }
    await handle.close()
    const ref = new BlobRef(hash.digest('hex'), size)
    this.#pending.set(ref.sha256, (this.#pending.get(ref.sha256) ?? 0) + 1)
    return { ref, file }
  }

  /** Moves staged blobs to their places, durably. Doing it twice does no harm. */
  async publish(staged: readonly StagedBlob[]): Promise<void> {
    for (const { ref, file } of staged) {
      const folder = join(this.#dir, ref.sha256.slice(0, 2))
      if (!existsSync(file)) continue
      if (await mkdir(folder, { recursive: true })) await syncFolder(this.#dir)
      await rename(file, join(folder, ref.sha256))
      await syncFolder(folder)
    }
  }

  /** The commit that names them is durable. */
  committed(staged: readonly StagedBlob[]): void {
    for (const { ref } of staged) this.#release(ref)
  }

  /** Like discard, but not waited for; what fails is left to the next open, which clears it. */
  discardSoon(staged: readonly StagedBlob[]): void {
    if (staged.length === 0) return
    const work: Promise<void> = this.discard(staged)
      .catch(() => undefined)
      .finally(() => this.#work.delete(work))
    this.#work.add(work)
  }

  /** Waits for what goes on in the background. */
  async settled(): Promise<void> {
    await Promise.all(this.#work)
  }

  /** The transaction ended without a commit: what nobody else names goes. */
  async discard(staged: readonly StagedBlob[]): Promise<void> {
    for (const { ref, file } of staged) {
      this.#release(ref)
      await rm(file, { force: true })
      const wanted = this.#pending.has(ref.sha256) || this.#isNamed(ref.sha256)
      if (!wanted) await rm(this.#place(ref.sha256), { force: true })
    }
  }

  /** The file of a committed blob, to be read only. Throws E_BLOB_MISSING. */
  path(ref: BlobRef): string {
    const file = this.#place(ref.sha256)
    if (!existsSync(file)) throw new BatError('E_BLOB_MISSING', { sha256: ref.sha256 })
    return file
  }

  /** The bytes of a committed blob, as a stream. Throws E_BLOB_MISSING. */
  read(ref: BlobRef): AsyncIterable<Uint8Array> {
    return createReadStream(this.path(ref))
  }

  #place(sha256: string): string {
    return join(this.#dir, sha256.slice(0, 2), sha256)
  }

  #release({ sha256 }: BlobRef): void {
    const left = (this.#pending.get(sha256) ?? 1) - 1
    if (left > 0) this.#pending.set(sha256, left)
    else this.#pending.delete(sha256)
  }
}

async function writeWhole(handle: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
