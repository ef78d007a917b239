// The entries of Trees as committed, at any moment. Each version of an entry is a record of its own, the newest first; of
// the versions of one key the first that is not younger than the moment counts.
//
// The newest versions of those read lately are kept decoded, up to a bound in bytes; also that there is none. Each serves
// all moments from its own on, until a commit changes the entry: then it is dropped, and read again by who asks. No
// version ever changes.
import type { Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import { ClockCache } from './clock-cache.ts'
import { Horizon } from './horizon.ts'
import {
  BEHIND_ALL,
  compareKeys,
  entriesEnd,
  entryOfKey,
  entryStart,
  entryVersionKey,
  type Key,
  keyText,
  NEWEST,
  sameThing,
  startText,
  tidOfVersionKey,
} from './keyspace.ts'
import { damaged, isDeletion, parseRecord } from './record.ts'
import type { Row, Store } from './store.ts'
import type { TreeChange } from './transaction-record.ts'
import { weightOfValue } from './weight.ts'

/** What a transaction made of an entry; a value that is undefined means that the entry was deleted. */
export interface Version {
  readonly tid: number
  readonly value: Value | undefined
}

/** One version of an entry. */
export interface EntryVersion extends Version {
  readonly key: Key
}

export interface EntryRange {
  /** First key, included. */
  readonly from?: Key
  /** Last key, not included. */
  readonly to?: Key
  readonly reverse?: boolean
}

/** The newest version of an entry; with the tid NEVER there is none. */
interface Cached extends Version {
  readonly bytes: number
  used: boolean
}

const NEVER = -1
/** What an entry takes beside its key and its value. */
const ENTRY = 200

export interface EntriesOptions {
  readonly horizon?: Horizon
  /**
   * How much memory decoded entries may take; none unless said: whoever says so tells of every commit (committed) and when
   * records were taken away (forget).
   */
  readonly bytes?: number
}

export class Entries {
  readonly #store: Store
  readonly #horizon: Horizon
  readonly #cache: ClockCache<string, Cached> | undefined
  #key: Key = new Uint8Array(21)

  constructor(store: Store, { horizon = new Horizon(), bytes = 0 }: EntriesOptions = {}) {
    this.#store = store
    this.#horizon = horizon
    this.#cache = bytes > 0 ? new ClockCache({ bytes }) : undefined
  }

  /** The version of an entry valid at `moment`; undefined where it had none. Throws E_PACKED, E_RECORD_DAMAGED. */
  at(tree: Oid, entry: Key, moment: number): Version | undefined {
    this.#horizon.check(moment)
    if (!this.#cache) return this.#read(tree, entry, moment)
    const from = this.#keyOf(tree, entry, NEWEST)
    const text = startText(from)
    const cached = this.#cache.get(text)
    if (cached && cached.tid <= moment) {
      cached.used = true
      return cached.tid === NEVER ? undefined : cached
    }
    if (cached) return this.#read(tree, entry, moment)
    const row = this.#first(from)
    if (row && tidOfVersionKey(row.key) > moment) return this.#read(tree, entry, moment)
    const version = row && versionOf(row)
    this.#keep(text, version ?? { tid: NEVER, value: undefined })
    return version
  }

  /** The tid of the newest version of an entry, deleted ones included. */
  newest(tree: Oid, entry: Key): number | undefined {
    const row = this.#first(this.#keyOf(tree, entry, NEWEST))
    return row && tidOfVersionKey(row.key)
  }

  /**
   * What tells of one key after the other, in their order, whether the Tree has that entry now: keys that lie between two
   * entries cost one look for all of them. A damaged entry was counted when it was written, and can be replaced.
   */
  presence(tree: Oid): (entry: Key) => boolean {
    let found: Key | undefined
    let isThere = false
    return (entry) => {
      if (!found || compareKeys(entry, found) > 0) {
        const from = entryStart(tree, entry)
        const row = this.#store.seek('entries', from)
        const isOurs = row !== undefined && compareKeys(row.key, entriesEnd(tree)) < 0
        found = isOurs ? entryOfKey(row.key).slice() : BEHIND_ALL
        isThere = isOurs && !isDeletion('entries', row)
      }
      return isThere && compareKeys(entry, found) === 0
    }
  }

  /** Takes notice of a commit. */
  committed(changes: readonly TreeChange[]): void {
    if (!this.#cache?.size) return
    for (const { tree, entries } of changes) {
      for (const entry of entries) this.#cache.delete(keyText(entryStart(tree, entry)))
    }
  }

  /** Some of what is kept in memory is not there any more. */
  forget(): void {
    this.#cache?.clear()
  }

  #keep(text: string, { tid, value }: Version): void {
    const bytes = ENTRY + text.length + (value === undefined ? 0 : weightOfValue(value))
    this.#cache?.keep(text, { tid, value, bytes, used: false })
  }

  #read(tree: Oid, entry: Key, moment: number): Version | undefined {
    const row = this.#first(this.#keyOf(tree, entry, moment))
    return row && versionOf(row)
  }

  /** The key of a version, good until the next one is asked for. */
  #keyOf(tree: Oid, entry: Key, tid: number): Key {
    this.#key = entryVersionKey(tree, entry, tid, this.#key)
    return this.#key
  }

  #first(from: Key): Row | undefined {
    const row = this.#store.seek('entries', from)
    return row && sameThing(row.key, from) ? row : undefined
  }

  /** The entries of a Tree at `moment`, in the order of their keys; deleted ones are left out. */
  *walk(tree: Oid, moment: number, range: EntryRange = {}): Generator<EntryVersion, void, undefined> {
    this.#horizon.check(moment)
    const from = entryStart(tree, range.from)
    const to = range.to ? entryStart(tree, range.to) : entriesEnd(tree)
    const { reverse = false } = range
    if (compareKeys(from, to) >= 0) return
    let row: Row | undefined
    for (const rows of this.#store.pages('entries', { from, to, reverse })) {
      for (const next of rows) {
        if (row && !sameThing(row.key, next.key)) {
          const version = parseEntry(row)
          if (version.value !== undefined) yield version
          row = undefined
        }
        if (tidOfVersionKey(next.key) <= moment && (reverse || !row)) row = next
      }
    }
    const last = row && parseEntry(row)
    if (last && last.value !== undefined) yield last
  }

  /** All versions of all entries of a Tree, as they are stored. */
  *versions(tree: Oid): Generator<Row, void, undefined> {
    yield* this.#store.walk('entries', { from: entryStart(tree), to: entriesEnd(tree) })
  }
}

export function parseEntry(row: Row): EntryVersion {
  const { tid, value } = versionOf(row)
  return { key: entryOfKey(row.key), tid, value }
}

function versionOf({ key, record }: Row): Version {
  const body = parseRecord('entries', key, record)
  const tid = tidOfVersionKey(key)
  if (body.kind === 'entry') return { tid, value: body.value }
  if (body.kind === 'gone') return { tid, value: undefined }
  throw damaged('entries', key, `it is of kind ${body.kind}`)
}
