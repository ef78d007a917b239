// What is kept of a transaction: who, when, why, and what it changed. These records, in order, are the change feed.
//
// The payload: {time, user, description, meta, next, created, changed, gone, trees, blobs}. Times are milliseconds since
// 1970-01-01 UTC and never go back from one transaction to the next; `next` is the first oid not handed out; created,
// changed and gone are numbers of oids, each in one of the lists; trees is a list of [number of the Tree's oid, [bytes of
// an entry's key, …]]; blobs is a list of digests that this transaction brought in. When the image has been packed, of a
// transaction before its horizon these lists are empty: only who, when and why is kept, where anything it made is left.
import { numberOf, type Oid, oidOf, type Tid, tidOf } from '../base/ids.ts'
import { isPlainObject, type PlainObject, type Value } from '../base/value.ts'
import type { Key } from './keyspace.ts'
import { damaged, parseMembersOf, parseRecordOf, type RecordBody } from './record.ts'
import type { Row } from './store.ts'

export interface TransactionRecord {
  readonly tid: Tid
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number
  readonly user: string
  readonly description: string
  readonly meta: PlainObject
  readonly created: readonly Oid[]
  /** Objects and Trees that were there before and changed. */
  readonly changed: readonly Oid[]
  readonly gone: readonly Oid[]
  /** Which entries of which Trees were set or deleted. */
  readonly trees: readonly TreeChange[]
  /** SHA-256 of the blobs brought in. */
  readonly blobs: readonly string[]
  /** The first oid not handed out. */
  readonly next: Oid
}

export interface TreeChange {
  readonly tree: Oid
  /** Bytes of the entries' keys, see keyspace.ts. */
  readonly entries: readonly Key[]
}

/** Every object and Tree that a transaction touched. */
export const touched = (record: TransactionRecord): Oid[] => [
  ...record.created,
  ...record.changed,
  ...record.gone,
]

export function transactionBody(record: TransactionRecord): RecordBody {
  const value: Record<string, Value> = {
    time: record.time,
    user: record.user,
    description: record.description,
    meta: record.meta,
    next: numberOf(record.next),
    created: record.created.map(numberOf),
    changed: record.changed.map(numberOf),
    gone: record.gone.map(numberOf),
    trees: record.trees.map(({ tree, entries }) => [numberOf(tree), entries]),
    blobs: record.blobs,
  }
  return { kind: 'transaction', value }
}

/** The record without what the transaction changed; undefined when it is so already. */
export function shortened(record: TransactionRecord): RecordBody | undefined {
  const { created, changed, gone, trees, blobs } = record
  if ([created, changed, gone, trees, blobs].every((list) => list.length === 0)) return undefined
  return transactionBody({ ...record, created: [], changed: [], gone: [], trees: [], blobs: [] })
}

/** Throws E_RECORD_DAMAGED. */
export function parseTransaction(tid: number, { key, record }: Row): TransactionRecord {
  const found = parseRecordOf('transaction', { table: 'transactions', key, record })
  const value = wellFormed(key, found, MEMBERS) as unknown as Stored
  return {
    tid: tidOf(tid),
    time: value.time,
    user: value.user,
    description: value.description,
    meta: value.meta,
    next: oidOf(value.next),
    created: value.created.map(oidOf),
    changed: value.changed.map(oidOf),
    gone: value.gone.map(oidOf),
    trees: value.trees.map(([tree, entries]) => ({ tree: oidOf(tree), entries })),
    blobs: value.blobs,
  }
}

/** Who, when and why, with the rest of the record unread. Throws E_RECORD_DAMAGED. */
export const parseHeading = ({ key, record }: Row): Heading => {
  const found = parseMembersOf('transaction', { table: 'transactions', key, record }, HEADING)
  return wellFormed(key, found, HEADING) as unknown as Heading
}

const HEADING = ['time', 'user', 'description'] as const
export type Heading = Pick<TransactionRecord, (typeof HEADING)[number]>

interface Stored {
  readonly time: number
  readonly user: string
  readonly description: string
  readonly meta: PlainObject
  readonly next: number
  readonly created: readonly number[]
  readonly changed: readonly number[]
  readonly gone: readonly number[]
  readonly trees: readonly (readonly [number, readonly Key[]])[]
  readonly blobs: readonly string[]
}

/** What each member must be: a record may be sound and still come from another program. */
const forms: Readonly<Record<keyof Stored, (value: unknown) => boolean>> = {
  time: Number.isFinite,
  user: isText,
  description: isText,
  meta: isPlainObject,
  next: isCount,
  created: listOf(isCount),
  changed: listOf(isCount),
  gone: listOf(isCount),
  trees: listOf(
    (pair) =>
      Array.isArray(pair) && isCount(pair[0]) && listOf((entry) => entry instanceof Uint8Array)(pair[1]),
  ),
  blobs: listOf(isText),
}
const MEMBERS = Object.keys(forms) as (keyof Stored)[]

/** Throws E_RECORD_DAMAGED unless `value` has these members, each as it must be. */
function wellFormed(key: Key, value: Value, members: readonly (keyof Stored)[]): PlainObject {
  if (!isPlainObject(value)) throw damaged('transactions', key, 'it is no plain object')
  const wrong = members.find((name) => !forms[name](value[name]))
  if (wrong !== undefined) throw damaged('transactions', key, `its ${wrong} is not as it must be`)
  return value as PlainObject
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function listOf(isItem: (item: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(isItem)
}
