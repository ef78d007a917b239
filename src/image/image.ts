// The living image: a transactional, versioned graph of prototype objects in one folder.
//
//   data.mdb, lock.mdb   the records (store.ts), and LMDB's own table of readers
//   lock                 which process has the image open (lock.ts)
//   blobs/               bytes kept beside the records (blob.ts)
//
// This file only composes: each part says what it does itself.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, oidOf, type Tid, tidOf, uuidV7 } from '../base/ids.ts'
import { Teardown } from '../base/teardown.ts'
import type { BlobRef } from '../base/value.ts'
import { type BackupOptions, type BackupReport, backUp } from './backup.ts'
import { Blobs, type ByteRange } from './blob.ts'
import { syncFolder } from './blob-file.ts'
import { type CommitListener, Committer } from './commit.ts'
import { builtInResolvers, type Resolvers } from './conflict-resolvers.ts'
import { Entries } from './entries.ts'
import { type Head, headOf } from './head.ts'
import {
  History,
  type PastState,
  type SlotDifference,
  type TransactionFilter,
  type TransactionRecord,
} from './history.ts'
import { Horizon } from './horizon.ts'
import { FORMAT, founded, type Identity, identityOf, PROGRAM } from './identity.ts'
import { blobKey, type Table, tables } from './keyspace.ts'
import type { Digest } from './lazy-slots.ts'
import { takeLock } from './lock.ts'
import { checkMedium } from './medium.ts'
import { type MigrationProgress, migrateFormat } from './migration.ts'
import { type Packed, type PackFloor, type PackOptions, type PackReport, packImage } from './pack.ts'
import { dropMove, finishMove } from './place.ts'
import { Revisions } from './revisions.ts'
import { isSalvageable, salvagedHead, salvagedIdentity } from './salvage.ts'
import type { Shape } from './shapes.ts'
import { type Room, Store } from './store.ts'
import { type DumpOptions, type DumpReport, dumpImage } from './text/dump.ts'
import { problemOf, Survey } from './text/survey.ts'
import { Transaction, type TransactionOptions } from './transaction.ts'
import { undoInto } from './undo.ts'
import { type Usage, type UsageOptions, usageOf } from './usage.ts'
import { type Fault, type Verification, type VerifyOptions, verifyImage } from './verify.ts'
import { type Source, View } from './view.ts'
import { fullDiskOr, writeFailure } from './write-failure.ts'

export interface ImageOptions {
  readonly dir: string
  readonly clock: Clock
  /** Whether an fsync stands behind each commit; true unless said otherwise. */
  readonly durable?: boolean
  /** How much memory what is kept decoded may take, in MiB; 128 unless said otherwise. */
  readonly cacheMb?: number
  /** How many objects are kept decoded at most; as many as there is room for unless said otherwise. */
  readonly cacheObjects?: number
  /** Conflict resolvers that objects may name, beside those built in. */
  readonly resolvers?: Resolvers
  /** What changed in the slots of objects since they were written; SHAPES unless said otherwise. */
  readonly shapes?: readonly Shape[]
  /** Opens it to be read even where its records about itself are damaged (salvage.ts). */
  readonly salvage?: boolean
  /** Is told while an image of an older format is brought to the present one. */
  readonly onMigration?: (progress: MigrationProgress) => void
}

export interface UndoOptions extends TransactionOptions {
  /** Objects and Trees that stay as they are. */
  readonly keep?: Iterable<Oid>
  /** Whether an object or a Tree only tells of what happened: it may name what goes, and leads there no more. */
  readonly isAccount?: (oid: Oid) => boolean
}

export interface ImageStats {
  readonly id: string
  /** The version of the image's format, and of this program. */
  readonly format: number
  readonly program: string
  readonly head: Tid
  /** The oldest moment that can be seen; its time in milliseconds since 1970-01-01 UTC. */
  readonly oldest: { readonly transaction: Tid; readonly time: number }
  /** Whether a pack was cut short: the next one does what is left. */
  readonly packUnfinished: boolean
  /** Of the file of records, in bytes. It never shrinks; what is free is used again. */
  readonly room: Room
  /** Objects kept decoded in memory. */
  readonly cached: number
  readonly tables: Readonly<Record<Table, { readonly records: number; readonly bytes: number }>>
}

const CACHE_MB = 128
/** Of the budget: as much as revisions take, what Views hold of them may take once more. */
const REVISIONS_SHARE = 5 / 16
const VALUES_SHARE = 3 / 16
const ENTRIES_SHARE = 3 / 16
const TRIES = 5

/**
 * Opens the image in `dir`, or makes one there. Throws E_IMAGE_LOCKED with the pid of the process that has it open,
 * E_IMAGE_FOREIGN, E_IMAGE_VERSION, E_DISK_FULL, E_HOME when the folder cannot be written.
 */
export async function openImage(options: ImageOptions): Promise<Image> {
  const { clock, durable = true } = options
  const dir = resolve(options.dir) // whatever the working folder is later
  const teardown = new Teardown()
  try {
    await finishMove(dir)
    prepareFolder(dir)
    teardown.add(takeLock(join(dir, 'lock'), dir))
    await dropMove(dir)
    checkMedium(join(dir, 'data.mdb'))
    const store = openStore(dir, durable)
    teardown.add(() => store.close())
    const damage: string[] = []
    const soundly = <T>(read: () => T, instead: () => T): T => {
      try {
        return read()
      } catch (error) {
        if (!options.salvage || !isSalvageable(error)) throw error
        damage.push(problemOf(error))
        return instead()
      }
    }
    const identity = soundly(() => identityOf(store, dir), salvagedIdentity) ?? newImage(store, dir, clock)
    if (damage.length === 0) await migrateFormat(store, identity, options.onMigration)
    const isNamed = (sha256: string) => store.get('blobs', blobKey(sha256)) !== undefined
    const blobs = new Blobs({ dir: join(dir, 'blobs'), isNamed, durable })
    teardown.add(() => blobs.settled())
    await blobs.open()
    // the names of the data file and of its folder: what is committed is nowhere when these are lost
    if (durable) for (const folder of [dir, dirname(dir)]) await syncFolder(folder)
    const head = soundly(
      () => headOf(store),
      () => salvagedHead(store),
    )
    const horizon = soundly(
      () => new Horizon().load(store),
      () => new Horizon(),
    )
    return new Image({ ...options, dir, store, identity, blobs, teardown, head, horizon, damage })
  } catch (error) {
    await teardown.run()
    throw fullDiskOr(error, dir)
  }
}

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
  readonly #blobs: Blobs
  readonly #horizon: Horizon
  readonly #revisions: Revisions
  readonly #entries: Entries
  readonly #source: Source
  readonly #resolvers: Resolvers
  readonly #open = new Set<Transaction>()
  readonly #listeners = new Set<CommitListener>()
  /** Moments that are looked at, beside those of open transactions. */
  readonly #pins = new Set<{ readonly moment: number }>()
  #packing: Packing | undefined
  #next: number
  #closed = false

  /** Use openImage. */
  constructor(parts: ImageOptions & ImageParts) {
    const { store, dir, clock, identity, head, cacheMb = CACHE_MB, cacheObjects } = parts
    const budget = cacheMb * 2 ** 20
    this.id = identity.id
    this.damage = parts.damage
    this.#store = store
    this.#shapes = parts.shapes
    this.#clock = clock
    this.#dir = dir
    this.#teardown = parts.teardown
    this.#blobs = parts.blobs
    const { horizon } = parts
    this.#horizon = horizon
    this.#revisions = new Revisions(store, {
      ...(cacheObjects !== undefined && { limit: cacheObjects }),
      bytes: budget * REVISIONS_SHARE,
      valueBytes: budget * VALUES_SHARE,
      sole: true,
      shapes: parts.shapes,
      horizon,
    })
    this.#entries = new Entries(store, { bytes: budget * ENTRIES_SHARE, horizon })
    this.#resolvers = { ...builtInResolvers, ...parts.resolvers }
    const onCommit: CommitListener = (record) => {
      for (const oid of record.gone) this.#source.volatile.delete(oid)
      for (const listener of this.#listeners) listener(record)
    }
    const [revisions, entries] = [this.#revisions, this.#entries]
    this.#source = { revisions, entries, volatile: new Map() }
    this.#committer = new Committer({ store, dir, revisions, entries, horizon, clock, head, onCommit })
    this.#history = new History({ store, revisions, horizon, newest: () => this.#committer.head.tid })
    this.#next = head.next
  }

  /** The newest transaction. */
  get head(): Tid {
    return tidOf(this.#committer.head.tid)
  }

  /** A transaction that sees the image as it is now. */
  begin(options: TransactionOptions): Transaction {
    this.#mustBeOpen()
    const transaction = new Transaction(this.#source, this.#committer.head.tid, options, {
      allocate: () => oidOf(this.#next++),
      isAllocated: (oid) => numberOf(oid) < this.#next,
      commit: (request) => {
        this.#mustBeWhole()
        return this.#committer.commit(request)
      },
      ended: (ended) => this.#ended(ended),
      blobs: this.#blobs,
      resolvers: this.#resolvers,
    })
    this.#open.add(transaction)
    return transaction
  }

  /** The image as it is now, read only: what is committed later is not seen in it. */
  now(): View {
    this.#mustBeOpen()
    return new View(this.#source, this.#committer.head.tid)
  }

  /**
   * Runs `work` in a transaction and commits it; on a conflict again, on what is there then, at most `tries` times.
   * `onConflict` is told of each time.
   */
  async transact<T>(
    options: TransactionOptions,
    work: (transaction: Transaction) => T | Promise<T>,
    { tries = TRIES, onConflict }: { readonly tries?: number; readonly onConflict?: () => void } = {},
  ): Promise<{ readonly value: T; readonly tid: Tid }> {
    for (let left = tries; ; left--) {
      const transaction = this.begin(options)
      try {
        const value = await work(transaction)
        return { value, tid: await transaction.commit() }
      } catch (error) {
        const again = error instanceof BatError && error.code === 'E_CONFLICT' && left > 1
        if (!again) throw error
        onConflict?.()
      } finally {
        transaction.abort()
      }
    }
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
  async undo(
    tids: Tid | readonly Tid[],
    { keep = [], isAccount = () => false, ...options }: UndoOptions,
  ): Promise<Tid> {
    const records = [...new Set(typeof tids === 'string' ? [tids] : tids)].map((tid) => {
      if (tid !== tidOf(0)) this.#horizon.check(numberOf(tid) - 1, `what was before ${tid}`)
      const record = this.transaction(tid)
      if (!record || tid === tidOf(0)) throw new BatError('E_NO_TRANSACTION', { tid })
      return record
    })
    const said = records.map(({ tid, description }) => `${tid}: ${description}`).join('; ')
    const description = options.description ?? `undo ${said}`
    const [revisions, entries, resolvers] = [this.#revisions, this.#entries, this.#resolvers]
    const past = {
      revisions,
      entries,
      resolvers,
      isAccount,
      since: (from: Tid) => this.transactions({ from }),
    }
    const undone = await this.transact({ ...options, description }, async (transaction) => {
      await undoInto(transaction, records, past, new Set(keep))
      if (transaction.isBlank) throw new BatError('E_UNDO_NOTHING', { tid: records.map(({ tid }) => tid) })
    })
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
  async pack({ before, ...options }: PackOptions): Promise<PackReport> {
    this.#mustBeOpen()
    if (this.#packing) throw new BatError('E_PACKING')
    const ends = new AbortController()
    const signal = options.signal ? AbortSignal.any([ends.signal, options.signal]) : ends.signal
    const parts: Packed = {
      store: this.#store,
      dir: this.#dir,
      horizon: this.#horizon,
      blobs: this.#blobs,
      open: this.#open,
      settled: () => this.#committer.settled(),
      onMove: () => {
        this.#revisions.forget()
        this.#entries.forget()
      },
      onGone: (oid) => void this.#source.volatile.delete(oid),
    }
    const floor = this.#floor(before)
    const done = packImage(parts, floor, { ...options, signal })
    this.#packing = { ends, done: done.then(noted, noted), moment: options.dryRun ? 0 : floor.moment }
    try {
      return await done
    } finally {
      this.#packing = undefined
    }
  }

  /** Keeps a moment from being packed until the function that comes back is called. Throws E_PACKED when it is about to be. */
  #pin(moment: number): () => void {
    if (this.#packing && moment < this.#packing.moment) {
      const time = new Date(this.transaction(tidOf(this.#packing.moment))?.time ?? 0).toISOString()
      throw new BatError('E_PACKED', { what: tidOf(moment), moment: tidOf(this.#packing.moment), time })
    }
    const pin = { moment }
    this.#pins.add(pin)
    return () => void this.#pins.delete(pin)
  }

  /** What a pack may go back to: no later than `before`, nor than what anybody looks at. */
  #floor(before: Tid | number): PackFloor {
    const wanted = this.#history.moment(before) ?? 0
    const seen = [...this.#open, ...this.#pins].map(({ moment }) => moment)
    const moment = Math.max(this.#horizon.moment, Math.min(wanted, ...seen))
    // an image that was loaded from a dump begins later than with tx:0
    const record = this.transaction(tidOf(moment)) ?? [...this.transactions({ limit: 1 })][0]
    if (!record) throw new BatError('E_NO_TRANSACTION', { tid: tidOf(moment) })
    return { moment: numberOf(record.tid), time: record.time }
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
    const { time, next } = this.#described(tid)
    const survey = this.#survey(moment, numberOf(next))
    const blobFile = (ref: BlobRef) => this.#blobs.path(ref)
    const { id } = this
    const unpin = this.#pin(numberOf(tid))
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

  /** Of a transaction whose record is damaged as much as matters. */
  #described(tid: Tid): { readonly time: number; readonly next: Oid } {
    try {
      return this.transaction(tid) ?? { time: 0, next: oidOf(this.#next) }
    } catch (error) {
      if (!isSalvageable(error)) throw error
      return { time: 0, next: oidOf(this.#next) }
    }
  }

  stats(): ImageStats {
    const sizes = Object.fromEntries(tables.map((table) => [table, this.#store.sizeOf(table)]))
    const { moment, time, isUnfinished } = this.#horizon
    return {
      id: this.id,
      format: FORMAT,
      program: PROGRAM,
      head: this.head,
      oldest: { transaction: tidOf(moment), time: time || (this.transaction(tidOf(moment))?.time ?? 0) },
      packUnfinished: isUnfinished,
      room: this.#store.room,
      cached: this.#revisions.cachedCount,
      tables: sizes as ImageStats['tables'],
    }
  }

  /** What takes the room; a large image is estimated from a part of it (usage.ts). */
  usage(options: UsageOptions = {}): Promise<Usage> {
    return usageOf(this.#store, this.at(this.head), options)
  }

  /** Writes what waits to be committed, forgets open transactions, gives the image free. */
  async close(): Promise<void> {
    this.#closed = true
    this.#packing?.ends.abort(new BatError('E_IMAGE_CLOSED'))
    await this.#packing?.done
    await this.#committer.close()
    for (const transaction of [...this.#open]) transaction.abort()
    await this.#teardown.run()
  }

  get dir(): string {
    return this.#dir
  }

  #ended(transaction: Transaction): void {
    this.#open.delete(transaction)
    this.#horizon.ended(transaction)
  }

  #mustBeWhole(): void {
    if (this.damage.length > 0) throw new BatError('E_IMAGE_DAMAGED', { dir: this.#dir, damage: this.damage })
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new BatError('E_IMAGE_CLOSED')
  }
}

interface Packing {
  readonly ends: AbortController
  readonly done: Promise<void>
  /** What it packs up to. */
  readonly moment: number
}

/** Whoever packs is told how it ended; closing only waits for it. */
const noted = (): void => {}

interface ImageParts {
  readonly store: Store
  readonly identity: Identity
  readonly blobs: Blobs
  readonly teardown: Teardown
  readonly head: Head
  readonly horizon: Horizon
  readonly damage: readonly string[]
}

function prepareFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true })
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BatError('E_HOME', { home: dir, reason }, { cause: error })
  }
}

function openStore(dir: string, durable: boolean): Store {
  try {
    return Store.open(dir, { durable })
  } catch (error) {
    const failure = writeFailure(error, dir)
    if (failure.code === 'E_DISK_FULL') throw failure
    const found = error instanceof Error ? error.message : String(error)
    throw new BatError(
      'E_IMAGE_FOREIGN',
      { file: join(dir, 'data.mdb'), expected: 'an LMDB data file of this machine', found },
      { cause: error },
    )
  }
}

function newImage(store: Store, dir: string, clock: Clock): Identity {
  const time = clock.now()
  try {
    return founded(store, { id: uuidV7(time), time })
  } catch (error) {
    throw writeFailure(error, dir)
  }
}
