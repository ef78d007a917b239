// Commits. Requests that come in while others are waiting are written together, in one transaction of the store with one
// fsync behind it; each is checked by itself, and one that conflicts fails alone. A transaction conflicts when an object it
// changed, an entry it changed, or an object whose reading it declared to matter, has a newer version than its snapshot.

import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, oidOf, tidOf } from '../base/ids.ts'
import type { BlobRef, PlainObject, Value } from '../base/value.ts'
import { blobBody } from './blob-record.ts'
import { mergedSlots, type Resolver } from './conflict-resolvers.ts'
import type { Entries } from './entries.ts'
import type { Head } from './head.ts'
import type { Horizon } from './horizon.ts'
import { blobKey, entryVersionKey, type Key, revisionKey, type Table, transactionKey } from './keyspace.ts'
import { type Digest, LazySlots } from './lazy-slots.ts'
import type { Slots } from './object-state.ts'
import { formatObject, formatRecord, type RecordBody } from './record.ts'
import type { Revision, Revisions } from './revisions.ts'
import { Sharer } from './shared-values.ts'
import type { Store, Writer } from './store.ts'
import { type TransactionRecord, transactionBody } from './transaction-record.ts'
import type { EntryChanges } from './view.ts'
import { writeFailure } from './write-failure.ts'

/** The state that a transaction gives an object or a Tree. */
export type Draft =
  | {
      readonly kind: 'object'
      readonly slots: Map<string, Value>
      readonly created: boolean
      readonly generation: number
    }
  /** `count`: how many entries it has already, where it was taken away and is there again. */
  | { readonly kind: 'tree'; readonly created: boolean; readonly count: number }
  | { readonly kind: 'gone'; readonly created: boolean }

export interface CommitRequest {
  /** The number of the snapshot. */
  readonly moment: number
  readonly user: string
  readonly description: string
  readonly meta: PlainObject
  readonly drafts: ReadonlyMap<Oid, Draft>
  readonly entries: ReadonlyMap<Oid, EntryChanges>
  readonly currentReads: ReadonlySet<Oid>
  readonly blobs: readonly BlobRef[]
  /** What settles conflicts over an object, as the transaction sees it. */
  readonly resolverOf: (oid: Oid) => Resolver | undefined
}

interface Waiting {
  readonly request: CommitRequest
  readonly resolve: (tid: number) => void
  readonly reject: (error: unknown) => void
}

/** Is told of each transaction as soon as it is committed, and which shared values its revisions refer to. */
export type CommitListener = (record: TransactionRecord, values: ReadonlySet<Digest>) => void

export interface CommitterOptions {
  readonly store: Store
  readonly dir: string
  readonly revisions: Revisions
  readonly entries: Entries
  readonly horizon: Horizon
  readonly clock: Clock
  readonly head: Head
  readonly onCommit?: CommitListener
}

export class Committer {
  readonly #options: CommitterOptions
  #head: Head
  #waiting: Waiting[] = []
  #closed = false

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#head = options.head
  }

  get head(): Head {
    return this.#head
  }

  /** Answers the number of the new transaction once it is durable. Throws E_CONFLICT, E_PACKED_AWAY, E_DISK_FULL, E_IMAGE_WRITE. */
  commit(request: CommitRequest): Promise<number> {
    if (this.#closed) return Promise.reject(new BatError('E_IMAGE_CLOSED'))
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush())
      this.#waiting.push({ request, resolve, reject })
    })
  }

  /** Writes all that waits. */
  flush(): void {
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length === 0) return
    const group = new Group(this.#options, this.#head)
    let outcomes: Outcome[]
    try {
      outcomes = this.#options.store.write((writer) =>
        batch.map(({ request }) => group.take(request, writer)),
      )
    } catch (error) {
      const failure = writeFailure(error, this.#options.dir)
      for (const { reject } of batch) reject(failure)
      return
    }
    this.#head = group.head
    for (const [oid, revision] of group.fresh) this.#options.revisions.committed(oid, revision)
    for (const [i, waiting] of batch.entries()) settle(waiting, outcomes[i]!)
    for (const { record, values } of group.written) this.#options.onCommit?.(record, values)
  }

  close(): void {
    this.flush()
    this.#closed = true
  }
}

type Outcome = { readonly tid: number } | { readonly conflict: BatError }

function settle({ resolve, reject }: Waiting, outcome: Outcome): void {
  if ('conflict' in outcome) reject(outcome.conflict)
  else resolve(outcome.tid)
}

/** The requests of one write. What earlier ones of it changed counts for the later ones. */
class Group {
  head: Head
  readonly fresh = new Map<Oid, Revision>()
  readonly written: { readonly record: TransactionRecord; readonly values: ReadonlySet<Digest> }[] = []
  readonly #options: CommitterOptions

  constructor(options: CommitterOptions, head: Head) {
    this.#options = options
    this.head = head
  }

  take(request: CommitRequest, writer: Writer): Outcome {
    const merged = new Map<Oid, Slots>()
    const conflict = this.#conflictOf(request, merged) ?? this.#packedAway(request)
    if (conflict) return { conflict }
    if (request.drafts.size === 0 && request.entries.size === 0) return { tid: request.moment }
    this.#write(request, merged, writer)
    return { tid: this.head.tid }
  }

  /** Puts what resolvers make of objects that others changed too into `merged`. */
  #conflictOf(request: CommitRequest, merged: Map<Oid, Slots>): BatError | undefined {
    const { moment, drafts, entries, currentReads } = request
    const theirs = new Map<Oid, number>()
    let cause: unknown
    for (const [oid, draft] of drafts) {
      // what is created has an oid that nobody else has
      const newest = draft.created ? undefined : this.#newest(oid)
      if (newest === undefined || newest <= moment) continue
      try {
        const slots = this.#mergedWith(draft, oid, request)
        if (slots) merged.set(oid, slots)
        else theirs.set(oid, newest)
      } catch (error) {
        cause ??= error
        theirs.set(oid, newest)
      }
    }
    for (const oid of currentReads) {
      const newest = this.#newest(oid)
      if (newest !== undefined && newest > moment) theirs.set(oid, newest)
    }
    for (const [tree, changes] of entries) {
      if (drafts.get(tree)?.created) continue
      const newest = this.#newest(tree) ?? -1
      if (newest <= moment) continue
      for (const { key } of changes.values()) {
        const tid = this.#options.entries.newest(tree, key) ?? -1
        if (tid > moment) theirs.set(tree, tid)
      }
      if (this.#revision(tree)?.kind !== 'tree') theirs.set(tree, newest)
    }
    if (theirs.size === 0) return undefined
    return new BatError(
      'E_CONFLICT',
      {
        objects: [...theirs.keys()],
        ours: tidOf(moment),
        theirs: tidOf(Math.max(...theirs.values())),
      },
      { cause },
    )
  }

  /** What a draft and the changes of others make together; undefined where nobody knows. */
  #mergedWith(draft: Draft, oid: Oid, { moment, resolverOf }: CommitRequest): Slots | undefined {
    if (draft.kind !== 'object') return undefined
    const committed = this.#revision(oid)
    const base = this.#options.revisions.at(oid, moment)
    if (committed?.kind !== 'object' || base?.kind !== 'object') return undefined
    const resolver = resolverOf(oid)
    const states = { base: base.slots, committed: committed.slots, ours: draft.slots }
    return resolver && mergedSlots(states, resolver)
  }

  /** A change of something that a pack has taken away meanwhile, or a reference to it. */
  #packedAway(request: CommitRequest): BatError | undefined {
    const lost = new Set(this.#options.horizon.refused(request, this.#options.revisions.values))
    for (const [oid, { created }] of request.drafts)
      if (!created && this.#newest(oid) === undefined) lost.add(oid)
    return lost.size === 0 ? undefined : new BatError('E_PACKED_AWAY', { objects: [...lost] })
  }

  #newest(oid: Oid): number | undefined {
    return this.fresh.get(oid)?.tid ?? this.#options.revisions.newest(oid)
  }

  #revision(oid: Oid): Revision | undefined {
    return this.fresh.get(oid) ?? this.#options.revisions.at(oid, this.head.tid)
  }

  #write(request: CommitRequest, merged: ReadonlyMap<Oid, Slots>, writer: Writer): void {
    const tid = this.head.tid + 1
    const put = (table: Table, key: Key, body: RecordBody) =>
      writer.put(table, key, formatRecord(table, key, body))
    const lists = { created: [] as Oid[], changed: [] as Oid[], gone: [] as Oid[] }
    const { values, shapes } = this.#options.revisions
    const sharer = new Sharer(values, writer.put)
    const note = (oid: Oid, revision: Revision) => {
      this.fresh.set(oid, revision)
    }
    const revise = (oid: Oid, revision: Exclude<Revision, { readonly kind: 'object' }>) => {
      put('revisions', revisionKey(oid, tid), revision)
      note(oid, revision)
    }
    const reviseObject = (oid: Oid, slots: Slots) => {
      const key = revisionKey(oid, tid)
      const { record, lazy } = formatObject(key, { slots, shape: shapes.versionOf(slots) }, sharer)
      writer.put('revisions', key, record)
      note(oid, { tid, kind: 'object', slots: lazy ? new LazySlots(lazy, values.read) : slots })
    }
    for (const [oid, draft] of request.drafts) {
      lists[draft.kind === 'gone' ? 'gone' : draft.created ? 'created' : 'changed'].push(oid)
      if (draft.kind === 'object') reviseObject(oid, merged.get(oid) ?? draft.slots)
      else if (draft.kind === 'gone') revise(oid, { tid, kind: 'gone' })
      else if (!request.entries.has(oid)) revise(oid, { tid, kind: 'tree', count: draft.count })
    }
    for (const [tree, changes] of request.entries) {
      const draft = request.drafts.get(tree)
      const before = draft?.kind === 'tree' ? draft.count : undefined
      const count = this.#writeEntries(tree, changes, { tid, put, created: draft?.created ?? false, before })
      if (draft?.kind === 'gone') continue
      if (!draft) lists.changed.push(tree)
      revise(tree, { tid, kind: 'tree', count })
    }
    for (const { sha256, size } of request.blobs) {
      const key = blobKey(sha256)
      put('blobs', key, blobBody({ sha256, size, tid }, this.#options.store.get('blobs', key)))
    }
    this.written.push({ record: this.#close(request, lists, { tid, put }), values: sharer.digests })
  }

  /** Answers the count of entries that the Tree has now. */
  #writeEntries(
    tree: Oid,
    changes: EntryChanges,
    { tid, put, created, before }: Sink & { readonly created: boolean; readonly before: number | undefined },
  ): number {
    const revision = created ? undefined : this.#revision(tree)
    let count = before ?? (revision?.kind === 'tree' ? revision.count : 0)
    const { entries } = this.#options
    for (const { key, value } of changes.values()) {
      const there = revision !== undefined && isThere(entries, { tree, key, tid })
      count += Number(value !== undefined) - Number(there)
      const body: RecordBody = value === undefined ? { kind: 'gone' } : { kind: 'entry', value }
      put('entries', entryVersionKey(tree, key, tid), body)
    }
    return count
  }

  #close(request: CommitRequest, lists: Lists, { tid, put }: Sink): TransactionRecord {
    const created = lists.created.reduce((most, oid) => Math.max(most, numberOf(oid) + 1), this.head.next)
    const time = Math.max(this.head.time, this.#options.clock.now())
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
      next: oidOf(created),
    }
    put('transactions', transactionKey(tid), transactionBody(record))
    this.head = { tid, time, next: created }
    return record
  }
}

/** Whether a Tree has an entry. A damaged one was counted when it was written, and can be replaced. */
function isThere(entries: Entries, { tree, key, tid }: { tree: Oid; key: Key; tid: number }): boolean {
  try {
    return entries.at(tree, key, tid)?.value !== undefined
  } catch (error) {
    if (error instanceof BatError && error.code === 'E_RECORD_DAMAGED') return true
    throw error
  }
}

interface Sink {
  readonly tid: number
  readonly put: (table: Table, key: Key, body: RecordBody) => void
}

interface Lists {
  readonly created: Oid[]
  readonly changed: Oid[]
  readonly gone: Oid[]
}
