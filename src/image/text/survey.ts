// What is in the image at one moment, object by object, as far as it can be read. Damage costs what it hit and nothing else:
// of an object whose record is damaged the newest sound revision before it is found, and what was lost is named. It reads
// past the caches, in which what is in use stays.
import { BatError } from '../../base/errors.ts'
import { numberOf, type Oid, oidOf, type Tid, tidOf } from '../../base/ids.ts'
import type { Value } from '../../base/value.ts'
import { Entries, parseEntry } from '../entries.ts'
import type { Horizon } from '../horizon.ts'
import {
  BEHIND_ALL,
  compareKeys,
  entriesEnd,
  entryOfKey,
  entryStart,
  type Key,
  NEWEST,
  oidOfKey,
  revisionKey,
  revisionsEnd,
  tidOfVersionKey,
} from '../keyspace.ts'
import type { Slots } from '../object-state.ts'
import { parseRevision, Revisions } from '../revisions.ts'
import type { Shape } from '../shapes.ts'
import type { Row, Store } from '../store.ts'

export type Found = (
  | { readonly kind: 'object'; readonly slots: readonly FoundSlot[]; readonly shape: number }
  | { readonly kind: 'tree' }
) & { readonly damage?: string }

export type FoundSlot =
  | { readonly slot: string; readonly value: Value }
  | { readonly slot: string; readonly damage: string }

export type FoundEntry =
  | { readonly key: Key; readonly value: Value }
  | { readonly key: Key; readonly damage: string }

export interface SurveyOptions {
  readonly moment: number
  /** The first number that nothing has as its oid. */
  readonly next: number
  readonly shapes: readonly Shape[] | undefined
  readonly horizon: Horizon
}

export class Survey {
  readonly #store: Store
  readonly #moment: number
  readonly #next: number
  readonly #revisions: Revisions
  readonly #entries: Entries

  constructor(store: Store, { moment, next, shapes, horizon }: SurveyOptions) {
    this.#store = store
    this.#moment = moment
    this.#next = next
    this.#revisions = new Revisions(store, { limit: 0, sole: false, shapes, horizon })
    this.#entries = new Entries(store)
  }

  /** Every oid that has a revision, in order; `damage` where the store cannot tell which come next. */
  *oids(): Generator<Oid | { readonly damage: string }, void, undefined> {
    let number = 0
    for (;;) {
      let row: Row | undefined
      try {
        row = this.#store.first('revisions', { from: revisionKey(oidOf(number), NEWEST), to: BEHIND_ALL })
      } catch (error) {
        const from = number
        number = this.#nextReadable(number + 1)
        yield { damage: `${oidOf(from)} to ${oidOf(number - 1)}: ${problemOf(error)}` }
        if (number < this.#next) continue
      }
      if (!row) return
      const oid = oidOfKey(row.key)
      yield oid
      number = numberOf(oid) + 1
    }
  }

  /** The object or Tree `oid`; undefined where there is none at this moment. */
  find(oid: Oid): Found | undefined {
    try {
      return this.#found(oid, this.#moment)
    } catch (error) {
      return this.#salvaged(oid, problemOf(error))
    }
  }

  /** The entries of a Tree, in the order of their keys. */
  *entries(tree: Oid): Generator<FoundEntry, void, undefined> {
    let done: Key | undefined
    const rows = this.#entries.versions(tree)
    for (;;) {
      let row: Row | undefined
      try {
        row = rows.next().value ?? undefined
      } catch (error) {
        yield {
          key: done ?? new Uint8Array(),
          damage: `${tree}, not readable to its end: ${problemOf(error)}`,
        }
        return
      }
      if (!row) return
      const key = entryOfKey(row.key)
      if (tidOfVersionKey(row.key) > this.#moment || (done && compareKeys(done, key) === 0)) continue
      done = key
      const found = foundEntry(key, row)
      if (found) yield found
    }
  }

  /** The revisions of an object or a Tree, the newest first. */
  *history(oid: Oid): Generator<{ readonly tid: Tid; readonly what: string }, void, undefined> {
    const range = { from: revisionKey(oid, this.#moment), to: revisionsEnd(oid) }
    for (const { key, record } of this.#store.walk('revisions', range)) {
      const tid = tidOf(tidOfVersionKey(key))
      try {
        const { kind } = parseRevision(key, record)
        yield { tid, what: kind === 'gone' ? 'taken away' : '' }
      } catch (error) {
        yield { tid, what: `damaged: ${problemOf(error)}` }
      }
    }
  }

  #found(oid: Oid, moment: number): Found | undefined {
    const revision = this.#revisions.at(oid, moment)
    switch (revision?.kind) {
      case 'object': {
        const { kind, slots } = revision
        return { kind, slots: slotsOf(oid, slots), shape: this.#revisions.shapes.versionOf(slots) }
      }
      case 'tree':
        return { kind: 'tree' }
      default:
        return undefined
    }
  }

  /** The newest sound revision of an object before the damage. */
  #salvaged(oid: Oid, damage: string): Found {
    const range = { from: revisionKey(oid, this.#moment), to: revisionsEnd(oid) }
    try {
      for (const { key } of this.#store.walk('revisions', range)) {
        const tid = tidOfVersionKey(key)
        const sound = attempt(() => ({ found: this.#found(oid, tid) }))
        if (sound && !sound.found) break // it had been taken away
        if (sound?.found) return { ...sound.found, damage: `${damage}; what follows is as of ${tidOf(tid)}` }
      }
    } catch {
      // the page itself cannot be read: that is the damage named already
    }
    const entry = attempt(() => this.#store.first('entries', { from: entryStart(oid), to: entriesEnd(oid) }))
    return entry ? { kind: 'tree', damage } : { kind: 'object', slots: [], shape: 0, damage }
  }

  /** The first number from `number` on where the store can be read again. */
  #nextReadable(number: number): number {
    for (let at = number; at < this.#next; at++) {
      const range = { from: revisionKey(oidOf(at), NEWEST), to: BEHIND_ALL }
      if (attempt(() => [this.#store.first('revisions', range)])) return at
    }
    return this.#next
  }
}

/** Each slot by itself: large values are records of their own. */
function slotsOf(oid: Oid, slots: Slots): FoundSlot[] {
  return [...slots.keys()].map((slot) => {
    try {
      return { slot, value: slots.get(slot)! }
    } catch (error) {
      return { slot, damage: `${oid}.${slot}: ${problemOf(error)}` }
    }
  })
}

function foundEntry(key: Key, row: Row): FoundEntry | undefined {
  try {
    const { value } = parseEntry(row)
    return value === undefined ? undefined : { key, value }
  } catch (error) {
    return { key, damage: problemOf(error) }
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined // damage beside the one that is told
  }
}

/** Damage in a few words: `obj:12 at tx:90: its checksum is wrong`. */
export function problemOf(error: unknown): string {
  if (error instanceof BatError && error.code === 'E_RECORD_DAMAGED')
    return `${String(error.details.record)}: ${String(error.details.problem)}`
  return error instanceof Error ? error.message : String(error)
}
