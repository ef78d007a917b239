// The entries of Trees as committed, at any moment. Each version of an entry is a record of its own, the newest first; of
// the versions of one key the first that is not younger than the moment counts.
import type { Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import { Horizon } from './horizon.ts'
import {
  BEHIND_ALL,
  compareKeys,
  entriesEnd,
  entryOfKey,
  entryStart,
  entryVersionKey,
  type Key,
  NEWEST,
  sameThing,
  tidOfVersionKey,
} from './keyspace.ts'
import { damaged, isWhole, kindOfRecord, parseRecord } from './record.ts'
import type { Row, Store } from './store.ts'

/** One version of an entry; a value that is undefined means that the entry was deleted. */
export interface EntryVersion {
  readonly key: Key
  readonly tid: number
  readonly value: Value | undefined
}

export interface EntryRange {
  /** First key, included. */
  readonly from?: Key
  /** Last key, not included. */
  readonly to?: Key
  readonly reverse?: boolean
}

export class Entries {
  readonly #store: Store
  readonly #horizon: Horizon

  constructor(store: Store, horizon = new Horizon()) {
    this.#store = store
    this.#horizon = horizon
  }

  /** The version of an entry valid at `moment`; undefined where it had none. Throws E_PACKED, E_RECORD_DAMAGED. */
  at(tree: Oid, entry: Key, moment: number): EntryVersion | undefined {
    this.#horizon.check(moment)
    const row = this.#first(tree, entry, moment)
    return row && parseEntry(row)
  }

  /** The tid of the newest version of an entry, deleted ones included. */
  newest(tree: Oid, entry: Key): number | undefined {
    const row = this.#first(tree, entry, NEWEST)
    return row && tidOfVersionKey(row.key)
  }

  /**
   * What tells of one key after the other whether the Tree has that entry now. Asked in their order, keys that lie between
   * two entries cost one look for all of them. A damaged entry was counted when it was written, and can be replaced.
   */
  presence(tree: Oid): (entry: Key) => boolean {
    let sought: Key | undefined
    let found: Key = BEHIND_ALL
    let isThere = false
    return (entry) => {
      if (!sought || compareKeys(entry, sought) < 0 || compareKeys(entry, found) > 0) {
        const from = entryStart(tree, entry)
        const row = this.#store.seek('entries', from)
        const isOurs = row !== undefined && compareKeys(row.key, entriesEnd(tree)) < 0
        sought = entry
        found = isOurs ? entryOfKey(row.key) : BEHIND_ALL
        isThere = isOurs && !isGone(row)
      }
      return isThere && compareKeys(entry, found) === 0
    }
  }

  #first(tree: Oid, entry: Key, moment: number): Row | undefined {
    const from = entryVersionKey(tree, entry, moment)
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
    for (const next of this.#store.walk('entries', { from, to, reverse })) {
      if (row && !sameThing(row.key, next.key)) {
        yield* present(row)
        row = undefined
      }
      if (tidOfVersionKey(next.key) <= moment && (reverse || !row)) row = next
    }
    if (row) yield* present(row)
  }

  /** All versions of all entries of a Tree, as they are stored. */
  *versions(tree: Oid): Generator<Row, void, undefined> {
    yield* this.#store.walk('entries', { from: entryStart(tree), to: entriesEnd(tree) })
  }
}

function* present(row: Row): Generator<EntryVersion, void, undefined> {
  const version = parseEntry(row)
  if (version.value !== undefined) yield version
}

/** Whether a version says, and is sound, that its entry was deleted. */
const isGone = ({ key, record }: Row): boolean =>
  kindOfRecord(record) === 'gone' && isWhole('entries', key, record)

export function parseEntry({ key, record }: Row): EntryVersion {
  const body = parseRecord('entries', key, record)
  const entry = { key: entryOfKey(key), tid: tidOfVersionKey(key) }
  if (body.kind === 'gone') return { ...entry, value: undefined }
  if (body.kind !== 'entry') throw damaged('entries', key, `it is of kind ${body.kind}`)
  return { ...entry, value: body.value }
}
