// What is committed, read by object and moment. The newest revision of an object is what is asked for nearly always: it
// is kept decoded in a cache of bounded memory, shared by all transactions, since no revision ever changes. An older one is
// a seek.
import { numberOf, type Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import { type Bounds, ClockCache, type Kept } from './clock-cache.ts'
import { Horizon } from './horizon.ts'
import {
  type Key,
  NEWEST,
  revisionKey,
  revisionKeyOf,
  revisionsEnd,
  sameThing,
  tidOfVersionKey,
} from './keyspace.ts'
import type { Unread } from './lazy-slots.ts'
import { NumberSet } from './number-set.ts'
import type { Slots } from './object-state.ts'
import { damaged, parseRecord } from './record.ts'
import { SHAPES, type Shape, Shapes } from './shapes.ts'
import { SharedValues } from './shared-values.ts'
import type { Row, Store } from './store.ts'
import { weightOf } from './weight.ts'

export type Revision =
  | { readonly tid: number; readonly kind: 'object'; readonly slots: Slots; readonly shape?: number }
  | { readonly tid: number; readonly kind: 'tree'; readonly count: number }
  | { readonly tid: number; readonly kind: 'gone' }

/** Its bytes are about how much memory it takes (weight.ts). */
interface Cached extends Kept {
  readonly revision: Revision
  /** Up to this moment the revision is known to be the newest. */
  upTo: number
}

/** What the revision of a Tree, or of something gone, takes. */
const LITTLE = 300

/** Bounds: how many objects are kept decoded, and how much memory they may take. */
export interface RevisionsOptions extends Bounds {
  /** How much memory decoded large values may take. */
  readonly valueBytes?: number
  readonly sole: boolean
  readonly shapes?: readonly Shape[] | undefined
  readonly horizon?: Horizon
}

export class Revisions {
  readonly #store: Store
  readonly #byteLimit: number
  readonly #sole: boolean
  readonly #horizon: Horizon
  readonly #cache: ClockCache<Oid, Cached>
  #dropped = 0
  #turn = 0
  #known = new NumberSet()
  readonly #key = new Uint8Array(12)
  /** The large values of objects. */
  readonly values: SharedValues
  readonly shapes: Shapes

  /**
   * `sole`: whether every commit comes by `committed`, so that what is cached
   * stays the newest; without it (another thread's view) what is newest is looked up again for each new moment. `horizon`:
   * how far back they go; whoever only reads at the moments of open transactions needs none.
   */
  constructor(store: Store, options: RevisionsOptions) {
    const { limit, bytes = Number.POSITIVE_INFINITY, sole, shapes = SHAPES } = options
    const { horizon = new Horizon(), valueBytes } = options
    this.#store = store
    this.#byteLimit = bytes
    this.#cache = new ClockCache({ limit, bytes })
    this.#sole = sole
    this.#horizon = horizon
    this.values = new SharedValues(store, valueBytes)
    this.shapes = new Shapes(shapes)
  }

  /** The revision of `oid`, whatever that is, valid at `moment`; undefined where there was none yet. Throws E_PACKED, E_RECORD_DAMAGED. */
  at(oid: Oid, moment: number): Revision | undefined {
    const cached = this.#cache.get(oid)
    if (cached && cached.revision.tid > moment) return this.#seek(oid, moment)
    if (cached && moment <= cached.upTo) {
      cached.used = true
      return cached.revision
    }
    return this.#load(oid, moment, cached)
  }

  #load(oid: Oid, moment: number, cached: Cached | undefined): Revision | undefined {
    const number = numberOf(oid)
    if (!(number <= NEWEST) || this.#horizon.isCondemned(oid)) return undefined
    const row = this.#row(revisionKeyOf(number, NEWEST, this.#key))
    if (!row) {
      this.#horizon.check(moment)
      return undefined
    }
    const tid = tidOfVersionKey(row.key)
    if (tid > moment) return this.#seek(oid, moment)
    const upTo = this.#sole ? Number.POSITIVE_INFINITY : moment
    if (cached?.revision.tid === tid) {
      cached.upTo = upTo
      return cached.revision
    }
    const revision = this.#parse(oid, row)
    this.#keep(oid, revision, upTo)
    return revision
  }

  /** The tid of the newest revision; undefined where there is none. */
  newest(oid: Oid): number | undefined {
    const cached = this.#sole ? this.#cache.get(oid) : undefined
    if (cached) return cached.revision.tid
    const row = this.#row(revisionKey(oid, NEWEST, this.#key))
    return row && tidOfVersionKey(row.key)
  }

  /** Whether there is any revision of `oid`. What was found once is remembered, a bit each. */
  isKnown(oid: Oid): boolean {
    const number = numberOf(oid)
    if (this.#known.has(number)) return true
    const isThere = this.newest(oid) !== undefined
    if (isThere) this.#known.add(number)
    return isThere
  }

  /** The revisions of `oid`, newest first, from the one valid at `moment` on. */
  *history(oid: Oid, moment: number): Generator<Revision, void, undefined> {
    if (this.#horizon.isCondemned(oid)) return
    const range = { from: revisionKey(oid, moment), to: revisionsEnd(oid) }
    for (const rows of this.#store.pages('revisions', range)) {
      for (const row of rows) yield this.#parse(oid, row)
    }
  }

  #seek(oid: Oid, moment: number): Revision | undefined {
    this.#horizon.check(moment)
    const row = this.#row(revisionKey(oid, moment, this.#key))
    return row && this.#parse(oid, row)
  }

  /** A revision as it is seen here: in the shape at hand. */
  #parse(oid: Oid, { key, record }: Row): Revision {
    const revision = parseRevision(key, record, this.values.read)
    if (revision.kind !== 'object') return revision
    const { tid, kind, slots, shape = 0 } = revision
    const brought = this.shapes.brought(oid, slots, shape)
    return brought === slots && shape === 0 ? revision : { tid, kind, slots: brought }
  }

  #row(from: Key): Row | undefined {
    const row = this.#store.seek('revisions', from)
    return row && sameThing(row.key, from) ? row : undefined
  }

  /** Takes notice of revisions just committed. */
  committed(oid: Oid, revision: Revision): void {
    this.#keep(oid, revision, Number.POSITIVE_INFINITY)
  }

  /** Some of what is kept in memory is not there any more. */
  forget(): void {
    this.#cache.clear()
    this.#known = new NumberSet()
    this.#turn++
  }

  /** Moves on when as much as may be kept has been dropped: whoever holds on to revisions lets go of them. */
  get turn(): number {
    return this.#turn
  }

  get cachedCount(): number {
    return this.#cache.size
  }

  #keep(oid: Oid, revision: Revision, upTo: number): void {
    const bytes = revision.kind === 'object' ? weightOf(revision.slots) : LITTLE
    this.#dropped += this.#cache.keep(oid, { revision, bytes, upTo, used: false })
    if (this.#dropped < this.#byteLimit) return
    this.#dropped = 0
    this.#turn++
  }
}

/** A revision as it was written. Without `read` the large values of an object can be listed (digestsOf) but not read. Throws E_RECORD_DAMAGED. */
export function parseRevision(key: Key, record: Uint8Array, read?: (unread: Unread) => Value): Revision {
  const tid = tidOfVersionKey(key)
  const body = parseRecord('revisions', key, record, read)
  switch (body.kind) {
    case 'object':
      return body.shape === undefined
        ? { tid, kind: 'object', slots: body.slots }
        : { tid, kind: 'object', slots: body.slots, shape: body.shape }
    case 'tree':
      return { tid, kind: 'tree', count: body.count }
    case 'gone':
      return { tid, kind: 'gone' }
    default:
      throw damaged('revisions', key, `it is of kind ${body.kind}`)
  }
}
