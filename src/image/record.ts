// A record of the image, from the first day:
//
//   bytes 0..3   CRC-32 of the table's number (see TABLE_NUMBERS), the key, and all bytes from 4 on, big endian
//   byte 4       version of this format: 1
//   byte 5       kind, see below
//   bytes 6..7   of an object the version of its shape (shapes.ts), big endian; else 0
//   from 8 on    payload, by kind:
//     1 object       slots (codec.ts)
//     2 tree         the count of its entries
//     3 gone         nothing: the object or the entry was taken away
//     4 entry        a value
//     6 transaction  a plain object, see transaction-record.ts
//     7 blob         a plain object {size, tid}
//     8 meta         a plain object
//     9 value        a value that slots name by its digest
//
// The key is part of the sum, so a record that turns up under another key is found as well as a flipped bit; either costs
// this one record. A reader that does not know a version or a kind says so and leaves the record alone.
import { BatError } from '../base/errors.ts'
import type { PlainObject, Value } from '../base/value.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { crc32Of } from './checksum.ts'
import { readMembers, readSlots, readValue, type Sharing, writeSlots, writeValue } from './codec.ts'
import { type Key, nameOfRecord, type Table, tables } from './keyspace.ts'
import type { RawSlots, Unread } from './lazy-slots.ts'
import type { Slots } from './object-state.ts'
import { Put } from './put.ts'
import { type Named, skim } from './skim.ts'
import type { Row } from './store.ts'

export type RecordBody =
  /** `shape`: the version that the slots were written with; absent where it is 0. */
  | { readonly kind: 'object'; readonly slots: Slots; readonly shape?: number }
  | { readonly kind: 'tree'; readonly count: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'entry' | 'transaction' | 'blob' | 'meta' | 'value'; readonly value: Value }

const kinds = ['', 'object', 'tree', 'gone', 'entry', '', 'transaction', 'blob', 'meta', 'value'] as const
const kindNumbers: Readonly<Record<RecordBody['kind'], number>> = {
  object: 1,
  tree: 2,
  gone: 3,
  entry: 4,
  transaction: 6,
  blob: 7,
  meta: 8,
  value: 9,
}
const TABLE_NUMBERS: Readonly<Record<Table, number>> = {
  meta: 1,
  transactions: 2,
  revisions: 4,
  entries: 5,
  blobs: 6,
  values: 7,
}
export const numberOfTable = (table: Table): number => TABLE_NUMBERS[table]
export const tableOfNumber = (number: number): Table | undefined =>
  tables.find((table) => TABLE_NUMBERS[table] === number)

const RECORD_VERSION = 1
const HEADER_SIZE = 8
const VERSION_AT = 4
const KIND_AT = 5
const SHAPE_AT = 6

/** Reads one record after the other: none is read while another is. */
const reader = new ByteReader()

const writer = new ByteWriter()
const valueWriter = new ByteWriter()

/** The bytes to store under `key`. */
export const formatRecord = (table: Table, key: Key, body: RecordBody): Buffer =>
  formatPut(table, key, body).record

/** What is to be put for a record; `key` is copied. */
export function formatPut(table: Table, key: Key, body: RecordBody): Put {
  begin(writer, key, kindNumbers[body.kind], body.kind === 'object' ? body.shape : 0)
  if (body.kind === 'object') writeSlots(writer, body.slots)
  else if (body.kind === 'tree') writer.number(body.count)
  else if (body.kind !== 'gone') writeValue(writer, body.value)
  return summed(writer, { table, number: TABLE_NUMBERS[table], keySize: key.length })
}

/** Likewise for an entry of a Tree; without a value it was taken away. */
export function formatEntry(key: Key, value: Value | undefined): Put {
  begin(writer, key, value === undefined ? kindNumbers.gone : kindNumbers.entry)
  if (value !== undefined) writeValue(writer, value)
  return summed(writer, { table: 'entries', number: TABLE_NUMBERS.entries, keySize: key.length })
}

/** Likewise for an object whose large values go to `sharing`; and its slots as a reader would find them. */
export function formatObject(
  key: Key,
  { slots, shape }: { readonly slots: Slots; readonly shape?: number },
  sharing: Sharing,
): { readonly put: Put; readonly lazy: RawSlots | undefined } {
  begin(writer, key, kindNumbers.object, shape)
  const lazy = writeSlots(writer, slots, sharing)
  const put = summed(writer, { table: 'revisions', number: TABLE_NUMBERS.revisions, keySize: key.length })
  return { put, lazy }
}

/** Likewise for a shared value, of which the encoding is given; may be made while another record is. */
export function formatValue(key: Key, encoding: Uint8Array): Put {
  begin(valueWriter, key, kindNumbers.value)
  valueWriter.bytes(encoding)
  return summed(valueWriter, { table: 'values', number: TABLE_NUMBERS.values, keySize: key.length })
}

function begin(to: ByteWriter, key: Key, kind: number, shape = 0): void {
  to.begin()
  to.bytes(key)
  to.uint32(0)
  to.uint32((RECORD_VERSION << 24) | (kind << 16) | shape)
}

function summed(
  to: ByteWriter,
  { table, number, keySize }: { readonly table: Table; readonly number: number; readonly keySize: number },
): Put {
  const { memory, start } = to
  const middle = start + keySize
  const end = start + to.size
  const sum = crc32Of(memory, crc32Of(memory, number, start, middle), middle + 4, end)
  to.uint32At(keySize, sum)
  return new Put(table, memory, { start, middle, end })
}

/**
 * What the record holds. Throws E_RECORD_DAMAGED, naming it, when it is not as it was written. Large values of an object
 * are read by `read` when they are asked for; without it they can be listed (digestsOf) but not read.
 */
export function parseRecord(
  table: Table,
  key: Key,
  record: Uint8Array,
  read?: (unread: Unread) => Value,
): RecordBody {
  const kind = opened(table, key, record)
  switch (kind) {
    case 'object': {
      const slots = readSlots(reader, read)
      const shape = shapeOf(record)
      return shape === 0 ? { kind, slots } : { kind, slots, shape }
    }
    case 'tree':
      return { kind, count: readValue(reader) as number }
    case 'gone':
      return { kind }
    default:
      return { kind, value: readValue(reader) }
  }
}

/** Sets the reader to the payload of a record that is as it was written, and answers its kind. */
function opened(table: Table, key: Key, record: Uint8Array): RecordBody['kind'] {
  if (!isWhole(table, key, record)) throw damaged(table, key, 'its checksum is wrong')
  const version = record[VERSION_AT]
  const kind = kindOfRecord(record)
  const shape = shapeOf(record)
  if (version !== RECORD_VERSION || !kind || (shape !== 0 && kind !== 'object')) {
    throw damaged(table, key, `its form (version ${version}, shape ${shape}) is not known`)
  }
  reader.open(record, HEADER_SIZE)
  return kind
}

const shapeOf = (record: Uint8Array): number => record[SHAPE_AT]! * 256 + record[SHAPE_AT + 1]!

/** Whether a record is as it was written. */
export const isWhole = (table: Table, key: Key, record: Uint8Array): boolean =>
  record.length >= HEADER_SIZE &&
  ((record[0]! << 24) | (record[1]! << 16) | (record[2]! << 8) | record[3]!) >>> 0 ===
    sumOf(table, key, record)

/** The kind that a record says it is of, whether it is whole or not. */
export const kindOfRecord = (record: Uint8Array): RecordBody['kind'] | undefined =>
  kinds[record[KIND_AT] ?? 0] || undefined

/** Whether a version says that its object or entry was taken away, and is whole. */
export const isDeletion = (table: Table, { key, record }: Row): boolean =>
  kindOfRecord(record) === 'gone' && isWhole(table, key, record)

/** The value of a record that must be of `kind`. */
export function parseRecordOf(
  kind: 'transaction' | 'blob' | 'meta' | 'value',
  { table, key, record }: { readonly table: Table; readonly key: Key; readonly record: Uint8Array },
): Value {
  const body = parseRecord(table, key, record)
  if (body.kind !== kind) throw damaged(table, key, `it is of kind ${body.kind}`)
  return body.value
}

/** Of a record whose value is a plain object, the members of these names, those at its beginning for the least work. */
export function parseMembersOf(
  kind: 'transaction',
  { table, key, record }: { readonly table: Table; readonly key: Key; readonly record: Uint8Array },
  names: readonly string[],
): PlainObject {
  const found = opened(table, key, record)
  if (found !== kind) throw damaged(table, key, `it is of kind ${found}`)
  const members = readMembers(reader, names)
  if (!members) throw damaged(table, key, 'it is no plain object')
  return members
}

/** Tells `to` of all that a record names, and answers its kind. Throws E_RECORD_DAMAGED. */
export function skimRecord(table: Table, { key, record }: Row, to: Named): RecordBody['kind'] {
  const kind = opened(table, key, record)
  if (kind !== 'gone') skim(reader, to)
  return kind
}

export const damaged = (table: Table, key: Key, problem: string): BatError =>
  new BatError('E_RECORD_DAMAGED', { record: nameOfRecord(table, key), problem })

const sumOf = (table: Table, key: Key, record: Uint8Array): number =>
  crc32Of(record, crc32Of(key, TABLE_NUMBERS[table]), 4)
