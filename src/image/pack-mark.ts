// The first half of a pack: what can be reached. It starts from the root and from all that was changed after the floor, and
// follows every reference of every version that stays (retention.ts), so what any moment after the floor can see is
// reached. It runs while others commit: each commit tells what it changes and refers to, and that counts as reached from
// then on; nothing is removed meanwhile, so nothing that was read goes stale.
//
// Reached and looked at are one bit an oid each. What waits to be looked at is a list of bounded length; when it is full
// the rest is left, and found again as reached but not looked at.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, oidOf } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import { DIGEST_SIZE } from './codec.ts'
import { DigestSet } from './digest-set.ts'
import { type EntryVersion, parseEntry } from './entries.ts'
import type { Witness } from './horizon.ts'
import {
  entriesEnd,
  entryStart,
  type Key,
  keyAfter,
  NEWEST,
  nameOfRecord,
  oidOfKey,
  revisionKey,
  revisionsEnd,
  sameThing,
  type Table,
  tidOfVersionKey,
} from './keyspace.ts'
import { type Digest, rawSlots, Unread } from './lazy-slots.ts'
import { NumberSet } from './number-set.ts'
import { ROOT } from './object-state.ts'
import { eachReference } from './references.ts'
import { Retention, type RetentionRule } from './retention.ts'
import { parseRevision } from './revisions.ts'
import { SharedValues } from './shared-values.ts'
import type { Row, Store } from './store.ts'

const WAITING_LIMIT = 1_000_000
const KEYS_A_TURN = 1000
const PAGE_BYTES = 1 << 20
const SHARED_BYTES = 1 << 20

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
  readonly #shared: SharedValues
  readonly #rule: RetentionRule
  readonly #waitingLimit: number
  /** What there was at or before the floor and has not been changed since. */
  readonly #old = new NumberSet()
  readonly #done = new NumberSet()
  readonly #waiting: number[] = []
  #left = false

  constructor(store: Store, rule: RetentionRule, { waitingLimit = WAITING_LIMIT } = {}) {
    this.#store = store
    this.#shared = new SharedValues(store, SHARED_BYTES)
    this.#rule = rule
    this.#waitingLimit = waitingLimit
  }

  object(oid: Oid): void {
    this.#reach(numberOf(oid))
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

  /** Yields how many bytes it has read, often. */
  *run(): Generator<number, void, undefined> {
    this.object(ROOT)
    yield* this.#young()
    for (;;) {
      for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
        if (this.#done.add(next)) yield* this.#look(oidOf(next))
      }
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

  /** Reaches whatever has a revision younger than the floor; the newest revision of each comes first. */
  *#young(): Generator<number, void, undefined> {
    let last: Oid | undefined
    let from: Key = revisionKey(ROOT, NEWEST)
    for (;;) {
      const keys = this.#store.keys('revisions', from, KEYS_A_TURN)
      for (const key of keys) {
        const oid = oidOfKey(key)
        if (oid === last) continue
        last = oid
        this.count++
        if (tidOfVersionKey(key) > this.#rule.floor) this.object(oid)
        else this.#old.add(numberOf(oid))
      }
      const end = keys.at(-1)
      if (!end) return
      from = keyAfter(end)
      yield PAGE_BYTES
    }
  }

  *#look(oid: Oid): Generator<number, void, undefined> {
    this.lookedAt++
    let isTree = false
    const retention = new Retention(this.#rule)
    const range = { from: revisionKey(oid, NEWEST), to: revisionsEnd(oid), bytes: PAGE_BYTES }
    for (const row of this.#store.walk('revisions', range)) {
      const read = () => this.#read('revisions', row, () => parseRevision(row.key, row.record))
      if (!retention.stays(tidOfVersionKey(row.key), () => read()?.kind === 'gone')) break
      const revision = read()
      if (revision?.kind === 'tree') isTree = true
      if (revision?.kind === 'object') {
        for (const [, value] of rawSlots(revision.slots)) {
          this.#read('revisions', row, () => this.#lookAtSlot(value))
        }
      }
      yield row.record.length
    }
    if (isTree) yield* this.#lookAtEntries(oid)
  }

  #lookAtSlot(value: Value | Unread): void {
    if (!(value instanceof Unread)) {
      eachReference(value, this)
      return
    }
    let isNew = value.encoding.length > DIGEST_SIZE
    for (const digest of value.digests) if (this.values.add(digest)) isNew = true
    if (isNew) eachReference(this.#shared.read(value), this)
  }

  *#lookAtEntries(tree: Oid): Generator<number, void, undefined> {
    let last: Key | undefined
    let retention = new Retention(this.#rule)
    const range = { from: entryStart(tree), to: entriesEnd(tree), bytes: PAGE_BYTES }
    for (const row of this.#store.walk('entries', range)) {
      if (!last || !sameThing(last, row.key)) retention = new Retention(this.#rule)
      last = row.key
      const read = () => this.#read('entries', row, () => parseEntry(row))
      if (retention.stays(tidOfVersionKey(row.key), () => isDeletion(read()))) {
        eachReference(read()?.value ?? null, this)
      }
      yield row.record.length
    }
  }

  /** A record that is damaged may refer to anything: it is noted. */
  #read<T>(table: Table, { key }: Row, parse: () => T): T | undefined {
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof BatError)) throw error
      this.damaged.set(oidOfKey(key), nameOfRecord(table, key))
      return undefined
    }
  }
}

const isDeletion = (entry: EntryVersion | undefined): boolean =>
  entry !== undefined && entry.value === undefined
