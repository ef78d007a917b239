// The revisions of one object after the other out of pages that are read ahead: a page of many rows costs little more than
// the seek of one. It pays where objects are asked for in the order of their oids; where few of the rows read ahead were
// wanted, the next page is shorter. Before others had a turn, what was read is to be forgotten.
import { oidOf } from '../base/ids.ts'
import { type Key, keyAfter, NEWEST, numberOfKey, revisionKey } from './keyspace.ts'
import { type Row, type Store, WHOLE } from './store.ts'

const FEWEST_ROWS = 2
const MOST_ROWS = 256
/** From this share of rows that were wanted on, a longer page would have cost less. */
const WORTH = 1 / 5

export class RevisionPages {
  readonly #store: Store
  readonly #bytes: number
  #page: readonly Row[] = []
  #at = 0
  /** The number of the last object asked for: the page has all that follow it, up to its last row. */
  #asked = -1
  /** The key of the last row answered. */
  #last: Key | undefined
  #wanted = 0
  #size = FEWEST_ROWS

  /** `bytes`: about how much a page may hold. */
  constructor(store: Store, bytes: number) {
    this.#store = store
    this.#bytes = bytes
  }

  /** The newest revision of the object or Tree with this number; undefined where there is none. */
  newest(number: number): Row | undefined {
    const last = this.#page.at(-1)
    const isInPage = last !== undefined && number > this.#asked && number <= numberOfKey(last.key)
    this.#asked = number
    if (!isInPage) this.#read(revisionKey(oidOf(number), NEWEST))
    else while (numberOfKey(this.#page[this.#at]!.key) < number) this.#at++
    return this.#here()
  }

  /** The next older one of the same. */
  older(): Row | undefined {
    this.#at++
    if (this.#last && this.#at >= this.#page.length) this.#read(keyAfter(this.#last))
    return this.#here()
  }

  /** Reads anew from here on. */
  forget(): void {
    this.#page = []
    this.#wanted = 0
  }

  #here(): Row | undefined {
    const row = this.#page[this.#at]
    if (!row || numberOfKey(row.key) !== this.#asked) return undefined
    this.#wanted++
    this.#last = row.key
    return row
  }

  #read(from: Key): void {
    const isWorth = this.#wanted >= this.#page.length * WORTH
    this.#size = isWorth ? Math.min(this.#size * 2, MOST_ROWS) : Math.max(this.#size >> 1, FEWEST_ROWS)
    this.#page = this.#store.page('revisions', { from, to: WHOLE.to, limit: this.#size, bytes: this.#bytes })
    this.#at = 0
    this.#wanted = 0
  }
}
