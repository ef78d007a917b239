// What a failed write of the store means to a caller. LMDB tells a full disk as ENOSPC, or as an input/output error when
// the last page went only half; the free space tells the two apart from a dying disk.
import { statfsSync } from 'node:fs'
import { BatError } from '../base/errors.ts'

const ENOSPC = 28
const EIO = 5
const EDQUOT = 122
const MDB_MAP_FULL = -30792
/** Less free space than this, in bytes, and an input/output error is taken for a full disk. */
const SCANT = 1 << 20

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

/** How many bytes are free where `dir` is. */
export function freeSpace(dir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
