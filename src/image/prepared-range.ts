// Ranges of one table, read as LMDB's binding reads them, for a third of the price: it makes an iterable and all that goes
// with it for each range asked for, which costs several times what LMDB needs to find a key. Here one iterable is made a
// table, and each walk over it begins with the bounds as they are then. A walk ends within the call that began it, and its
// cursor with it.
import type { Key } from './keyspace.ts'

export interface Between {
  /** First key, included. */
  readonly from: Key
  /** Last key, not included; all that follow where there is none. */
  readonly to?: Key
  /** From the last to the first; needs `to`. */
  readonly reverse?: boolean
}

/** What the binding is asked for; it reads this when a walk begins. */
interface Bounds {
  start: Key
  end: Key | undefined
  reverse: boolean
  exclusiveStart: boolean
  inclusiveEnd: boolean
  readonly values: boolean
}

export class PreparedRange<T> {
  readonly #bounds: Bounds
  readonly #rows: Iterable<T>

  /** `values`: whether the rows have their values, or are keys alone. */
  constructor(getRange: (bounds: Bounds) => Iterable<T>, { values }: { readonly values: boolean }) {
    this.#bounds = {
      start: new Uint8Array(1),
      end: undefined,
      reverse: false,
      exclusiveStart: false,
      inclusiveEnd: false,
      values,
    }
    this.#rows = getRange(this.#bounds)
  }

  /** Calls `visit` with each row, until it answers that it wants no more. */
  each({ from, to, reverse = false }: Between, visit: (row: T) => boolean): void {
    const bounds = this.#bounds
    bounds.start = reverse && to ? to : from
    bounds.end = reverse ? from : to
    bounds.reverse = reverse
    bounds.exclusiveStart = reverse
    bounds.inclusiveEnd = reverse
    const rows = this.#rows[Symbol.iterator]()
    try {
      for (let row = rows.next(); !row.done && visit(row.value); row = rows.next());
    } finally {
      rows.return?.()
    }
  }

  /** The first row at `from` or behind it. */
  first(from: Key): T | undefined {
    let first: T | undefined
    this.each({ from }, (row) => {
      first = row
      return false
    })
    return first
  }
}
