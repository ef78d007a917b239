// Loading: makes an image of a dump. The image is made in a folder beside and moved to its place when it is whole, so what
// is wrong with the dump shows before anything has changed. Every file is read even after a fault, so that whoever edits a
// dump learns of all faults at once: text that cannot be read, marks of damage, names of what is not there.
//
// Oids are kept, and so is the number of the newest transaction, with its time: the image goes on counting where the dumped
// one was, and what refers to its transactions elsewhere (logs) does not come to mean others. What was loaded shows as the
// work of a few last transactions; what lay before them is not in a dump.
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { BatError } from '../../base/errors.ts'
import { numberOf, type Oid, oidOf, type Tid, tidOf, uuidV7 } from '../../base/ids.ts'
import type { Progress } from '../../base/progress.ts'
import { takeTurns } from '../../base/turns.ts'
import { TreeRef } from '../../base/value.ts'
import { founded, UNKNOWN_ID } from '../identity.ts'
import type { Image } from '../image.ts'
import { takeLock } from '../lock.ts'
import { ROOT } from '../object-state.ts'
import { openImage } from '../open.ts'
import { Place } from '../place.ts'
import { SHAPES, type Shape, Shapes } from '../shapes.ts'
import { Store } from '../store.ts'
import type { Transaction } from '../transaction.ts'
import { type DumpListing, listDump } from './dump-listing.ts'
import { DumpReading } from './dump-reading.ts'
import { blobPath } from './layout.ts'
import type { Entry } from './object-text.ts'

export interface LoadOptions {
  /** The folder of the dump. */
  readonly from: string
  /** Where the image is to be. */
  readonly dir: string
  readonly clock: Clock
  readonly shapes?: readonly Shape[]
  /** An image that is there already is put aside, under a name with the date. */
  readonly force?: boolean | undefined
  /** What is named and is not there is let be; verify goes on naming it. */
  readonly dangling?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface LoadReport {
  readonly dir: string
  readonly transaction: Tid
  readonly objects: number
  readonly trees: number
  readonly blobs: number
  /** Where the image is now that was there before. */
  readonly aside?: string
}

/** Objects a transaction; a chunk counts for as many entries as it has on average. */
const PER_TRANSACTION = 5_000
const CHUNK_WEIGHT = 500

/** Throws E_NO_DUMP, E_TEXT, E_LOAD with all that is wrong, E_IMAGE_EXISTS, E_IMAGE_LOCKED, the reason of `signal`. */
export async function loadImage(options: LoadOptions): Promise<LoadReport> {
  const { from, dir, clock, force = false } = options
  const listing = await listDump(from)
  clearLeftOvers(dir)
  const place = await Place.reserve(dir, { clock, force, command: `batos load ${from}` })
  const staging = `${dir}.loading-${randomUUID()}`
  mkdirSync(staging, { recursive: true })
  try {
    const report = await new Load(listing, staging, options).run()
    const aside = await place.take(staging)
    return { ...report, dir, ...(aside === null ? {} : { aside }) }
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    throw writeFailureAt(dir, error)
  } finally {
    await place.release()
  }
}

type Step =
  | { readonly kind: 'object' | 'tree'; readonly oid: Oid }
  | { readonly kind: 'chunk'; readonly oid: Oid; readonly chunk: string }

class Load {
  readonly #listing: DumpListing
  readonly #dir: string
  readonly #options: LoadOptions
  readonly #turn = takeTurns()
  readonly #reading: DumpReading
  readonly #blobs = new Set<string>()
  readonly #shapes: Shapes
  #done = 0

  constructor(listing: DumpListing, dir: string, options: LoadOptions) {
    this.#listing = listing
    this.#dir = dir
    this.#options = options
    this.#shapes = new Shapes(options.shapes ?? SHAPES)
    this.#reading = new DumpReading(listing, { dangling: options.dangling ?? false })
  }

  async run(): Promise<Omit<LoadReport, 'dir'>> {
    const { head, objects, trees } = this.#listing
    const groups = groupsOf(this.#listing)
    const image = await this.#found(groups.length)
    try {
      for (const group of groups) await this.#load(image, group)
      this.#reading.finish()
    } finally {
      await image.close()
    }
    return { transaction: head.tid, objects: objects.length, trees: trees.length, blobs: this.#blobs.size }
  }

  /** An empty image, which so many transactions bring to the one that was dumped. */
  async #found(transactions: number): Promise<Image> {
    const { tid, time } = this.#listing.head
    const id =
      this.#listing.head.id === UNKNOWN_ID ? uuidV7(this.#options.clock.now()) : this.#listing.head.id
    const store = Store.open(this.#dir)
    try {
      const first = Math.max(0, numberOf(tid) - transactions)
      founded(store, { id, time, tid: first, next: nextOid(this.#listing) })
    } finally {
      await store.close()
    }
    return openImage({
      dir: this.#dir,
      clock: { now: () => time },
      ...(this.#options.shapes ? { shapes: this.#options.shapes } : {}),
    })
  }

  async #load(image: Image, group: readonly Step[]): Promise<void> {
    const { clock, signal, onProgress } = this.#options
    const { objects, trees, head } = this.#listing
    const transaction = image.begin({
      user: 'kernel',
      description: `loaded from the dump of ${head.tid}`,
      meta: { kind: 'load', loaded: clock.now() },
      dangling: true,
    })
    try {
      for (const step of group) {
        await this.#take(transaction, step)
        if (step.kind !== 'chunk') this.#done++
        onProgress?.({ what: 'objects read', done: this.#done, total: objects.length + trees.length })
        await this.#turn()
        signal?.throwIfAborted()
      }
      if (this.#reading.isSound) await transaction.commit()
    } finally {
      transaction.abort()
    }
  }

  /** Reads one file, and takes over what it says unless a fault has been found: then the rest is only read. */
  async #take(transaction: Transaction, step: Step): Promise<void> {
    const { oid } = step
    if (step.kind === 'object') {
      const object = this.#reading.object(oid)
      if (!object || !this.#reading.isSound) return
      await this.#takeBlobs(transaction, object.blobs)
      const isAsFounded = this.#listing.head.tid === tidOf(0) && oid === ROOT && object.slots.size === 0
      if (isAsFounded) return
      this.#reading.attempt(() => {
        const slots = this.#shapes.brought(oid, object.slots, object.shape)
        transaction.apply([{ oid, slots }])
      })
      return
    }
    const read = step.kind === 'chunk' ? this.#reading.chunk(oid, step.chunk) : this.#reading.tree(oid)
    if (!read || !this.#reading.isSound) return
    await this.#takeBlobs(transaction, read.blobs)
    if (step.kind === 'tree') transaction.restore(oid, { kind: 'tree', created: true, count: 0 })
    this.#reading.attempt(() => setEntries(transaction, oid, read.entries))
  }

  async #takeBlobs(transaction: Transaction, blobs: Iterable<string>): Promise<void> {
    for (const sha256 of blobs) {
      if (this.#blobs.has(sha256)) continue
      this.#blobs.add(sha256)
      const path = blobPath(sha256)
      const ref = await transaction.importBlob({ file: join(this.#options.from, path) })
      if (ref.sha256 !== sha256) this.#reading.problem(`${path}: its bytes are not those it is named after`)
    }
  }
}

/** What each transaction brings in. There are no more of them than the dumped image had. */
function groupsOf({ head, objects, trees, chunks }: DumpListing): readonly (readonly Step[])[] {
  const steps: Step[] = [
    ...objects.map((oid): Step => ({ kind: 'object', oid })),
    ...trees.flatMap((oid): Step[] => [
      { kind: 'tree', oid },
      ...[...(chunks.get(oid) ?? [])].sort().map((chunk): Step => ({ kind: 'chunk', oid, chunk })),
    ]),
  ]
  const weightOf = ({ kind }: Step) => (kind === 'chunk' ? CHUNK_WEIGHT : 1)
  const weight = steps.reduce((sum, step) => sum + weightOf(step), 0)
  const enough = Math.max(PER_TRANSACTION, weight / Math.max(1, numberOf(head.tid)))
  const groups: Step[][] = []
  let size = enough
  for (const step of steps) {
    if (size >= enough) {
      groups.push([])
      size = 0
    }
    groups.at(-1)!.push(step)
    size += weightOf(step)
  }
  return groups
}

function nextOid({ head, objects, trees }: DumpListing): Oid {
  const last = [objects.at(-1), trees.at(-1)].map((oid) => (oid === undefined ? 0 : numberOf(oid)))
  return oidOf(Math.max(numberOf(head.next), ...last.map((number) => number + 1)))
}

function setEntries(transaction: Transaction, oid: Oid, entries: readonly Entry[]): void {
  const tree = transaction.tree(new TreeRef(oid))
  for (const { key, value } of entries) tree.set(key, value)
}

/** A failed call of the file system as E_HOME; any other error as it is. */
function writeFailureAt(dir: string, error: unknown): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException
  return syscall === undefined
    ? error
    : new BatError('E_HOME', { home: dir, reason: message }, { cause: error })
}

/** Clears what loads that were killed left beside. */
function clearLeftOvers(dir: string): void {
  const parent = dirname(dir)
  mkdirSync(parent, { recursive: true })
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(`${basename(dir)}.loading-`)) continue
    const left = join(parent, name)
    try {
      takeLock(join(left, 'lock'), left)
      rmSync(left, { recursive: true, force: true })
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'E_IMAGE_LOCKED') throw error
    }
  }
}
