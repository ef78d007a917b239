// What is in the image at one moment, object by object, as far as it can be read. Damage costs what it hit and nothing else:
// of an object whose record is damaged the newest sound revision before it is found, and what was lost is named. It reads
// past the caches, in which what is in use stays.
import { BatError } from '../../base/errors.ts'
import { numberOf, type Oid, oidOf, tidOf } from '../../base/ids.ts'
import type { Value } from '../../base/value.ts'
import { Entries, parseEntry } from '../entries.ts'
import type { Horizon } from '../horizon.ts'
import {
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
import { parseRevision, type Revision, Revisions } from '../revisions.ts'
import type { Row, Store } from '../store.ts'

export type Found = (
  | { readonly kind: 'object'; readonly slots: readonly FoundSlot[] }
  | { readonly kind: 'tree' }
) & { readonly damage?: string }

export type FoundSlot =
  | { readonly slot: string; readonly value: Value }
  | { readonly slot: string; readonly damage: string }

export type FoundEntry =
  | { readonly key: Key; readonly value: Value }
  | { readonly key: Key; readonly damage: string }

const BEHIND_ALL: Key = Buffer.alloc(7, 0xff)

export interface SurveyOptions {
  readonly moment: number
  /** The first number that nothing has as its oid. */
  readonly next: number
  readonly horizon: Horizon
}

export class Survey {
  readonly #store: Store
  readonly #moment: number
  readonly #next: number
  readonly #revisions: Revisions
  readonly #entries: Entries

  constructor(store: Store, { moment, next, horizon }: SurveyOptions) {
    this.#store = store
    this.#moment = moment
    this.#next = next
    this.#revisions = new Revisions(store, { limit: 0, sole: false, horizon })
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
      return foundOf(oid, this.#revisions.at(oid, this.#moment))
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

  /** The newest sound revision of an object before the damage. */
  #salvaged(oid: Oid, damage: string): Found {
    const range = { from: revisionKey(oid, this.#moment), to: revisionsEnd(oid) }
    try {
      for (const { key, record } of this.#store.walk('revisions', range)) {
        const revision = attempt(() => parseRevision(key, record, this.#revisions.values.read))
        if (revision?.kind === 'gone') break
        const found = foundOf(oid, revision)
        if (found)
          return { ...found, damage: `${damage}; what follows is as of ${tidOf(tidOfVersionKey(key))}` }
      }
    } catch {
      // the page itself cannot be read: that is the damage named already
    }
    const entry = attempt(() => this.#store.first('entries', { from: entryStart(oid), to: entriesEnd(oid) }))
    return entry ? { kind: 'tree', damage } : { kind: 'object', slots: [], damage }
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

function foundOf(oid: Oid, revision: Revision | undefined): Found | undefined {
  switch (revision?.kind) {
    case 'object':
      return { kind: 'object', slots: slotsOf(oid, revision.slots) }
    case 'tree':
      return { kind: 'tree' }
    default:
      return undefined
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
