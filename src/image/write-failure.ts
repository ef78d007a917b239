// What a failed write of the store means to a caller, and how one that must not fail is kept from being begun. LMDB tells a
// full disk as ENOSPC, or as an input/output error when the last page went only half; the free space tells the two apart
// from a dying disk.
import { statfsSync } from 'node:fs'
import { BatError } from '../base/errors.ts'

const ENOSPC = 28
const EIO = 5
const EDQUOT = 122
const MDB_MAP_FULL = -30792
/** Less free space than this, in bytes, and an input/output error is taken for a full disk. */
const SCANT = 1 << 20
/** More than LMDB writes anew, in bytes, for some hundred records that are put or removed, beside what they hold. */
const WRITE_ROOM = 2 << 20

export function writeFailure(error: unknown, dir: string): BatError {
  if (error instanceof BatError) return error
  const code = (error as { code?: unknown }).code
  if (code === ENOSPC || code === EDQUOT || code === MDB_MAP_FULL || code === 'ENOSPC' || code === 'EDQUOT') {
    return new BatError('E_DISK_FULL', { dir }, { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  if ((code === EIO || code === 'EIO' || /Input\/output|No space/.test(reason)) && freeSpace(dir) < SCANT) {
    return new BatError('E_DISK_FULL', { dir }, { cause: error })
  }
  return new BatError('E_IMAGE_WRITE', { dir, reason }, { cause: error })
}

/** E_DISK_FULL where that is why something failed, else what it failed with. */
export function fullDiskOr(error: unknown, dir: string): unknown {
  const failure = writeFailure(error, dir)
  return failure.code === 'E_DISK_FULL' ? failure : error
}

/** What is left, in bytes, of the room of `dir` for the records of one write. Throws E_DISK_FULL where it is not to be begun. */
export function roomForWrite(dir: string): number {
  return takenFrom(freeSpace(dir), WRITE_ROOM, dir)
}

/** What is left of `room` without `bytes`. Throws E_DISK_FULL. */
export function takenFrom(room: number, bytes: number, dir: string): number {
  if (room < bytes) throw new BatError('E_DISK_FULL', { dir })
  return room - bytes
}

/** How many bytes are free where `dir` is. */
function freeSpace(dir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
