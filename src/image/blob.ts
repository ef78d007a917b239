// Bytes kept outside the records: files named by their SHA-256 in `blobs/`, so the same content is kept once.
//
//   blobs/tmp/<uuid>            being written, or written and synced but not committed
//   blobs/tmp/<uuid>.<sha256>   empty: that content has been put in its place for a commit which has not come yet
//   blobs/ab/abcdef…            in its place: renamed there, its folder synced, before the commit that names it
//
// A blob is there for readers once a commit has named it. A transaction that ends without one discards what it staged; what
// a killed process left, in `tmp` or in a place that no commit names, is cleared when the image is opened. Putting a file in
// its place and taking it away go one after the other for each content, so that nobody takes away what another just put.
import { randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BatError } from '../base/errors.ts'
import type { BlobRef } from '../base/value.ts'
import { type BlobSource, syncFolder, writeBlobFile } from './blob-file.ts'
import { writeFailure } from './write-failure.ts'

export type { BlobSource } from './blob-file.ts'

export interface StagedBlob {
  readonly ref: BlobRef
  /** Where the bytes are until they are published. */
  readonly file: string
}

/** Which bytes of a blob. */
export interface ByteRange {
  /** The first; 0 unless said otherwise. */
  readonly from?: number
  /** The first not included; the blob's size unless said otherwise. */
  readonly to?: number
}

export interface BlobsOptions {
  readonly dir: string
  /** Whether a committed transaction has brought a blob in. */
  readonly isNamed: (sha256: string) => boolean
  readonly durable: boolean
}

const READ_SIZE = 1 << 18

export class Blobs {
  readonly #options: BlobsOptions
  readonly #tmp: string
  /** Staged by transactions that have not ended: digest to how many. */
  readonly #pending = new Map<string, number>()
  /** The last thing that is done, or waits to be, with the place of a content. */
  readonly #turns = new Map<string, Promise<unknown>>()
  /** Folders whose names are durable. */
  readonly #folders = new Map<string, Promise<void>>()
  readonly #work = new Set<Promise<void>>()

  constructor(options: BlobsOptions) {
    this.#options = options
    this.#tmp = join(options.dir, 'tmp')
  }

  /** Clears what a killed process left. */
  async open(): Promise<void> {
    const left = existsSync(this.#tmp) ? await readdir(this.#tmp) : []
    for (const name of left) {
      const sha256 = /\.([0-9a-f]{64})$/.exec(name)?.[1]
      if (sha256 !== undefined && !this.#options.isNamed(sha256))
        await rm(this.place(sha256), { force: true })
    }
    await rm(this.#tmp, { recursive: true, force: true })
  }

  /** Writes bytes to a file beside, synced. Throws E_BLOB_SOURCE, E_DISK_FULL, E_IMAGE_WRITE, or what a stream throws. */
  async stage(source: BlobSource): Promise<StagedBlob> {
    await this.#writing(() => mkdir(this.#tmp, { recursive: true }))
    const file = join(this.#tmp, randomUUID())
    const ref = await writeBlobFile(source, file, this.#options.durable)
    this.#pending.set(ref.sha256, (this.#pending.get(ref.sha256) ?? 0) + 1)
    return { ref, file }
  }

  /** Puts staged blobs in their places, durably. Doing it twice does no harm. Throws E_DISK_FULL, E_IMAGE_WRITE. */
  async publish(staged: readonly StagedBlob[]): Promise<void> {
    await this.#writing(() => this.#mark(staged))
    for (const blob of staged) {
      const place = this.place(blob.ref.sha256)
      await this.#inTurn(blob.ref.sha256, () =>
        this.#writing(async () => {
          await this.#makeFolder(dirname(place))
          if (existsSync(blob.file)) await rename(blob.file, place)
          if (this.#options.durable) await syncFolder(dirname(place))
        }),
      )
    }
  }

  /** The commit that names them is durable. */
  committed(staged: readonly StagedBlob[]): void {
    for (const blob of staged) this.#release(blob)
    this.#soon(staged, (blob) => rm(markOf(blob), { force: true }))
  }

  /** Their transaction ended without a commit: what nobody else names goes, in the background. */
  discardSoon(staged: readonly StagedBlob[]): void {
    for (const blob of staged) this.#release(blob)
    this.#soon(staged, async (blob) => {
      await rm(blob.file, { force: true })
      await this.drop(blob.ref.sha256)
      await rm(markOf(blob), { force: true })
    })
  }

  /** Takes a content away unless a commit names it or one that is under way may. */
  drop(sha256: string): Promise<void> {
    return this.#inTurn(sha256, async () => {
      if (!this.isWanted(sha256)) await rm(this.place(sha256), { force: true })
    })
  }

  /** Waits for what goes on in the background. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  /** Whether a commit names a content, or one that is under way may. */
  isWanted(sha256: string): boolean {
    return this.#pending.has(sha256) || this.#options.isNamed(sha256)
  }

  /** The file of a committed blob, to be read only. Throws E_BLOB_MISSING, E_BLOB_DAMAGED. */
  path({ sha256, size }: BlobRef): string {
    const file = this.place(sha256)
    const found = this.#options.isNamed(sha256) ? statSync(file, { throwIfNoEntry: false }) : undefined
    if (!found) throw new BatError('E_BLOB_MISSING', { sha256 })
    if (found.size === size) return file
    throw new BatError('E_BLOB_DAMAGED', { sha256, problem: `it has ${found.size} bytes, not ${size}` })
  }

  /** Bytes of a committed blob, as a stream. Throws E_BLOB_MISSING, E_BLOB_DAMAGED, E_BLOB_RANGE. */
  read(ref: BlobRef, range: ByteRange = {}): AsyncIterable<Uint8Array> {
    return readRange(this.path(ref), ref, range)
  }

  /** The file of a staged blob, published or not. */
  stagedPath({ ref, file }: StagedBlob): string {
    return existsSync(file) ? file : this.place(ref.sha256)
  }

  /** Where a content lies when it is committed. */
  place(sha256: string): string {
    return join(this.#options.dir, sha256.slice(0, 2), sha256)
  }

  /** Every file in a place: its digest by its name, or undefined where it has no such name. */
  async *files(): AsyncGenerator<{ readonly file: string; readonly sha256: string | undefined }> {
    const { dir } = this.#options
    for (const folder of existsSync(dir) ? await readdir(dir) : []) {
      if (folder === 'tmp') continue
      const names = await readdir(join(dir, folder)).catch(() => undefined)
      if (!names) yield { file: join(dir, folder), sha256: undefined }
      for (const name of names ?? []) {
        const sha256 = /^[0-9a-f]{64}$/.test(name) && name.startsWith(folder) ? name : undefined
        yield { file: join(dir, folder, name), sha256 }
      }
    }
  }

  /** Marks are on the disk before what they mark: a power cut leaves no content that the next open does not clear. */
  async #mark(staged: readonly StagedBlob[]): Promise<void> {
    for (const blob of staged) await writeFile(markOf(blob), '')
    if (this.#options.durable) await syncFolder(this.#tmp)
  }

  #release({ ref: { sha256 } }: StagedBlob): void {
    const left = (this.#pending.get(sha256) ?? 1) - 1
    if (left > 0) this.#pending.set(sha256, left)
    else this.#pending.delete(sha256)
  }

  /** What fails here is left to the next open, which clears it. */
  #soon(staged: readonly StagedBlob[], clear: (blob: StagedBlob) => Promise<void>): void {
    for (const blob of staged) {
      const work: Promise<void> = clear(blob)
        .catch(() => undefined)
        .finally(() => this.#work.delete(work))
      this.#work.add(work)
    }
  }

  #inTurn<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(sha256) ?? Promise.resolve()).then(work, work)
    this.#turns.set(sha256, turn)
    const ended = () => {
      if (this.#turns.get(sha256) === turn) this.#turns.delete(sha256)
    }
    turn.then(ended, ended)
    return turn
  }

  /** Makes a folder whose name is on the disk when this resolves. */
  #makeFolder(folder: string): Promise<void> {
    const known = this.#folders.get(folder)
    if (known) return known
    const made = (async () => {
      await mkdir(folder, { recursive: true })
      if (!this.#options.durable) return
      await syncFolder(this.#options.dir)
      await syncFolder(dirname(this.#options.dir))
    })()
    this.#folders.set(folder, made)
    made.catch(() => this.#folders.delete(folder))
    return made
  }

  #writing<T>(work: () => Promise<T>): Promise<T> {
    return work().catch((error) => Promise.reject(writeFailure(error, this.#options.dir)))
  }
}

const markOf = ({ ref, file }: StagedBlob): string => `${file}.${ref.sha256}`

/** Bytes of a file that holds the blob `ref`, as a stream. Throws E_BLOB_RANGE, E_BLOB_DAMAGED. */
export function readRange(
  file: string,
  ref: BlobRef,
  { from = 0, to = ref.size }: ByteRange,
): AsyncIterable<Uint8Array> {
  const isRange = Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= ref.size
  if (!isRange) throw new BatError('E_BLOB_RANGE', { from, to, size: ref.size })
  return bytesOf(file, { sha256: ref.sha256, from, to })
}

async function* bytesOf(
  file: string,
  { sha256, from, to }: { readonly sha256: string; readonly from: number; readonly to: number },
): AsyncGenerator<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    for (let at = from; at < to; ) {
      const wanted = Math.min(READ_SIZE, to - at)
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, at)
      if (bytesRead === 0) throw new BatError('E_BLOB_DAMAGED', { sha256, problem: `it ends at byte ${at}` })
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}
