// One file of bytes: written, cloned or linked from a source, with the SHA-256 of what it then holds. What is hashed is
// always what is kept, so a source that changes meanwhile does no harm. Memory stays within a few pieces of 1 MiB.
//
// A file is cloned where the file system can share its blocks (reflink): later changes of the owner's file do not reach the
// clone. A hard link shares the bytes themselves: an owner who changes his file in place changes the image's, which only
// verify would notice. So it is made only where the caller says that the file is never changed (`link`), of a model's
// weights for instance; else the bytes are copied. What we write ourselves is read-only.
import { createHash } from 'node:crypto'
import { chmod, constants, copyFile, type FileHandle, link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BatError } from '../base/errors.ts'
import { BlobRef } from '../base/value.ts'
import { writeFailure } from './write-failure.ts'

/** Bytes, a stream of them, or a file that holds them. */
export type BlobSource = Uint8Array | AsyncIterable<Uint8Array> | SourceFile

export interface SourceFile {
  readonly file: string
  /** The file is never changed in place: it may be linked instead of copied. */
  readonly link?: boolean
}

/** How many bytes are read, hashed and written at a time. */
const PIECE = 1 << 20
const READ_ONLY = 0o444

/**
 * Makes `file`, which is not there yet, hold the bytes of `source`; with `durable` they are on the disk. Throws
 * E_BLOB_SOURCE, E_DISK_FULL, E_IMAGE_WRITE, or what the stream throws; then there is no `file`.
 */
export async function writeBlobFile(source: BlobSource, file: string, durable: boolean): Promise<BlobRef> {
  try {
    if (source instanceof Uint8Array) return await copied(piecesOf(source), file, durable)
    if (!('file' in source)) return await copied(source, file, durable)
    if (await shared(source, file)) return await hashed(file, durable)
    return await copied(piecesOfFile(source.file), file, durable)
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

/** The SHA-256 of a file's bytes and how many they are; `onBytes` is told of each piece and may throw to end it. */
export async function hashOfFile(
  file: string,
  onBytes: (count: number) => void = () => {},
): Promise<BlobRef> {
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of piecesOfFile(file)) {
    hash.update(piece)
    size += piece.length
    onBytes(piece.length)
  }
  return new BlobRef(hash.digest('hex'), size)
}

/** Makes what was done in a folder (names that came, went or moved) durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function copied(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  file: string,
  durable: boolean,
): Promise<BlobRef> {
  const handle = await ours(file, () => open(file, 'wx', READ_ONLY))
  const hash = createHash('sha256')
  let size = 0
  try {
    for await (const chunk of pieces) {
      if (!(chunk instanceof Uint8Array)) throw sourceError('the stream', `it yields a ${typeof chunk}`)
      for (let at = 0; at < chunk.length; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE)
        hash.update(piece)
        await ours(file, () => writeWhole(handle, piece))
      }
      size += chunk.length
    }
    if (durable) await ours(file, () => handle.sync())
  } finally {
    await handle.close()
  }
  return new BlobRef(hash.digest('hex'), size)
}

/** Clones or links; answers whether that could be done. */
async function shared(source: SourceFile, file: string): Promise<boolean> {
  const cloned = await tried(() => copyFile(source.file, file, constants.COPYFILE_FICLONE_FORCE))
  if (cloned) await chmod(file, READ_ONLY)
  else await rm(file, { force: true })
  return cloned || (source.link === true && (await tried(() => link(source.file, file))))
}

async function hashed(file: string, durable: boolean): Promise<BlobRef> {
  if (durable) await syncFolder(file) // a file is synced like a folder: opened for reading
  return hashOfFile(file)
}

const tried = (work: () => Promise<void>): Promise<boolean> =>
  work().then(
    () => true,
    () => false, // another file system, or one that cannot: the bytes are copied, which tells what else is wrong
  )

/** Copies of its pieces, so that a caller who changes the array meanwhile changes nothing. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.slice(at, at + PIECE)
}

/** The bytes of a file; a piece is valid until the next is asked for. */
export async function* piecesOfFile(file: string): AsyncGenerator<Uint8Array> {
  const handle = await theirs(file, () => open(file, 'r'))
  try {
    const buffer = Buffer.allocUnsafeSlow(PIECE)
    for (;;) {
      const { bytesRead } = await theirs(file, () => handle.read(buffer, 0, PIECE))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** Writes all of `bytes`, however little goes at a time. */
export async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten
}

const ours = <T>(file: string, work: () => Promise<T>): Promise<T> =>
  work().catch((error) => Promise.reject(writeFailure(error, dirname(file))))

const theirs = <T>(file: string, work: () => Promise<T>): Promise<T> =>
  work().catch((error) => Promise.reject(sourceError(file, (error as Error).message, error)))

const sourceError = (source: string, reason: string, cause?: unknown): BatError =>
  new BatError('E_BLOB_SOURCE', { source, reason }, { cause })
