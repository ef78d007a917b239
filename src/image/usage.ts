// What takes the room in an image: how much of it is history, which objects are the largest, and whose children they are.
// It is read in short turns beside other work. Of an image with many records only some objects are looked at, spread evenly
// over their numbers, and what they come to is scaled up; the totals of tables and blobs are exact.
import { type Oid, oidOf } from '../base/ids.ts'
import type { Progress } from '../base/progress.ts'
import { takeTurns } from '../base/turns.ts'
import { Ref } from '../base/value.ts'
import { parseBlobRecord } from './blob-record.ts'
import {
  entriesEnd,
  entryStart,
  type Key,
  NEWEST,
  oidOfKey,
  revisionKey,
  revisionsEnd,
  sameThing,
} from './keyspace.ts'
import { rawSlots, Unread } from './lazy-slots.ts'
import { isParentSlot } from './object-state.ts'
import { parseRevision } from './revisions.ts'
import { soundly } from './soundly.ts'
import { type Row, type Store, WHOLE } from './store.ts'
import type { View } from './view.ts'

export interface UsageOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /** From how many objects on only so many are looked at. */
  readonly sample?: number
}

export interface Amount {
  readonly records: number
  readonly bytes: number
}

export interface Usage {
  /** Revisions and entries as they are now, and those of the past. */
  readonly present: Amount
  readonly past: Amount
  readonly objects: number
  /** The largest objects and Trees, with their past; and how they are called. */
  readonly largest: readonly (Amount & { readonly oid: Oid; readonly name: string })[]
  /** Prototypes by what their children take. */
  readonly prototypes: readonly (Amount & { readonly name: string; readonly objects: number })[]
  /** Large values, each kept once, and how often they are referred to. */
  readonly values: { readonly kept: number; readonly references: number }
  readonly blobs: { readonly count: number; readonly bytes: number }
  /** Whether only a part was looked at. */
  readonly sampled: boolean
}

const SAMPLE = 20_000
const LARGEST = 10
/** Rows of one object or Tree that are looked at; what a larger Tree takes is told from these. */
const ROWS_OF_ONE = 2000

export async function usageOf(
  store: Store,
  view: View,
  { signal, onProgress = () => {}, sample = SAMPLE }: UsageOptions,
): Promise<Usage> {
  const turn = takeTurns()
  const pause = async (progress: Progress) => {
    const others = turn()
    if (!others) return
    onProgress(progress)
    await others
    signal?.throwIfAborted()
  }
  const count = new Count()
  const end = endOf(store)
  const step = Math.max(1, end / sample)
  let objects = 0
  for (let at = 0; at < end; ) {
    const from = revisionKey(oidOf(Math.floor(at)), NEWEST)
    const row = store.first('revisions', { ...WHOLE, from })
    if (!row) break
    const oid = oidOfKey(row.key)
    const number = Number(oid.slice(4))
    if (countObject(store, oid, count)) objects++
    at = Math.max(number + 1, at + step)
    await pause({ what: 'objects measured', done: number, total: end })
  }
  const sampled = step > 1
  const blobs = { count: 0, bytes: 0 }
  for (const row of store.walk('blobs', WHOLE)) {
    const about = soundly(() => parseBlobRecord(row.key, row.record))
    blobs.count++
    blobs.bytes += about?.size ?? 0
    await pause({ what: 'blobs counted', done: blobs.count, total: store.sizeOf('blobs').records })
  }
  const ofRevisions = store.sizeOf('revisions').records / Math.max(1, count.revisions)
  const ofEntries = store.sizeOf('entries').records / Math.max(1, count.entries)
  const scaled = <Of extends Amount>(amount: Of, scale: number): Of => ({
    ...amount,
    records: Math.round(amount.records * scale),
    bytes: Math.round(amount.bytes * scale),
  })
  const sum = ({ revisions, entries }: Tally): Amount => {
    const [a, b] = [scaled(revisions, ofRevisions), scaled(entries, ofEntries)]
    return { records: a.records + b.records, bytes: a.bytes + b.bytes }
  }
  return {
    present: sum(count.present),
    past: sum(count.past),
    objects: Math.round(objects * ofRevisions),
    largest: count.largest.map((one) => ({ ...one, name: view.nameOf(one.oid) })),
    prototypes: [...count.prototypes]
      .sort(([, a], [, b]) => b.bytes - a.bytes)
      .slice(0, LARGEST)
      .map(([oid, amount]) => ({
        ...scaled(amount, ofRevisions),
        name: oid === NONE ? 'none' : view.nameOf(oid),
        objects: Math.round(amount.objects * ofRevisions),
      })),
    values: {
      kept: store.sizeOf('values').records,
      references: Math.round(count.references * ofRevisions),
    },
    blobs,
    sampled,
  }
}

/** Stands for the prototype of objects that have none. */
const NONE = 'obj:-1' as Oid

interface Tally {
  readonly revisions: { records: number; bytes: number }
  readonly entries: { records: number; bytes: number }
}

const tally = (): Tally => ({ revisions: { records: 0, bytes: 0 }, entries: { records: 0, bytes: 0 } })

class Count {
  readonly present = tally()
  readonly past = tally()
  /** What the revisions of children take. */
  readonly prototypes = new Map<Oid, { records: number; bytes: number; objects: number }>()
  largest: (Amount & { readonly oid: Oid })[] = []
  references = 0

  get revisions(): number {
    return this.present.revisions.records + this.past.revisions.records
  }

  get entries(): number {
    return this.present.entries.records + this.past.entries.records
  }

  add(table: keyof Tally, row: Row, isNewest: boolean): number {
    const bytes = row.key.length + row.record.length
    const amount = (isNewest ? this.present : this.past)[table]
    amount.records++
    amount.bytes += bytes
    return bytes
  }

  child(prototype: Oid, { records, bytes }: Amount): void {
    const of = this.prototypes.get(prototype) ?? { records: 0, bytes: 0, objects: 0 }
    of.records += records
    of.bytes += bytes
    of.objects++
    this.prototypes.set(prototype, of)
  }

  object(oid: Oid, amount: Amount): void {
    const least = this.largest.at(-1)
    if (least && this.largest.length === LARGEST && least.bytes >= amount.bytes) return
    this.largest = [...this.largest, { oid, ...amount }].sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST)
  }
}

/** The revisions of an object, and of a Tree the entries, as far as they are not too many. Answers whether it is there. */
function countObject(store: Store, oid: Oid, count: Count): boolean {
  let prototype = NONE
  let size = 0
  let isThere = true
  const amount = { records: 0, bytes: 0 }
  const limit = ROWS_OF_ONE
  for (const row of store.walk('revisions', {
    from: revisionKey(oid, NEWEST),
    to: revisionsEnd(oid),
    limit,
  })) {
    const isNewest = amount.records === 0
    amount.records++
    amount.bytes += count.add('revisions', row, isNewest)
    const revision = soundly(() => parseRevision(row.key, row.record))
    if (revision?.kind === 'tree' && isNewest) size = revision.count
    if (revision?.kind === 'gone' && isNewest) isThere = false
    if (revision?.kind !== 'object') continue
    for (const [slot, value] of rawSlots(revision.slots)) {
      if (value instanceof Unread) count.references += value.digests.length
      else if (isNewest && prototype === NONE && isParentSlot(slot) && value instanceof Ref)
        prototype = value.oid
    }
  }
  count.child(prototype, amount)
  const entries = { records: 0, bytes: 0 }
  let last: Key | undefined
  for (const row of store.walk('entries', { from: entryStart(oid), to: entriesEnd(oid), limit })) {
    entries.records++
    entries.bytes += count.add('entries', row, last === undefined || !sameThing(last, row.key))
    last = row.key
  }
  const times = entries.records < limit ? 1 : Math.max(1, size / limit)
  count.object(oid, {
    records: amount.records + Math.round(entries.records * times),
    bytes: amount.bytes + Math.round(entries.bytes * times),
  })
  return isThere
}

/** The first number behind all oids that have a revision. */
function endOf(store: Store): number {
  const row = store.first('revisions', { ...WHOLE, reverse: true })
  return row ? Number(oidOfKey(row.key).slice(4)) + 1 : 0
}
