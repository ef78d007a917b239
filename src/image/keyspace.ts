// The keys of the image. One table per kind of record; all keys are bytes, compared byte by byte. Numbers are 48-bit
// unsigned, big endian. A tid that stands at the end of a key is written inverted (2^48 - 1 - tid), so that the newest
// version comes first and the version that a snapshot sees is one seek forward.
//
//   meta          text                       `format`: what this is, its identity, the version of the format, and what
//                                            program may write it; `pack`: how far back it can be seen (horizon.ts);
//                                            `migration`: how far a change of the format has come; each twice (meta.ts)
//   transactions  tid                        who, when, why, and what was changed: the feed of changes
//   revisions     oid ~tid                   an object as that transaction left it; of a Tree the count of its entries;
//                                            the first of an oid is its newest
//   entries       tree's oid, key, ~tid      an entry of a Tree as that transaction left it
//   blobs         SHA-256, 32 bytes          bytes kept in a file beside
//   values        digest, 16 bytes           a large value of a slot, kept once: see codec.ts
//
// Entry keys keep their order and none is the beginning of another:
//   0x10 number: float 64, big endian; sign bit flipped for positive, all bits for negative numbers; -0 is 0
//   0x20 bigint: 0x80 + length of magnitude in bytes (4 bytes, big endian), magnitude; all but the 0x20 inverted
//        when it is negative
//   0x30 string: UTF-8, 0x00 as 0x00 0xff, ended by 0x00 0x01
//   0x40 bytes: likewise
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, oidOf, type Tid, tidOf } from '../base/ids.ts'
import type { Digest } from './lazy-slots.ts'

export type Table = 'meta' | 'transactions' | 'revisions' | 'entries' | 'blobs' | 'values'
export const tables: readonly Table[] = ['meta', 'transactions', 'revisions', 'entries', 'blobs', 'values']

export type Key = Uint8Array
export type TreeKey = string | number | bigint | Uint8Array

/** The greatest number of an oid or a tid: at this moment everything is seen. */
export const NEWEST = 2 ** 48 - 1
const UINT32 = 2 ** 32
/** Of an entry key that is a number, in bytes. */
const NUMBER_SIZE = 9
/** LMDB's limit of 1,978 bytes less the oid and the tid around it. */
export const ENTRY_KEY_LIMIT = 1960

/** Behind every key of one number. */
export const BEHIND_ALL: Key = Buffer.alloc(7, 0xff)

export const metaKey = (name: string): Key => Buffer.from(name, 'utf8')

export function transactionKey(tid: number): Key {
  const key = new Uint8Array(6)
  put48(key, 0, tid)
  return key
}

/** The key of the revision that `tid` made; also where a seek for the one valid at `tid` starts. `key`: what to write it in. */
export function revisionKey(oid: Oid, tid: number, key = new Uint8Array(12)): Key {
  return revisionKeyOf(numberOf48(oid), tid, key)
}

/** Likewise, by the number of the oid. */
export function revisionKeyOf(number: number, tid: number, key = new Uint8Array(12)): Key {
  put48(key, 0, number)
  put48(key, 6, NEWEST - tid)
  return key
}

/** The key behind all revisions of `oid`. */
export const revisionsEnd = (oid: Oid): Key => {
  const key = new Uint8Array(6)
  put48(key, 0, numberOf48(oid) + 1)
  return key
}

/** `room`: what to write it in, where it fits. */
export function entryVersionKey(tree: Oid, entry: Key, tid: number, room?: Key): Key {
  const key = room?.length === 12 + entry.length ? room : new Uint8Array(12 + entry.length)
  put48(key, 0, numberOf48(tree))
  for (let i = 0; i < entry.length; i++) key[6 + i] = entry[i]!
  put48(key, 6 + entry.length, NEWEST - tid)
  return key
}

/** The version key of another entry of the same Tree at the same tid: in the same memory, where it fits. */
export function versionKeyOf(entry: Key, like: Key): Key {
  const end = like.length - 6
  const key = entry.length === end - 6 ? like : new Uint8Array(12 + entry.length)
  if (key !== like) for (let i = 0; i < 6; i++) key[i] = like[i]!
  for (let i = 0; i < entry.length; i++) key[6 + i] = entry[i]!
  if (key !== like) for (let i = 0; i < 6; i++) key[6 + entry.length + i] = like[end + i]!
  return key
}

/** The key before all versions of an entry, or of the first entry not less than it. */
export function entryStart(tree: Oid, entry?: Key): Key {
  const key = new Uint8Array(6 + (entry?.length ?? 0))
  put48(key, 0, numberOf48(tree))
  if (entry) key.set(entry, 6)
  return key
}

/** The key behind all entries of a tree. */
export const entriesEnd = revisionsEnd

/** The key of an entry within the key of one of its versions. */
export const entryOfKey = (key: Key): Key => new Uint8Array(key.buffer, key.byteOffset + 6, key.length - 12)

/** Whether the keys of two versions are of one object, or of one entry. */
export function sameThing(a: Key, b: Key): boolean {
  if (a.length !== b.length) return false
  for (let i = a.length - 7; i >= 0; i--) if (a[i] !== b[i]) return false
  return true
}

export const oidOfKey = (key: Key): Oid => oidOf(numberOfKey(key))
/** The number of the oid that a key begins with. */
export const numberOfKey = (key: Key): number => get48(key, 0)
export const tidOfTransactionKey = (key: Key): number => get48(key, 0)
/** The tid at the end of the key of a revision or of an entry's version. */
export const tidOfVersionKey = (key: Key): number => NEWEST - get48(key, key.length - 6)

export const blobKey = (sha256: string): Key => Buffer.from(sha256, 'hex')
export const valueKey = (digest: Digest): Key => Buffer.from(digest, 'hex')
export const digestOfKey = (key: Key): Digest => Buffer.from(key).toString('hex')

/** How a record is called to a person: `obj:12 at tx:90`. */
export function nameOfRecord(table: Table, key: Key): string {
  switch (table) {
    case 'transactions':
      return tidName(tidOfTransactionKey(key))
    case 'revisions':
      return `${oidOfKey(key)} at ${tidName(tidOfVersionKey(key))}`
    case 'entries':
      return `${oidOfKey(key)}[${formatTreeKey(entryOfKey(key))}] at ${tidName(tidOfVersionKey(key))}`
    case 'blobs':
      return `blob ${Buffer.from(key).toString('hex')}`
    case 'values':
      return `value ${digestOfKey(key)}`
    case 'meta':
      return `meta ${Buffer.from(key).toString('utf8')}`
    default:
      return table satisfies never
  }
}

const tidName = (tid: number): Tid => tidOf(tid)

/** The key of an entry as a person reads it; its bytes where it is none. */
export function formatTreeKey(entry: Key): string {
  try {
    const key = parseTreeKey(entry)
    return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key)
  } catch {
    return Buffer.from(entry).toString('hex')
  }
}

/** The bytes of a tree key. Throws E_TREE_KEY when it is none, or too long. */
export function formatEntryKey(key: TreeKey): Key {
  const bytes = bytesOf(key)
  if (bytes.length > ENTRY_KEY_LIMIT) {
    throw new BatError('E_TREE_KEY', {
      problem: `has ${bytes.length} bytes; the limit is ${ENTRY_KEY_LIMIT}`,
    })
  }
  return bytes
}

function bytesOf(key: TreeKey): Key {
  switch (typeof key) {
    case 'number':
      return numberBytes(key)
    case 'bigint':
      return bigintBytes(key)
    case 'string':
      return escaped(0x30, Buffer.from(key, 'utf8'))
    default:
      if (key instanceof Uint8Array) return escaped(0x40, key)
      throw new BatError('E_TREE_KEY', { problem: 'is no text, number, bigint or bytes' })
  }
}

function numberBytes(key: number): Key {
  if (Number.isNaN(key)) throw new BatError('E_TREE_KEY', { problem: 'is not a number' })
  float64.setFloat64(0, key === 0 ? 0 : key)
  const [high, low] = [float64.getUint32(0), float64.getUint32(4)]
  const negative = high >>> 31 === 1
  const bytes = new Uint8Array(NUMBER_SIZE)
  bytes[0] = 0x10
  put32(bytes, 1, negative ? ~high : high | 0x80000000)
  put32(bytes, 5, negative ? ~low : low)
  return bytes
}

const float64 = new DataView(new ArrayBuffer(8))

function bigintBytes(key: bigint): Key {
  const hex = (key < 0n ? -key : key).toString(16)
  const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const bytes = Buffer.alloc(6 + magnitude.length)
  bytes[0] = 0x20
  bytes[1] = 0x80
  bytes.writeUInt32BE(magnitude.length, 2)
  bytes.set(magnitude, 6)
  if (key < 0n) for (let i = 1; i < bytes.length; i++) bytes[i]! ^= 0xff
  return bytes
}

function escaped(type: number, bytes: Uint8Array): Key {
  let zeros = 0
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) zeros++
  const key = new Uint8Array(bytes.length + zeros + 3)
  key[0] = type
  let at = 1
  for (let i = 0; i < bytes.length; i++) {
    key[at++] = bytes[i]!
    if (bytes[i] === 0) key[at++] = 0xff
  }
  key[at + 1] = 0x01
  return key
}

/** The tree key of which `entry` are the bytes. */
export function parseTreeKey(entry: Key): TreeKey {
  switch (entry[0]) {
    case 0x10:
      return numberOfBytes(entry)
    case 0x20: {
      const bytes = Buffer.from(entry)
      const negative = bytes[1]! < 0x80
      if (negative) for (let i = 1; i < bytes.length; i++) bytes[i]! ^= 0xff
      const magnitude = BigInt(`0x${bytes.toString('hex', 6)}`)
      return negative ? -magnitude : magnitude
    }
    case 0x30:
      return Buffer.from(unescaped(entry)).toString('utf8')
    case 0x40:
      return unescaped(entry)
    default:
      throw new Error(`0x${Buffer.from(entry).toString('hex')} is no entry key`)
  }
}

function numberOfBytes(entry: Key): number {
  const isPositive = entry[1]! >>> 7 === 1
  for (let i = 0; i < 8; i++) float64.setUint8(i, isPositive ? entry[i + 1]! : ~entry[i + 1]!)
  if (isPositive) float64.setUint8(0, entry[1]! & 0x7f)
  return float64.getFloat64(0)
}

function unescaped(entry: Key): Uint8Array {
  const bytes = new Uint8Array(entry.length)
  let size = 0
  for (let i = 1; i < entry.length - 2; i++) {
    bytes[size++] = entry[i]!
    if (entry[i] === 0) i++
  }
  return bytes.slice(0, size)
}

/** Negative, 0 or positive, byte by byte; keys are short, and a call of Buffer.compare costs more. */
export function compareKeys(a: Key, b: Key): number {
  const size = Math.min(a.length, b.length)
  for (let i = 0; i < size; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

/** The least key greater than `key`. */
export function keyAfter(key: Key): Key {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

/** The text of the key before all versions of an entry, which the key of one of them begins with. */
export const startText = (version: Key): string => latin1Slice.call(version, 0, version.length - 6)

const { latin1Slice } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string
}

/** Bytes as a string, one character a byte: what maps are keyed by. The key of a number is spelt out: a list costs more. */
export const keyText = (key: Key): string =>
  key.length === NUMBER_SIZE
    ? String.fromCharCode(key[0]!, key[1]!, key[2]!, key[3]!, key[4]!, key[5]!, key[6]!, key[7]!, key[8]!)
    : String.fromCharCode.apply(null, key as unknown as number[])

function numberOf48(oid: Oid): number {
  const number = numberOf(oid)
  if (!(number <= NEWEST)) throw new BatError('E_NO_OBJECT', { receiver: oid })
  return number
}

function put48(key: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / UINT32)
  key[at] = high >>> 8
  key[at + 1] = high
  put32(key, at + 2, value)
}

function put32(key: Uint8Array, at: number, value: number): void {
  key[at] = value >>> 24
  key[at + 1] = value >>> 16
  key[at + 2] = value >>> 8
  key[at + 3] = value
}

const get48 = (key: Uint8Array, at: number): number =>
  (key[at]! * 256 + key[at + 1]!) * UINT32 +
  (((key[at + 2]! << 24) | (key[at + 3]! << 16) | (key[at + 4]! << 8) | key[at + 5]!) >>> 0)
