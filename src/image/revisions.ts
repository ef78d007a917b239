// What is committed, read by object and moment. The newest revision of an object is what is asked for nearly always: it
// is kept decoded in a cache of bounded count, shared by all transactions, since no revision ever changes. An older one is
// a seek. The cache drops what was not used since its hand last came by (the clock algorithm).
import type { Oid } from '../base/ids.ts'
import { headKey, type Key, revisionKey, revisionsEnd, tidOfVersionKey } from './keyspace.ts'
import type { Slots } from './object-state.ts'
import { damaged, parseRecord, parseRecordOf } from './record.ts'
import type { Row, Store } from './store.ts'

export type Revision =
  | { readonly tid: number; readonly kind: 'object'; readonly slots: Slots }
  | { readonly tid: number; readonly kind: 'tree'; readonly count: number }
  | { readonly tid: number; readonly kind: 'gone' }

interface Cached {
  readonly revision: Revision
  /** Up to this moment the revision is known to be the newest. */
  upTo: number
  used: boolean
}

export class Revisions {
  readonly #store: Store
  readonly #limit: number
  readonly #sole: boolean
  readonly #cache = new Map<Oid, Cached>()

  /**
   * `limit`: how many objects are kept decoded. `sole`: whether every commit comes by `committed`, so that what is cached
   * stays the newest; without it (another thread's view) freshness is checked against the head records.
   */
  constructor(store: Store, { limit, sole }: { readonly limit: number; readonly sole: boolean }) {
    this.#store = store
    this.#limit = limit
    this.#sole = sole
  }

  /** The revision of `oid` valid at `moment`; undefined where there was none yet. Throws E_RECORD_DAMAGED. */
  at(oid: Oid, moment: number): Revision | undefined {
    const cached = this.#cache.get(oid)
    if (cached && cached.revision.tid <= moment && moment <= cached.upTo) {
      cached.used = true
      return cached.revision
    }
    return this.#load(oid, moment)
  }

  #load(oid: Oid, moment: number): Revision | undefined {
    const head = this.newest(oid)
    if (head !== undefined && head <= moment) {
      const upTo = this.#sole ? Number.POSITIVE_INFINITY : moment
      const cached = this.#cache.get(oid)
      if (cached?.revision.tid === head) {
        cached.upTo = upTo
        return cached.revision
      }
      const revision = this.exactly(oid, head)
      if (revision) {
        this.#keep(oid, { revision, upTo, used: false })
        return revision
      }
    }
    return this.#seek(oid, moment)
  }

  /** The tid of the newest revision, by the head record; undefined where there is none, or it is damaged. */
  newest(oid: Oid): number | undefined {
    const key = headKey(oid)
    const record = this.#store.get('heads', key)
    if (!record) return undefined
    try {
      const [, tid] = parseRecordOf('head', { table: 'heads', key, record }) as unknown as [string, number]
      return tid
    } catch {
      return undefined // the revisions themselves have the answer; verify names the damage
    }
  }

  /** The tid of the newest revision, as the revisions have it. */
  newestByRevisions(oid: Oid): number | undefined {
    const cached = this.#sole ? this.#cache.get(oid) : undefined
    if (cached) return cached.revision.tid
    return this.newest(oid) ?? this.#row(oid, 2 ** 48 - 1)?.tid
  }

  /** The revision that `tid` made of `oid`. */
  exactly(oid: Oid, tid: number): Revision | undefined {
    const key = revisionKey(oid, tid)
    const record = this.#store.get('revisions', key)
    return record && parseRevision(key, record)
  }

  /** The revisions of `oid`, newest first, from the one valid at `moment` on. */
  *history(oid: Oid, moment: number): Generator<Revision, void, undefined> {
    const range = { from: revisionKey(oid, moment), to: revisionsEnd(oid) }
    for (const { key, record } of this.#store.walk('revisions', range)) yield parseRevision(key, record)
  }

  #seek(oid: Oid, moment: number): Revision | undefined {
    const row = this.#row(oid, moment)
    return row && parseRevision(row.key, row.record)
  }

  #row(oid: Oid, moment: number): (Row & { readonly tid: number }) | undefined {
    const row = this.#store.first('revisions', { from: revisionKey(oid, moment), to: revisionsEnd(oid) })
    return row && { ...row, tid: tidOfVersionKey(row.key) }
  }

  /** Takes notice of revisions just committed. */
  committed(oid: Oid, revision: Revision): void {
    this.#keep(oid, { revision, upTo: Number.POSITIVE_INFINITY, used: false })
  }

  get cachedCount(): number {
    return this.#cache.size
  }

  #keep(oid: Oid, cached: Cached): void {
    this.#cache.delete(oid)
    this.#cache.set(oid, cached)
    for (const [oldest, entry] of this.#cache) {
      if (this.#cache.size <= this.#limit) return
      this.#cache.delete(oldest)
      if (entry.used && oldest !== oid) {
        entry.used = false
        this.#cache.set(oldest, entry)
      }
    }
  }
}

export function parseRevision(key: Key, record: Uint8Array): Revision {
  const tid = tidOfVersionKey(key)
  const body = parseRecord('revisions', key, record)
  switch (body.kind) {
    case 'object':
      return { tid, kind: 'object', slots: body.slots }
    case 'tree':
      return { tid, kind: 'tree', count: body.count }
    case 'gone':
      return { tid, kind: 'gone' }
    default:
      throw damaged('revisions', key, `it is of kind ${body.kind}`)
  }
}
