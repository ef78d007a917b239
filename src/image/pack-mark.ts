// The first half of a pack: what can be reached. It starts from the root and from all that was changed after the floor, and
// follows every reference of every version that stays (retention.ts), so what any moment after the floor can see is
// reached. It runs while others commit: each commit tells what it changes and refers to, and that counts as reached from
// then on; nothing is removed meanwhile, so nothing that was read goes stale. Of a Tree that is there again it tells only what
// it changes: the entries that were left in it are looked at, whatever was found of the Tree before.
//
// Reached and looked at are one bit an oid each. What waits to be looked at is a list of bounded length; when it is full
// the rest is left, and found again as reached but not looked at. Some thousands of those that wait are looked at in the
// order of their oids, which is that of their records.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, oidOf } from '../base/ids.ts'
import { DigestSet } from './digest-set.ts'
import type { Witness } from './horizon.ts'
import {
  entriesEnd,
  entryStart,
  type Key,
  keyAfter,
  NEWEST,
  nameOfRecord,
  numberOfKey,
  oidOfKey,
  revisionKey,
  sameThing,
  type Table,
  tidOfVersionKey,
} from './keyspace.ts'
import type { Digest } from './lazy-slots.ts'
import { NumberSet } from './number-set.ts'
import { ROOT } from './object-state.ts'
import { damaged, isDeletion, type RecordBody, skimRecord } from './record.ts'
import { Retention, type RetentionRule } from './retention.ts'
import { RevisionPages } from './revision-pages.ts'
import type { Named } from './skim.ts'
import type { Row, Store } from './store.ts'

const WAITING_LIMIT = 1_000_000
/** How many of those that wait are put in order. */
const BATCH = 8000
const KEYS_A_TURN = 1000
const PAGE_BYTES = 1 << 20

const KINDS = {
  revisions: ['object', 'tree', 'gone'],
  entries: ['entry', 'gone'],
  values: ['value'],
} as const satisfies Readonly<Record<string, readonly RecordBody['kind'][]>>

export interface MarkOptions {
  /** Rows a turn. */
  readonly rows: number
  readonly waitingLimit?: number
}

export class Mark implements Witness {
  readonly reached = new NumberSet()
  readonly blobs = new DigestSet()
  readonly values = new DigestSet()
  /** Objects and Trees of which a version that stays cannot be read, and the names of those versions. */
  readonly damaged = new Map<Oid, string>()
  /** How many objects and Trees there are, and how many of them have been looked at. */
  count = 0
  lookedAt = 0
  readonly #store: Store
  readonly #rule: RetentionRule
  readonly #pages: RevisionPages
  readonly #rows: number
  readonly #waitingLimit: number
  /** What there was at or before the floor and has not been changed since. */
  readonly #old = new NumberSet()
  readonly #done = new NumberSet()
  #waiting: number[] = []
  readonly #restored: Oid[] = []
  #left = false
  /** What is left of a turn, in rows and in bytes. */
  #rowsLeft: number
  #bytesLeft = PAGE_BYTES
  /** Shared values named for the first time. */
  readonly #fresh: Uint8Array[] = []
  readonly #named: Named = {
    object: (number) => this.#reach(number),
    blob: (sha256) => void this.blobs.add(sha256),
    value: (digest) => {
      if (this.values.add(digest)) this.#fresh.push(digest)
    },
  }

  constructor(store: Store, rule: RetentionRule, { rows, waitingLimit = WAITING_LIMIT }: MarkOptions) {
    this.#store = store
    this.#rule = rule
    this.#pages = new RevisionPages(store, PAGE_BYTES)
    this.#rows = rows
    this.#rowsLeft = rows
    this.#waitingLimit = waitingLimit
  }

  object(oid: Oid): void {
    this.#reach(numberOf(oid))
  }

  restored(tree: Oid): void {
    this.object(tree)
    this.#restored.push(tree)
  }

  blob(sha256: string): void {
    this.blobs.add(sha256)
  }

  value(digest: Digest): void {
    this.values.add(digest)
  }

  holds(digest: Digest): boolean {
    return this.values.has(digest)
  }

  /** Whether everything that stays could be read. */
  get isWhole(): boolean {
    return this.damaged.size === 0
  }

  /** All objects that cannot be reached. Right only in the turn in which `run` has come to its end. */
  get unreached(): NumberSet {
    return this.#old.without(this.reached)
  }

  /** Yields at the end of each turn. */
  *run(): Generator<void, void, undefined> {
    this.object(ROOT)
    yield* this.#young()
    for (;;) {
      for (let tree = this.#restored.pop(); tree; tree = this.#restored.pop())
        yield* this.#lookAtEntries(tree)
      while (this.#waiting.length > 0) yield* this.#look(this.#batch())
      if (this.#restored.length > 0) continue
      if (!this.#left) return
      this.#left = false
      for (const number of this.reached) if (!this.#done.has(number)) this.#wait(number)
    }
  }

  #reach(number: number): void {
    if (this.reached.add(number)) this.#wait(number)
  }

  #wait(number: number): void {
    if (this.#waiting.length < this.#waitingLimit) this.#waiting.push(number)
    else this.#left = true
  }

  #batch(): Float64Array {
    return Float64Array.from(this.#waiting.splice(-BATCH)).sort()
  }

  /** Whether a turn is over, now that a row of so many bytes was looked at. */
  #isOver(bytes: number): boolean {
    this.#rowsLeft--
    this.#bytesLeft -= bytes
    if (this.#rowsLeft > 0 && this.#bytesLeft > 0) return false
    this.#rowsLeft = this.#rows
    this.#bytesLeft = PAGE_BYTES
    this.#pages.forget()
    return true
  }

  /** Reaches whatever has a revision younger than the floor; the newest revision of each comes first. */
  *#young(): Generator<void, void, undefined> {
    let last = -1
    let from: Key = revisionKey(ROOT, NEWEST)
    for (;;) {
      const keys = this.#store.keys('revisions', from, KEYS_A_TURN)
      for (const key of keys) {
        const number = numberOfKey(key)
        if (number === last) continue
        last = number
        this.count++
        if (tidOfVersionKey(key) > this.#rule.floor) this.#reach(number)
        else this.#old.add(number)
      }
      const end = keys.at(-1)
      if (!end) return
      from = keyAfter(end)
      yield
    }
  }

  *#look(numbers: Iterable<number>): Generator<void, void, undefined> {
    const retention = new Retention(this.#rule)
    for (const number of numbers) {
      if (!this.#done.add(number)) continue
      this.lookedAt++
      retention.renew()
      let isTree = false
      let row = this.#pages.newest(number)
      if (!row && this.#isOver(0)) yield
      for (; row; row = this.#pages.older()) {
        if (!retention.stays(tidOfVersionKey(row.key), isDeletion('revisions', row))) break
        if (this.#follow('revisions', row) === 'tree') isTree = true
        if (this.#isOver(row.record.length)) yield
      }
      if (isTree) yield* this.#lookAtEntries(oidOf(number))
    }
  }

  *#lookAtEntries(tree: Oid): Generator<void, void, undefined> {
    const retention = new Retention(this.#rule)
    let last: Key | undefined
    const range = { from: entryStart(tree), to: entriesEnd(tree), bytes: PAGE_BYTES }
    for (const rows of this.#store.pages('entries', range)) {
      for (const row of rows) {
        if (last && !sameThing(last, row.key)) retention.renew()
        last = row.key
        if (retention.stays(tidOfVersionKey(row.key), isDeletion('entries', row)))
          this.#follow('entries', row)
        if (this.#isOver(row.record.length)) yield
      }
    }
  }

  /** Reaches whatever a record names, and answers its kind. */
  #follow(table: 'revisions' | 'entries', row: Row): RecordBody['kind'] | undefined {
    const kind = this.#noting(table, row, () => this.#skim(table, row))
    for (let digest = this.#fresh.pop(); digest; digest = this.#fresh.pop()) {
      const key = digest
      this.#noting(table, row, () => this.#skimValue(key))
    }
    return kind
  }

  /** A record that is damaged may refer to anything: it is noted. */
  #noting<T>(table: Table, { key }: Row, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof BatError)) throw error
      this.damaged.set(oidOfKey(key), nameOfRecord(table, key))
      return undefined
    }
  }

  #skimValue(key: Uint8Array): void {
    const record = this.#store.get('values', key)
    if (!record) throw damaged('values', key, 'it is not there')
    this.#skim('values', { key, record })
  }

  #skim(table: keyof typeof KINDS, row: Row): RecordBody['kind'] {
    const kind = skimRecord(table, row, this.#named)
    const kinds: readonly RecordBody['kind'][] = KINDS[table]
    if (!kinds.includes(kind)) throw damaged(table, row.key, `it is of kind ${kind}`)
    return kind
  }
}
