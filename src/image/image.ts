// The living image: a transactional, versioned graph of prototype objects in one folder, open (open.ts opens it).
//
// This file only composes: each part says what it does itself.
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, oidOf, type Tid, tidOf } from '../base/ids.ts'
import type { Teardown } from '../base/teardown.ts'
import type { BlobRef } from '../base/value.ts'
import { type BackupOptions, type BackupReport, backUp } from './backup.ts'
import type { Blobs, ByteRange } from './blob.ts'
import { type CommitListener, Committer } from './commit.ts'
import { builtInResolvers, type Resolvers } from './conflict-resolvers.ts'
import type { Head } from './head.ts'
import {
  History,
  type PastState,
  type SlotDifference,
  type TransactionFilter,
  type TransactionRecord,
} from './history.ts'
import type { Horizon } from './horizon.ts'
import { type Table, tables } from './keyspace.ts'
import type { Digest } from './lazy-slots.ts'
import type { PackOptions, PackReport } from './pack.ts'
import { Packer } from './packer.ts'
import { despiteConflicts, type RetryOptions } from './retry.ts'
import type { Shape } from './shapes.ts'
import { soundly } from './soundly.ts'
import { type ImageStats, statsOf } from './stats.ts'
import type { Store } from './store.ts'
import { type DumpOptions, type DumpReport, dumpImage } from './text/dump.ts'
import { Survey } from './text/survey.ts'
import { type Desk, Transaction, type TransactionOptions } from './transaction.ts'
import { type UndoOptions, undoInto, undoOf } from './undo.ts'
import { type Usage, type UsageOptions, usageOf } from './usage.ts'
import { type Fault, type Verification, type VerifyOptions, verifyImage } from './verify.ts'
import { type Source, View } from './view.ts'

/** What an image is made of, once its folder has been opened. */
export interface ImageParts {
  readonly id: string
  readonly dir: string
  readonly clock: Clock
  readonly store: Store
  readonly blobs: Blobs
  readonly horizon: Horizon
  readonly head: Head
  readonly source: Source
  readonly resolvers: Resolvers | undefined
  readonly shapes: readonly Shape[] | undefined
  readonly damage: readonly string[]
  /** Closes all of it. */
  readonly teardown: Teardown
}

const TRIES = 5

export class Image {
  readonly id: string
  /** What of its records about itself is damaged; then nothing can be committed. */
  readonly damage: readonly string[]
  readonly #store: Store
  readonly #shapes: readonly Shape[] | undefined
  readonly #clock: Clock
  readonly #dir: string
  readonly #teardown: Teardown
  readonly #committer: Committer
  readonly #history: History
  readonly #packer: Packer
  readonly #blobs: Blobs
  readonly #horizon: Horizon
  readonly #source: Source
  readonly #desk: Desk
  readonly #open = new Set<Transaction>()
  readonly #listeners = new Set<CommitListener>()
  #next: number
  #closed = false

  /** Use openImage. */
  constructor(parts: ImageParts) {
    const { store, dir, clock, blobs, horizon, head, source } = parts
    const { revisions, entries, volatile } = source
    this.id = parts.id
    this.damage = parts.damage
    this.#store = store
    this.#shapes = parts.shapes
    this.#clock = clock
    this.#dir = dir
    this.#teardown = parts.teardown
    this.#blobs = blobs
    this.#horizon = horizon
    this.#source = source
    const onCommit: CommitListener = (record) => {
      for (const oid of record.gone) volatile.delete(oid)
      for (const listener of this.#listeners) listener(record)
    }
    const committer = new Committer({ store, dir, revisions, entries, horizon, clock, head, onCommit })
    this.#committer = committer
    this.#history = new History({ store, revisions, horizon, newest: () => committer.head.tid })
    this.#packer = new Packer({
      store,
      dir,
      horizon,
      blobs,
      history: this.#history,
      open: this.#open,
      settled: () => committer.settled(),
      onMove: () => {
        revisions.forget()
        entries.forget()
      },
      onGone: (oid) => void volatile.delete(oid),
    })
    this.#next = head.next
    this.#desk = {
      allocate: () => oidOf(this.#next++),
      isAllocated: (oid) => numberOf(oid) < this.#next,
      commit: (request) => {
        if (this.damage.length > 0) throw new BatError('E_IMAGE_DAMAGED', { dir, damage: this.damage })
        return committer.commit(request)
      },
      ended: (transaction) => {
        this.#open.delete(transaction)
        horizon.ended(transaction)
      },
      blobs,
      resolvers: { ...builtInResolvers, ...parts.resolvers },
    }
  }

  /** The newest transaction. */
  get head(): Tid {
    return tidOf(this.#committer.head.tid)
  }

  /** A transaction that sees the image as it is now. */
  begin(options: TransactionOptions): Transaction {
    this.#mustBeOpen()
    const transaction = new Transaction(this.#source, this.#committer.head.tid, options, this.#desk)
    this.#open.add(transaction)
    return transaction
  }

  /** The image as it is now, read only: what is committed later is not seen in it. */
  now(): View {
    this.#mustBeOpen()
    return new View(this.#source, this.#committer.head.tid)
  }

  /**
   * Runs `work` in a transaction and commits it; on a conflict again, on what is there then, five times at most unless
   * said otherwise.
   */
  transact<T>(
    options: TransactionOptions,
    work: (transaction: Transaction) => T | Promise<T>,
    { tries = TRIES, onConflict }: Partial<RetryOptions> = {},
  ): Promise<{ readonly value: T; readonly tid: Tid }> {
    const once = async () => {
      const transaction = this.begin(options)
      try {
        const value = await work(transaction)
        return { value, tid: await transaction.commit() }
      } finally {
        transaction.abort()
      }
    }
    return despiteConflicts(once, { tries, onConflict })
  }

  /** Oids that nothing has had and nothing else will get. */
  allocate(count: number): Oid[] {
    const first = this.#next
    this.#next += count
    const oids: Oid[] = []
    for (let i = 0; i < count; i++) oids.push(oidOf(first + i))
    return oids
  }

  /** Calls `listener` after each commit, until the function that comes back is called. */
  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The revisions of an object or a Tree, the newest first. */
  history(oid: Oid): Iterable<PastState> {
    return this.#history.of(oid)
  }

  transaction(tid: Tid): TransactionRecord | undefined {
    return this.#history.transaction(tid)
  }

  transactions(filter: TransactionFilter = {}): Iterable<TransactionRecord> {
    return this.#history.transactions(filter)
  }

  /** The transactions after `since`, the oldest first: the feed from which everything derived is brought up to date. Throws E_PACKED. */
  changes(since: Tid): Iterable<TransactionRecord> {
    return this.#history.changes(since)
  }

  /** The image as it was: after a transaction, or at a time in milliseconds. Throws E_PACKED, E_NO_TRANSACTION. */
  at(at: Tid | number): View {
    return new View(this.#source, this.#history.visible(at))
  }

  /** How the slots of an object differ between two transactions. */
  diff(oid: Oid, a: Tid, b: Tid): SlotDifference[] {
    return this.#history.diff(oid, a, b)
  }

  /** Takes transactions back by a new one, whose id it answers. Throws E_UNDO_CONFLICT, E_UNDO_REFERRED, E_UNDO_NOTHING, E_PACKED, E_NO_TRANSACTION. */
  async undo(tids: Tid | readonly Tid[], options: UndoOptions): Promise<Tid> {
    const { keep = [], isAccount = () => false, ...about } = options
    const records = this.#history.undoable(typeof tids === 'string' ? [tids] : tids)
    const description = about.description ?? undoOf(records)
    const { revisions, entries } = this.#source
    const since = (from: Tid) => this.transactions({ from })
    const past = { revisions, entries, resolvers: this.#desk.resolvers, isAccount, since }
    const undone = await this.transact({ ...about, description }, (transaction) =>
      undoInto(transaction, records, past, new Set(keep)),
    )
    return undone.tid
  }

  /** The file of a committed blob, to be read or mapped and never written. Throws E_BLOB_MISSING, E_BLOB_DAMAGED. */
  blobPath(ref: BlobRef): string {
    return this.#blobs.path(ref)
  }

  /** Bytes of a committed blob, as a stream. Throws E_BLOB_MISSING, E_BLOB_DAMAGED, E_BLOB_RANGE. */
  readBlob(ref: BlobRef, range: ByteRange = {}): AsyncIterable<Uint8Array> {
    return this.#blobs.read(ref, range)
  }

  /**
   * Forgets the past before a moment and what nothing can reach: see pack.ts. Others may work meanwhile. Throws E_PACKING,
   * E_NO_TRANSACTION, E_DISK_FULL, or the reason of `signal`; cut short, the next pack goes on.
   */
  async pack(options: PackOptions): Promise<PackReport> {
    this.#mustBeOpen()
    return this.#packer.pack(options)
  }

  /** Looks at everything as it is now, beside whatever goes on; each fault as it is found (verify.ts). */
  async *faults(options: VerifyOptions = {}): AsyncGenerator<Fault, void, undefined> {
    const youngValues = new Set<Digest>()
    const end = this.#committer.noteValues(youngValues)
    await this.#committer.settled() // what is being written now was not noted
    const pin = this.begin({ user: 'kernel' }) // keeps what is looked at from being packed
    try {
      const { moment } = pin
      yield* verifyImage(
        { store: this.#store, blobs: this.#blobs, horizon: this.#horizon, moment, youngValues },
        options,
      )
    } finally {
      end()
      pin.abort()
    }
  }

  /** Copies the image as it is now into a folder, beside whatever goes on (backup.ts). */
  async backup(dir: string, options: BackupOptions = {}): Promise<BackupReport> {
    const pin = this.begin({ user: 'kernel' }) // keeps what is copied from being packed
    try {
      const [store, blobs, clock] = [this.#store, this.#blobs, this.#clock]
      return await backUp({ id: this.id, store, blobs, clock, moment: pin.moment }, dir, options)
    } finally {
      pin.abort()
    }
  }

  /** All that `faults` finds, and how much was looked at. */
  async verify(options: VerifyOptions = {}): Promise<Verification> {
    const { head } = this
    const faults: Fault[] = []
    for await (const fault of this.faults(options)) faults.push(fault)
    const ok = faults.every(({ harmless }) => harmless)
    const sizes = tables.map((table): [Table, number] => [table, this.#store.sizeOf(table).records])
    const records = Object.fromEntries(sizes) as Record<Table, number>
    return { ok, head, records, faults }
  }

  /**
   * Writes the image as it is, or was at `at`, as text to a folder. Throws E_DUMP_FOLDER, E_NO_TRANSACTION, and the reason
   * of `signal`.
   */
  async dump({
    at = this.head,
    ...options
  }: DumpOptions & { readonly at?: Tid | number }): Promise<DumpReport> {
    const { moment, snapshot: tid } = this.at(at)
    const { time, next } = soundly(() => this.transaction(tid)) ?? { time: 0, next: oidOf(this.#next) }
    const survey = this.#survey(moment, numberOf(next))
    const blobFile = (ref: BlobRef) => this.#blobs.path(ref)
    const { id } = this
    const unpin = this.#packer.pin(numberOf(tid))
    try {
      return await dumpImage({ survey, id, tid, time, next, blobFile }, options)
    } finally {
      unpin()
    }
  }

  /** What there is, as far as it can be read: for whoever looks at an image that is damaged. */
  survey(at: Tid = this.head): Survey {
    return this.#survey(this.at(at).moment, this.#next)
  }

  #survey(moment: number, next: number): Survey {
    return new Survey(this.#store, { moment, next, shapes: this.#shapes, horizon: this.#horizon })
  }

  stats(): ImageStats {
    const [store, horizon, history] = [this.#store, this.#horizon, this.#history]
    return statsOf({
      id: this.id,
      head: this.head,
      store,
      horizon,
      history,
      revisions: this.#source.revisions,
    })
  }

  /** What takes the room; a large image is estimated from a part of it (usage.ts). */
  usage(options: UsageOptions = {}): Promise<Usage> {
    return usageOf(this.#store, this.at(this.head), options)
  }

  /** Writes what waits to be committed, forgets open transactions, gives the image free. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#packer.close()
    await this.#committer.close()
    for (const transaction of [...this.#open]) transaction.abort()
    await this.#teardown.run()
  }

  get dir(): string {
    return this.#dir
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new BatError('E_IMAGE_CLOSED')
  }
}
