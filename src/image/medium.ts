// Looks at the data file before LMDB does: LMDB maps it into memory, and a file that is shorter than it says would end the
// process at the first page that is not there. An LMDB file begins with two meta pages: 24 bytes of page header, magic
// 0xbeefc0de, version; at byte 48 the page size, at 144 the last page in use, at 152 the number of the transaction that wrote
// the page, all in the byte order of the machine (struct MDB_meta of lmdb-js 3).
//
// A sound file may lack a few pages at its end, which were taken and given back in one transaction and never written: it is
// made as long as it says. Should a page be needed all the same, LMDB finds it empty and says so, and the process lives.
//
// The two meta pages of a new file are synced with its first transaction. A power cut before that may leave one of them, or
// both, as zeros: nothing was ever in such a file, and it is begun anew.
import { closeSync, fstatSync, openSync, readSync, truncateSync } from 'node:fs'
import { endianness } from 'node:os'
import { BatError } from '../base/errors.ts'

const MAGIC = 0xbeefc0de
const MAGIC_AT = 24
const PAGE_SIZE_AT = 48
const LAST_PAGE_AT = 144
const TXN_AT = 152
/** How many pages a sound file may lack. */
const NEVER_WRITTEN = 64
/** A file larger than this has had a transaction. */
const NEW_SIZE = 4 * 4096
const META_PAGE = 4096

/** Throws E_IMAGE_FOREIGN unless `file` is absent, empty, or an LMDB file that is all there. */
export function checkMedium(file: string): void {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    check(file, handle)
  } finally {
    closeSync(handle)
  }
}

function check(file: string, handle: number): void {
  const { size } = fstatSync(handle)
  if (size === 0) return
  if (size <= NEW_SIZE && isUnbegun(handle)) {
    truncateSync(file, 0)
    return
  }
  const first = metaAt(handle, 0)
  if (!first) {
    throw new BatError('E_IMAGE_FOREIGN', {
      file,
      expected: 'an LMDB data file',
      found: 'something else, or one whose beginning is damaged',
    })
  }
  const second = metaAt(handle, first.pageSize)
  const newest = second && second.txn > first.txn ? second : first
  const needed = (newest.lastPage + 1) * newest.pageSize
  if (size < needed && needed - size <= NEVER_WRITTEN * newest.pageSize) truncateSync(file, needed)
  else if (size < needed) {
    throw new BatError('E_IMAGE_FOREIGN', {
      file,
      expected: `a file of at least ${needed} bytes`,
      found: `${size} bytes: its end is missing`,
    })
  }
}

/** Whether a meta page is all zeros, and the other so too or without a transaction. */
function isUnbegun(handle: number): boolean {
  const pages = [0, META_PAGE].map((at) => {
    const bytes = Buffer.alloc(TXN_AT + 8)
    readSync(handle, bytes, 0, bytes.length, at)
    return bytes.every((byte) => byte === 0) ? 'zeros' : metaAt(handle, at)?.txn
  })
  return pages.includes('zeros') && pages.every((page) => page === 'zeros' || page === 0)
}

function metaAt(handle: number, at: number): { lastPage: number; pageSize: number; txn: number } | undefined {
  const bytes = Buffer.alloc(TXN_AT + 8)
  if (readSync(handle, bytes, 0, bytes.length, at) < bytes.length) return undefined
  const little = endianness() === 'LE'
  const uint32 = (from: number) => (little ? bytes.readUInt32LE(from) : bytes.readUInt32BE(from))
  const uint64 = (from: number) => Number(little ? bytes.readBigUInt64LE(from) : bytes.readBigUInt64BE(from))
  if (uint32(MAGIC_AT) !== MAGIC) return undefined
  return { lastPage: uint64(LAST_PAGE_AT), pageSize: uint32(PAGE_SIZE_AT), txn: uint64(TXN_AT) }
}
