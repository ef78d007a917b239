// A transaction: what one thought, one command, one person changes, all or nothing. It sees the image as it was when it
// began, with its own changes over it, however long it stays open, and holds no read transaction of the store meanwhile.
//
//   open        reads and changes; savepoint, doom
//   committing  commit was called; nothing can be changed any more
//   committed   durable; from committing
//   aborted     all forgotten; from open, or from committing on a conflict
//
// A doomed transaction stays open but cannot be committed. When the disk is full, committing goes back to open, so that
// the commit can be tried again once there is room. Reading works in every state.
import { BatError } from '../base/errors.ts'
import { type Oid, type Tid, tidOf } from '../base/ids.ts'
import type { BlobRef, PlainObject, Value } from '../base/value.ts'
import { admit, isAtom } from './admit.ts'
import { type BlobSource, type Blobs, type ByteRange, readRange } from './blob.ts'
import { ChangeSet } from './change-set.ts'
import type { CommitRequest, Draft } from './commit.ts'
import { type Resolvers, resolverOf } from './conflict-resolvers.ts'
import { Obj } from './object.ts'
import { type ObjectState, ROOT, type Slots } from './object-state.ts'
import { danglingIn, type Places, Referred } from './referred.ts'
import { StagedBlobs } from './staged-blobs.ts'
import { type SlotList, takenSlots } from './taken-slots.ts'
import { Tree } from './tree.ts'
import { type EntryChanges, type Source, View } from './view.ts'

export interface TransactionOptions {
  /** Who is answerable for it: a persona, a client. */
  readonly user: string
  readonly description?: string
  /** A little more, such as the cycle's id. */
  readonly meta?: PlainObject
  /** Lets be references to what is not there (yet): for whoever loads a dump, and looks at them himself. */
  readonly dangling?: boolean
}

/** What a transaction needs of its image, beside what is committed. */
export interface Desk {
  allocate(): Oid
  isAllocated(oid: Oid): boolean
  commit(request: CommitRequest): Promise<number>
  ended(transaction: Transaction): void
  readonly blobs: Blobs
  readonly resolvers: Resolvers
}

export interface Savepoint {
  /** Takes back what was changed since; may be done again after more changes. Throws E_SAVEPOINT when it is gone. */
  rollback(): void
}

/** What no second try of the same commit can mend. */
const HOPELESS: ReadonlySet<string> = new Set(['E_CONFLICT', 'E_PACKED_AWAY'])

export type TransactionState = 'open' | 'committing' | 'committed' | 'aborted'

export class Transaction extends View {
  readonly options: TransactionOptions
  readonly #desk: Desk
  readonly #changes: ChangeSet
  readonly #currentReads = new Set<Oid>()
  readonly #blobs: StagedBlobs
  readonly #referred: Referred | undefined
  #state: TransactionState = 'open'
  #doom: string | undefined

  constructor(source: Source, moment: number, options: TransactionOptions, desk: Desk) {
    super(source, moment)
    const { meta } = options
    this.options = meta ? { ...options, meta: admit(meta, () => 'meta') as PlainObject } : options
    this.#desk = desk
    this.#blobs = new StagedBlobs(desk.blobs)
    if (!options.dangling) this.#referred = new Referred((oid) => desk.isAllocated(oid))
    this.#changes = new ChangeSet(() => {
      this.edition++
      this.changeCount++
    })
  }

  get state(): TransactionState {
    return this.#state
  }

  override kindOf(oid: Oid): 'object' | 'tree' | 'gone' {
    return this.#changes.drafts.get(oid)?.kind ?? super.kindOf(oid)
  }

  override slotsOf(oid: Oid): Slots | undefined {
    const draft = this.#changes.drafts.get(oid)
    if (!draft) return super.slotsOf(oid)
    return draft.kind === 'object' ? draft.slots : undefined
  }

  override treeCount(oid: Oid): number {
    const draft = this.#changes.drafts.get(oid)
    if (!draft) return super.treeCount(oid)
    if (draft.kind !== 'tree') throw new BatError('E_NO_OBJECT', { receiver: oid })
    return draft.count
  }

  override create(slots: SlotList = []): Obj {
    this.#mustBeOpen()
    const oid = this.#desk.allocate()
    const { kept, volatile } = takenSlots(slots, (value, slot) => this.#own(value, pathIn(oid, slot)))
    this.#changes.putObject(oid, kept, true)
    if (volatile) this.source.volatile.set(oid, volatile)
    return new Obj(this, oid)
  }

  override createTree(): Tree {
    this.#mustBeOpen()
    const oid = this.#desk.allocate()
    this.#changes.put(oid, { kind: 'tree', created: true, count: 0 })
    return new Tree(this, oid)
  }

  /** Takes an object or a Tree away. What refers to it dangles; verify names such places. */
  remove(oid: Oid): void {
    this.#mustBeOpen()
    if (oid === ROOT) throw new BatError('E_FROZEN', { object: 'root', by: 'anyone' })
    const draft = this.#changes.drafts.get(oid)
    if (draft?.kind === 'gone' || (!draft && !this.#isThere(oid))) {
      throw new BatError('E_NO_OBJECT', { receiver: oid })
    }
    if (draft?.created) this.#changes.drop(oid, draft)
    else this.#changes.put(oid, { kind: 'gone', created: false })
    this.forget(oid)
  }

  override setSlot(oid: Oid, slot: string, value: Value): void {
    const slots = this.#changing(oid)
    this.#referred?.note(value, () => this.pathOf(oid, slot))
    slots.set(slot, value)
    this.changeCount++
  }

  override deleteSlot(oid: Oid, slot: string): boolean {
    if (!this.slotsOf(oid)?.has(slot)) return false
    this.#changing(oid).delete(slot)
    this.changeCount++
    return true
  }

  override setEntry(tree: Oid, key: Uint8Array, value: Value | undefined): void {
    this.#mustBeOpen()
    if (!this.#isInHand(tree)) this.treeCount(tree)
    if (value !== undefined && !isAtom(value)) this.#referred?.note(value, () => this.entryPathOf(tree, key))
    this.#changes.setEntry(tree, key, value)
    this.changeCount++
  }

  override entryChanges(tree: Oid): EntryChanges | undefined {
    return this.#changes.entries.get(tree)
  }

  /** Makes this transaction conflict with any that changes `oid` before this one is committed. */
  readCurrent(oid: Oid): void {
    this.#mustBeOpen()
    if (!this.#isThere(oid)) throw new BatError('E_NO_OBJECT', { receiver: oid })
    this.#currentReads.add(oid)
  }

  /**
   * Takes bytes into the image; what names them is committed with this transaction, and gone when this part of it is taken
   * back. Throws E_BLOB_SOURCE, E_DISK_FULL, E_IMAGE_WRITE, or what the stream throws.
   */
  async importBlob(source: BlobSource): Promise<BlobRef> {
    this.#mustBeOpen()
    const staged = await this.#desk.blobs.stage(source)
    if (this.#state !== 'open') {
      this.#desk.blobs.discardSoon([staged])
      this.#mustBeOpen()
    }
    this.#changes.note(this.#blobs.add(staged))
    return staged.ref
  }

  /** The file of a blob, imported here or committed, to be read only. Throws E_BLOB_MISSING, E_BLOB_DAMAGED. */
  blobPath(ref: BlobRef): string {
    const own = this.#state === 'open' ? this.#blobs.path(ref) : undefined
    return own ?? this.#desk.blobs.path(ref)
  }

  /** Bytes of a blob, imported here or committed, as a stream. Throws E_BLOB_MISSING, E_BLOB_DAMAGED, E_BLOB_RANGE. */
  readBlob(ref: BlobRef, range: ByteRange = {}): AsyncIterable<Uint8Array> {
    return readRange(this.blobPath(ref), ref, range)
  }

  /** Everything changed or created so far, objects only, as it is now. */
  changes(): ObjectState[] {
    const states: ObjectState[] = []
    for (const [oid, draft] of this.#changes.drafts) {
      if (draft.kind === 'object') states.push({ oid, slots: new Map(draft.slots) })
    }
    return states
  }

  /** Takes over whole new states: objects are replaced, or created where their oid was handed out by allocate. */
  apply(states: readonly ObjectState[]): void {
    this.#mustBeOpen()
    const own = (oid: Oid) => (value: Value, slot: string) => this.#own(value, () => this.pathOf(oid, slot))
    const drafts = states.map(({ oid, slots }): [Oid, Map<string, Value>, boolean] => {
      const there = this.has(oid)
      if (!there && !this.#mayBecome(oid)) throw new BatError('E_NO_OBJECT', { receiver: oid })
      const created = this.#changes.drafts.get(oid)?.created ?? !there
      return [oid, takenSlots(slots, own(oid)).kept, created]
    })
    for (const [oid, slots, created] of drafts) this.#changes.putObject(oid, slots, created)
  }

  /** Brings an object or a Tree (without its entries) back to an earlier state; undefined: it was not there. */
  restore(oid: Oid, before: Draft | undefined): void {
    this.#mustBeOpen()
    this.#changes.put(oid, before ?? { kind: 'gone', created: false })
    if (!before) this.forget(oid)
  }

  savepoint(): Savepoint {
    this.#mustBeOpen()
    const mark = this.#changes.savepoint()
    return {
      rollback: () => {
        this.#mustBeOpen()
        this.#changes.rollBack(mark)
      },
    }
  }

  /** Lets the work go on but makes commit impossible, for `reason`. */
  doom(reason: string): void {
    this.#doom ??= reason
  }

  get doomed(): string | undefined {
    return this.#doom
  }

  /** Forgets all changes. Does nothing when the transaction has ended. */
  abort(): void {
    if (this.#state !== 'open') return
    this.#end('aborted')
    for (const [oid, { created }] of this.#changes.drafts) if (created) this.source.volatile.delete(oid)
    this.#changes.clear()
    this.#blobs.discard()
  }

  /**
   * Makes all changes durable at once and answers the transaction's id; of a transaction without changes, its snapshot.
   * Throws E_CONFLICT (retry), E_PACKED_AWAY, E_DANGLING, E_DOOMED, E_DISK_FULL, E_IMAGE_WRITE, E_TRANSACTION_ENDED.
   */
  async commit(): Promise<Tid> {
    this.#mustBeOpen()
    if (this.#doom !== undefined) throw new BatError('E_DOOMED', { reason: this.#doom })
    if (this.isBlank) {
      this.#end('committed')
      return this.snapshot
    }
    this.#state = 'committing'
    try {
      if (this.#blobs.count > 0) await this.#blobs.publish()
      const tid = await this.#desk.commit(this.#request())
      this.#end('committed')
      this.#blobs.committed()
      return tidOf(tid)
    } catch (error) {
      this.#state = 'open'
      if (error instanceof BatError && HOPELESS.has(error.code)) this.abort()
      throw error
    }
  }

  /** Whether there is nothing to write and nothing that could conflict. */
  get isBlank(): boolean {
    const { drafts, entries } = this.#changes
    return drafts.size + entries.size + this.#currentReads.size + this.#blobs.count === 0
  }

  #request(): CommitRequest {
    const { user, description = '', meta = {} } = this.options
    const entries = new Map([...this.#changes.entries].filter(([, changes]) => changes.size > 0))
    return {
      moment: this.moment,
      user,
      description,
      meta,
      drafts: this.#changes.drafts,
      entries,
      currentReads: this.#currentReads,
      blobs: this.#blobs.refs,
      referred: this.#referred?.oids ?? new Set(),
      danglingAt: (missing, turn) => danglingIn(this.#places(), missing, turn),
      resolverOf: (oid) => resolverOf(this, oid, this.#desk.resolvers),
    }
  }

  #places(): Places {
    const { drafts, entries } = this.#changes
    return {
      drafts,
      entries,
      slotsBefore: (oid) => super.slotsOf(oid),
      pathOf: (oid, slot) => this.pathOf(oid, slot),
      entryPathOf: (tree, key) => this.entryPathOf(tree, key),
    }
  }

  /** A value as it is kept, which is put in at `path()`. */
  #own(value: Value, path: () => string): Value {
    const own = admit(value, path)
    this.#referred?.note(own, path)
    return own
  }

  /** The slots of `oid`, to be changed in place. */
  #changing(oid: Oid): Map<string, Value> {
    this.#mustBeOpen()
    const inHand = this.#changes.slotsInHand(oid)
    if (inHand) return inHand
    const slots = this.slotsOf(oid)
    if (!slots) throw new BatError('E_NO_OBJECT', { receiver: oid })
    return this.#changes.begin(oid, slots)
  }

  /** Whether a committed Tree has entries changed here: then it was seen to be there. */
  #isInHand(tree: Oid): boolean {
    const { drafts, entries } = this.#changes
    return (entries.get(tree)?.size ?? 0) > 0 && !drafts.has(tree)
  }

  #isThere(oid: Oid): boolean {
    return this.kindOf(oid) !== 'gone'
  }

  #mayBecome(oid: Oid): boolean {
    return this.#desk.isAllocated(oid) && !this.#changes.drafts.has(oid) && this.committed(oid) === undefined
  }

  #end(state: 'committed' | 'aborted'): void {
    this.#state = state
    this.#desk.ended(this)
  }

  #mustBeOpen(): void {
    if (this.#state !== 'open') throw new BatError('E_TRANSACTION_ENDED', { state: this.#state })
  }
}

const pathIn = (oid: Oid, name: string) => () => `${oid}.${name}`
