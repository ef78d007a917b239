// A Tree: a persistent ordered map from text, numbers, bigints or bytes to values, with an oid of its own. Its entries are
// records of their own, each with its versions: transactions that touch different keys of one Tree do not conflict. Keys
// are ordered numbers first, then bigints, text (by code point), bytes.
import type { Oid } from '../base/ids.ts'
import { TreeRef, type Value } from '../base/value.ts'
import { admit, isAtom } from './admit.ts'
import { compareKeys, formatEntryKey, type Key, keyText, parseTreeKey, type TreeKey } from './keyspace.ts'
import type { EntryChange, View } from './view.ts'

export interface TreeRange {
  /** First key, included. */
  readonly from?: TreeKey
  /** Last key, not included. */
  readonly to?: TreeKey
  /** From the last to the first. */
  readonly reverse?: boolean
  readonly limit?: number
}

export class Tree {
  readonly oid: Oid
  readonly #view: View

  constructor(view: View, oid: Oid) {
    this.#view = view
    this.oid = oid
  }

  get ref(): TreeRef {
    return new TreeRef(this.oid)
  }

  get(key: TreeKey): Value | undefined {
    const entry = formatEntryKey(key)
    const change = this.#view.entryChanges(this.oid)?.get(keyText(entry))
    return change ? change.value : this.#committed(entry)
  }

  has(key: TreeKey): boolean {
    return this.get(key) !== undefined
  }

  /** Puts a copy of `value` under `key`. Throws E_VALUE with its path, E_TREE_KEY. */
  set(key: TreeKey, value: Value): this {
    const entry = formatEntryKey(key)
    this.#view.setEntry(
      this.oid,
      entry,
      isAtom(value) ? value : admit(value, () => this.#view.entryPathOf(this.oid, entry)),
    )
    return this
  }

  /** Takes an entry away; answers whether it was there. */
  delete(key: TreeKey): boolean {
    if (!this.has(key)) return false
    this.#view.setEntry(this.oid, formatEntryKey(key), undefined)
    return true
  }

  get size(): number {
    let size = this.#view.treeCount(this.oid)
    for (const { key, value } of this.#view.entryChanges(this.oid)?.values() ?? []) {
      size += Number(value !== undefined) - Number(this.#committed(key) !== undefined)
    }
    return size
  }

  /** The entries in order, read as they are asked for; what this transaction changed before the walk began is in it. */
  *entries(range: TreeRange = {}): Generator<[TreeKey, Value], void, undefined> {
    const { reverse = false, limit = Number.POSITIVE_INFINITY } = range
    const from = range.from === undefined ? undefined : formatEntryKey(range.from)
    const to = range.to === undefined ? undefined : formatEntryKey(range.to)
    const { entries } = this.#view.source
    const bounds = { ...(from && { from }), ...(to && { to }), reverse }
    const committed = entries.walk(this.oid, this.#view.moment, bounds)
    let left = limit
    if (left <= 0) return
    const changes = this.#changesWithin(from, to, reverse)
    for (const { key, value } of changes.length === 0 ? committed : merged(committed, changes, reverse)) {
      if (value === undefined) continue
      yield [parseTreeKey(key), value]
      if (--left <= 0) return
    }
  }

  #changesWithin(from: Key | undefined, to: Key | undefined, reverse: boolean): EntryChange[] {
    const changes = [...(this.#view.entryChanges(this.oid)?.values() ?? [])].filter(
      ({ key }) => (!from || compareKeys(key, from) >= 0) && (!to || compareKeys(key, to) < 0),
    )
    return changes.sort((a, b) => (reverse ? compareKeys(b.key, a.key) : compareKeys(a.key, b.key)))
  }

  #committed(entry: Key): Value | undefined {
    return this.#view.source.entries.at(this.oid, entry, this.#view.moment)?.value
  }
}

/** Two ordered runs as one; where both have a key, the changes' side counts. */
function* merged(
  committed: Iterable<EntryChange>,
  changes: readonly EntryChange[],
  reverse: boolean,
): Generator<EntryChange, void, undefined> {
  let at = 0
  for (const entry of committed) {
    let same = false
    for (; at < changes.length; at++) {
      const order = compareKeys(changes[at]!.key, entry.key) * (reverse ? -1 : 1)
      if (order > 0) break
      yield changes[at]!
      same ||= order === 0
    }
    if (!same) yield entry
  }
  yield* changes.slice(at)
}
