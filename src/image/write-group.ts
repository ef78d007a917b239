// A group of commits that are written to the store together. Each request is checked by itself against what is committed
// and what earlier ones of the group change; it is refused, alone, or turned into records. Nothing is written here, and
// nothing else commits meanwhile: a large request is worked on in short turns.
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, oidOf, tidOf } from '../base/ids.ts'
import { byParts, forEachInTurns, takeTurns } from '../base/turns.ts'
import type { Value } from '../base/value.ts'
import { blobBody } from './blob-record.ts'
import type { CommitRequest, Draft } from './commit.ts'
import { checkConflicts, type Newest } from './conflict.ts'
import type { Entries } from './entries.ts'
import type { Head } from './head.ts'
import type { Horizon } from './horizon.ts'
import {
  blobKey,
  compareKeys,
  entryVersionKey,
  type Key,
  keyText,
  revisionKey,
  type Table,
  transactionKey,
  versionKeyOf,
} from './keyspace.ts'
import { type Digest, LazySlots } from './lazy-slots.ts'
import type { Slots } from './object-state.ts'
import type { Put } from './put.ts'
import { formatEntry, formatObject, formatPut, type RecordBody } from './record.ts'
import type { Revision, Revisions } from './revisions.ts'
import { Sharer } from './shared-values.ts'
import type { Store } from './store.ts'
import { type TransactionRecord, transactionBody } from './transaction-record.ts'
import type { EntryChange, EntryChanges } from './view.ts'

const TURN_MS = 4
/** Of so many bytes of records, and so many for the work of each record, it is worth looking at the clock. */
const LOOK_AFTER = 16_384
const RECORD = 100
const SLICE = 1024
/** From so many changes in a transaction on, what it makes is not kept decoded: it would drive out what is in use. */
const LOAD = 512

/** What the commits of a group are checked against. */
export interface Committed {
  readonly store: Store
  readonly revisions: Revisions
  readonly entries: Entries
  readonly horizon: Horizon
  readonly clock: Clock
}

/** `tid` is that of the new transaction, or the snapshot's where nothing was changed. */
export type Outcome = { readonly tid: number } | { readonly refusal: unknown }

export class WriteGroup {
  readonly puts: Put[] = []
  readonly fresh = new Map<Oid, Revision>()
  readonly written: TransactionRecord[] = []
  /** The shared values that its revisions refer to. */
  readonly values = new Set<Digest>()
  readonly #committed: Committed
  readonly #taken: Taken[] = []
  /** The records of blobs that the group brings in. */
  readonly #blobs = new Map<string, Uint8Array>()
  readonly #turn = takeTurns(TURN_MS)
  #sinceLook = 0
  /** Of a revision that is being made. */
  readonly #key = new Uint8Array(12)
  #head: Head
  readonly #newest: Newest = {
    tidOf: (oid) => this.fresh.get(oid)?.tid ?? this.#committed.revisions.newest(oid),
    revision: (oid) => this.#revision(oid),
    entryTid: (tree, key) => this.#change(tree, key)?.tid ?? this.#committed.entries.newest(tree, key),
    at: (oid, moment) => this.#committed.revisions.at(oid, moment),
  }

  constructor(committed: Committed, head: Head) {
    this.#committed = committed
    this.#head = head
  }

  /** The newest transaction once the group is written. */
  get head(): Head {
    return this.#head
  }

  async take(request: CommitRequest): Promise<Outcome> {
    let settled: Settled
    try {
      const changed = new Map<Oid, Draft>()
      await forEachInTurns(request.drafts, this.#turn, ([oid, draft]) => {
        if (!draft.created) changed.set(oid, draft)
      })
      const to = { newest: this.#newest, turn: this.#turn }
      const checked = await checkConflicts(request, changed, to)
      if ('conflict' in checked) return { refusal: checked.conflict }
      const lost = await this.#packedAway(request, changed)
      if (lost.size > 0) return { refusal: new BatError('E_PACKED_AWAY', { objects: [...lost] }) }
      const dangling = await this.#dangling(request)
      if (dangling) return { refusal: dangling }
      settled = { ...checked, ...(await this.#entriesAfter(request)) }
    } catch (error) {
      return { refusal: error }
    }
    if (request.drafts.size + request.entries.size + request.blobs.length === 0)
      return { tid: request.moment }
    await this.#write(request, settled)
    return { tid: this.#head.tid }
  }

  /** What was changed or is referred to and has been taken away by a pack meanwhile. */
  async #packedAway(request: CommitRequest, changed: ReadonlyMap<Oid, Draft>): Promise<ReadonlySet<Oid>> {
    const { horizon, revisions } = this.#committed
    const lost = new Set(await horizon.refused(request, revisions.values, this.#turn))
    await forEachInTurns(changed.keys(), this.#turn, (oid) => {
      if (this.#isPacked(oid)) lost.add(oid)
    })
    return lost
  }

  /** The refusal of a request that refers to what never was. */
  async #dangling({ referred, drafts, danglingAt }: CommitRequest): Promise<BatError | undefined> {
    const isMade = (oid: Oid) => drafts.has(oid) || this.#taken.some((taken) => taken.drafts.has(oid))
    const missing: Oid[] = []
    await forEachInTurns(referred, this.#turn, (oid) => {
      if (!isMade(oid) && !this.#committed.revisions.isKnown(oid)) missing.push(oid)
    })
    for (const oid of missing) {
      const dangling = await danglingAt(oid, this.#turn)
      if (dangling) return dangling
    }
    return undefined
  }

  /** Whether nothing is left of an object, or will be: it was taken away before what can be seen. */
  #isPacked(oid: Oid): boolean {
    const tid = this.#newest.tidOf(oid)
    if (tid === undefined) return true
    const { moment } = this.#committed.horizon
    return tid <= moment && this.#revision(oid)?.kind === 'gone'
  }

  async #entriesAfter({ drafts, entries }: CommitRequest): Promise<Pick<Settled, 'counts' | 'slices'>> {
    const counts = new Map<Oid, number>()
    const slices = new Map<Oid, readonly Slice[]>()
    for (const [tree, changes] of entries) {
      const draft = drafts.get(tree)
      const revision = draft?.created ? undefined : this.#revision(tree)
      let count = draft?.kind === 'tree' ? draft.count : revision?.kind === 'tree' ? revision.count : 0
      const ordered: Slice[] = []
      for (const slice of inOrder(changes)) {
        ordered.push(slice)
        count += this.#more(tree, slice, revision !== undefined)
        await this.#turn()
      }
      counts.set(tree, count)
      slices.set(tree, ordered)
    }
    return { counts, slices }
  }

  /** How many entries more a Tree has by these changes; of one that is made now none was there before. */
  #more(tree: Oid, slice: Slice, wasTree: boolean): number {
    const isThere = this.#committed.entries.presence(tree)
    let more = 0
    for (const { key, value } of slice) {
      const before = this.#change(tree, key)
      const wasThere = before ? before.value !== undefined : wasTree && isThere(key)
      more += Number(value !== undefined) - Number(wasThere)
    }
    return more
  }

  async #write(request: CommitRequest, settled: Settled): Promise<void> {
    const tid = this.#head.tid + 1
    const sharer = new Sharer(this.#committed.revisions.values, this.#put, this.#committed.horizon)
    const lists: Lists = { created: [], changed: [], gone: [] }
    const isLoad = request.drafts.size >= LOAD
    const drafts = request.drafts.entries()
    await byParts(() => this.#writeDrafts(drafts, settled, { tid, sharer, lists, isLoad }))
    const { counts, slices } = settled
    for (const tree of request.entries.keys()) {
      for (const slice of slices.get(tree)!) {
        const changes = slice.values()
        await byParts(() => this.#writeEntries(tree, changes, tid))
      }
      const draft: Draft | undefined = request.drafts.get(tree)
      if (draft?.kind === 'gone') continue
      if (!draft) lists.changed.push(tree)
      this.#revise(tree, { tid, kind: 'tree', count: counts.get(tree)! })
    }
    for (const { sha256, size } of request.blobs) {
      const key = blobKey(sha256)
      const before = this.#blobs.get(sha256) ?? this.#committed.store.get('blobs', key)
      this.#blobs.set(sha256, this.#putRecord('blobs', key, blobBody({ sha256, size, tid }, before)).record)
    }
    this.#taken.push({ tid, drafts: request.drafts, entries: request.entries })
    for (const digest of sharer.digests) this.values.add(digest)
    this.written.push(this.#close(request, lists, tid))
  }

  /**
   * Puts some of the drafts, and answers what to wait for before the next. The iterators of Maps and arrays have nothing to
   * close, so a loop that was left goes on where it was.
   */
  #writeDrafts(
    left: MapIterator<[Oid, Draft]>,
    { merged, counts }: Settled,
    { tid, sharer, lists, isLoad }: Writing,
  ): Promise<void> | undefined {
    for (const [oid, draft] of left) {
      const list = draft.kind === 'gone' ? lists.gone : draft.created ? lists.created : lists.changed
      list.push(oid)
      if (draft.kind === 'object') {
        const own = merged.size > 0 ? (merged.get(oid) ?? draft.slots) : draft.slots
        const slots = this.#putObject(revisionKey(oid, tid, this.#key), own, sharer)
        if (!draft.created || !isLoad) this.fresh.set(oid, { tid, kind: 'object', slots })
      } else if (draft.kind === 'gone') this.#revise(oid, { tid, kind: 'gone' })
      else if (!counts.has(oid)) this.#revise(oid, { tid, kind: 'tree', count: draft.count })
      const pause = this.#pause()
      if (pause) return pause
    }
    return undefined
  }

  /** Answers the slots as they are kept: large values unread. */
  #putObject(key: Key, slots: Slots, sharer: Sharer): Slots {
    const { values, shapes } = this.#committed.revisions
    const { put, lazy } = formatObject(key, { slots, shape: shapes.versionOf(slots) }, sharer)
    this.#put(put)
    return lazy ? new LazySlots(lazy, values.read) : slots
  }

  #revise(oid: Oid, revision: Exclude<Revision, { readonly kind: 'object' }>): void {
    this.#putRecord('revisions', revisionKey(oid, revision.tid), revision)
    this.fresh.set(oid, revision)
  }

  /** Likewise of the changes of a Tree's entries. */
  #writeEntries(tree: Oid, left: ArrayIterator<EntryChange>, tid: number): Promise<void> | undefined {
    let version = entryVersionKey(tree, NO_ENTRY, tid)
    for (const { key, value } of left) {
      version = versionKeyOf(key, version)
      this.#put(formatEntry(version, value))
      const pause = this.#pause()
      if (pause) return pause
    }
    return undefined
  }

  #close(request: CommitRequest, lists: Lists, tid: number): TransactionRecord {
    const next = lists.created.reduce((most, oid) => Math.max(most, numberOf(oid) + 1), this.#head.next)
    const time = Math.max(this.#head.time, this.#committed.clock.now())
    const record: TransactionRecord = {
      tid: tidOf(tid),
      time,
      user: request.user,
      description: request.description,
      meta: request.meta,
      ...lists,
      trees: [...request.entries].map(([tree, changes]) => ({
        tree,
        entries: [...changes.values()].map(({ key }) => key),
      })),
      blobs: request.blobs.map(({ sha256 }) => sha256),
      next: oidOf(next),
    }
    this.#putRecord('transactions', transactionKey(tid), transactionBody(record))
    this.#head = { tid, time, next }
    return record
  }

  #putRecord(table: Table, key: Key, body: RecordBody): Put {
    const put = formatPut(table, key, body)
    this.#put(put)
    return put
  }

  readonly #put = (put: Put): void => {
    this.puts.push(put)
    this.#sinceLook += put.end - put.middle + RECORD
  }

  /** What to wait for before the next record, if anything. */
  #pause(): Promise<void> | undefined {
    if (this.#sinceLook < LOOK_AFTER) return undefined
    this.#sinceLook = 0
    return this.#turn()
  }

  /** As committed, or as an earlier one of the group leaves it. */
  #revision(oid: Oid): Revision | undefined {
    return this.fresh.get(oid) ?? this.#committed.revisions.at(oid, this.#head.tid)
  }

  /** What an earlier one of the group does to an entry. */
  #change(tree: Oid, key: Key): { readonly tid: number; readonly value: Value | undefined } | undefined {
    for (let i = this.#taken.length - 1; i >= 0; i--) {
      const { tid, entries } = this.#taken[i]!
      const change = entries.get(tree)?.get(keyText(key))
      if (change) return { tid, value: change.value }
    }
    return undefined
  }
}

/** In slices, each in the order of the keys, which LMDB likes best; very many sorted at once would keep others waiting. */
function* inOrder(changes: EntryChanges): Generator<Slice, void, undefined> {
  const all = [...changes.values()]
  for (let from = 0; from < all.length; from += SLICE) {
    yield all.slice(from, from + SLICE).sort((a, b) => compareKeys(a.key, b.key))
  }
}

type Slice = readonly EntryChange[]
const NO_ENTRY: Key = new Uint8Array(0)

/** A request of which the records are made. */
interface Taken extends Pick<CommitRequest, 'drafts' | 'entries'> {
  readonly tid: number
}

interface Settled {
  /** Objects that a resolver made one of several of. */
  readonly merged: ReadonlyMap<Oid, Slots>
  /** How many entries each Tree will have. */
  readonly counts: ReadonlyMap<Oid, number>
  /** The changes of their entries, in order. */
  readonly slices: ReadonlyMap<Oid, readonly Slice[]>
}

/** What goes with the records of one transaction while they are made. */
interface Writing {
  readonly tid: number
  readonly sharer: Sharer
  readonly lists: Lists
  /** Whether so much is made that it is not kept decoded. */
  readonly isLoad: boolean
}

interface Lists {
  readonly created: Oid[]
  readonly changed: Oid[]
  readonly gone: Oid[]
}
