// The second half of a pack: takes out what nothing can see any more, table by table, a page of rows and one write at a time.
// What a page decides is written in the same turn, so nothing that others commit comes between. It may end after any write
// and begin again from the start: what was removed is not found any more, what stays is judged the same.
//
// For that the order within an object matters: a version that takes it away goes last, or an older version would show again.
// Of a condemned object nobody sees what is left (horizon.ts).
import { numberOf, type Oid } from '../base/ids.ts'
import { parseBlobRecord } from './blob-record.ts'
import type { DigestSet } from './digest-set.ts'
import {
  type Key,
  keyAfter,
  NEWEST,
  oidOfKey,
  revisionKey,
  sameThing,
  type Table,
  tidOfTransactionKey,
  tidOfVersionKey,
  transactionKey,
} from './keyspace.ts'
import { NumberSet } from './number-set.ts'
import { formatRecord, isDeletion } from './record.ts'
import { Retention, type RetentionRule } from './retention.ts'
import { soundly } from './soundly.ts'
import { type Row, type Store, WHOLE } from './store.ts'
import { parseTransaction, shortened } from './transaction-record.ts'

/** How many of each were removed. */
export interface Removed {
  revisions: number
  objects: number
  entries: number
  transactions: number
  values: number
  blobs: number
  /** Bytes of their keys, records and files. */
  bytes: number
}

export interface SweepOptions {
  readonly store: Store
  readonly rule: RetentionRule
  readonly isCondemned: (oid: Oid) => boolean
  /** Objects and Trees that are left as they are. */
  readonly untouched: { has(oid: Oid): boolean }
  /** The shared values and the blobs that something refers to; undefined when that cannot be known and all stay. */
  readonly referred: { readonly values: DigestSet; readonly blobs: DigestSet } | undefined
  /** Called when nothing is left of an object or a Tree. */
  readonly onGone: (oid: Oid) => void
  readonly dryRun: boolean
  /** Rows a turn. */
  readonly rows: number
  /** Ends a turn; `rows`: how many were looked at in it. */
  readonly turn: (rows: number) => Promise<void>
  /** Writes what a turn decided. */
  readonly write: Store['write']
}

const PAGE_BYTES = 1 << 20

export class Sweep {
  readonly removed: Removed = {
    revisions: 0,
    objects: 0,
    entries: 0,
    transactions: 0,
    values: 0,
    blobs: 0,
    bytes: 0,
  }
  readonly #options: SweepOptions
  /** Transactions not younger than the floor that made something that stays. */
  readonly #makers = new NumberSet()
  readonly #gone = new NumberSet()
  #changes: Change[] = []
  #dropped: Oid[] = []

  constructor(options: SweepOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    await this.#revisions()
    await this.#entries()
    await this.#transactions()
    const { referred } = this.#options
    if (!referred) return
    await this.#values(referred.values)
    await this.#blobs(referred.blobs)
  }

  async #revisions(): Promise<void> {
    const { untouched, isCondemned, rule } = this.#options
    let oid: Oid | undefined
    let fate: Fate = 'stays'
    const end = () => {
      if (!(fate instanceof Lives) || !fate.ended || !oid) return
      this.#drop('revisions', fate.ended)
      if (!fate.some) this.#dropObject(oid)
    }
    const each = (row: Row) => {
      const next = oidOfKey(row.key)
      if (next !== oid) {
        end()
        oid = next
        if (isCondemned(oid)) fate = 'goes'
        else fate = untouched.has(oid) ? 'stays' : new Lives(rule)
        if (fate === 'goes') this.#dropObject(oid)
      }
      this.#judge('revisions', row, fate)
    }
    await this.#sweep('revisions', WHOLE.to, each, end)
  }

  async #entries(): Promise<void> {
    const { untouched, rule } = this.#options
    let tree: Oid | undefined
    let treeStays = true
    let last: Key | undefined
    let fate: Fate = 'stays'
    const end = () => {
      if (fate instanceof Lives && fate.ended) this.#drop('entries', fate.ended)
    }
    const each = (row: Row) => {
      const oid = oidOfKey(row.key)
      if (oid !== tree) {
        tree = oid
        treeStays = !this.#gone.has(numberOf(oid)) && this.#isThere(oid)
      }
      if (!last || !sameThing(last, row.key)) {
        end()
        if (!treeStays) fate = 'goes'
        else fate = untouched.has(oid) ? 'stays' : new Lives(rule)
      }
      last = row.key
      this.#judge('entries', row, fate)
    }
    await this.#sweep('entries', WHOLE.to, each, end)
  }

  /** Of a transaction before the floor that made something that stays, who, when and why are kept, not what it changed. */
  async #transactions(): Promise<void> {
    await this.#sweep('transactions', transactionKey(this.#options.rule.floor), (row) => {
      const tid = tidOfTransactionKey(row.key)
      if (!this.#makers.has(tid)) this.#drop('transactions', row)
      else {
        const record = soundly(() => shortened(parseTransaction(tid, row)))
        if (record)
          this.#put('transactions', row, Uint8Array.from(formatRecord('transactions', row.key, record)))
      }
    })
  }

  async #values(referred: DigestSet): Promise<void> {
    await this.#sweep('values', WHOLE.to, (row) => {
      if (!referred.has(row.key)) this.#drop('values', row)
    })
  }

  async #blobs(referred: DigestSet): Promise<void> {
    await this.#sweep('blobs', WHOLE.to, (row) => {
      if (referred.has(row.key)) return
      const about = soundly(() => parseBlobRecord(row.key, row.record))
      if (!about || about.tid > this.#options.rule.floor) return
      this.#drop('blobs', row)
      this.removed.bytes += about.size
    })
  }

  /** Calls `each` for every row of a table, and `end` behind the last; writes what came of a page in the same turn. */
  async #sweep(table: Table, to: Key, each: (row: Row) => void, end?: () => void): Promise<void> {
    const { store, rows: limit, turn } = this.#options
    for (let from = WHOLE.from; ; ) {
      const rows = store.page(table, { from, to, limit, bytes: PAGE_BYTES })
      for (const row of rows) each(row)
      if (rows.length === 0) end?.()
      this.#write()
      await turn(rows.length)
      if (rows.length === 0) return
      from = keyAfter(rows.at(-1)!.key)
    }
  }

  #judge(table: 'revisions' | 'entries', row: Row, fate: Fate): void {
    const stays = fate instanceof Lives ? fate.staysRow(table, row) : fate === 'stays'
    const tid = tidOfVersionKey(row.key)
    if (!stays) {
      if (!(fate instanceof Lives) || fate.ended !== row) this.#drop(table, row)
    } else if (tid <= this.#options.rule.floor) this.#makers.add(tid)
  }

  /** Whether an object or a Tree has a revision. */
  #isThere(oid: Oid): boolean {
    const from = revisionKey(oid, NEWEST)
    const row = this.#options.store.seek('revisions', from)
    return row !== undefined && sameThing(row.key, from)
  }

  #drop(table: Counted, { key, record }: Row): void {
    this.removed[table]++
    this.removed.bytes += key.length + record.length
    this.#changes.push({ table, key })
  }

  #dropObject(oid: Oid): void {
    this.removed.objects++
    this.#gone.add(numberOf(oid))
    this.#dropped.push(oid)
  }

  #put(table: Table, { key, record }: Row, now: Uint8Array): void {
    this.removed.bytes += record.length - now.length
    this.#changes.push({ table, key, record: now })
  }

  #write(): void {
    const [changes, dropped] = [this.#changes, this.#dropped]
    this.#changes = []
    this.#dropped = []
    if (changes.length === 0 || this.#options.dryRun) return
    this.#options.write(({ put, remove }) => {
      for (const { table, key, record } of changes) {
        if (record) put(table, key, record)
        else remove(table, key)
      }
    })
    for (const oid of dropped) this.#options.onGone(oid)
  }
}

type Counted = 'revisions' | 'entries' | 'transactions' | 'values' | 'blobs'

interface Change {
  readonly table: Table
  readonly key: Key
  /** What is put there; absent: it is removed. */
  readonly record?: Uint8Array
}

/** What becomes of the versions of an object or an entry: all the same, or one by one. */
type Fate = 'stays' | 'goes' | Lives

/** The versions of one thing, the newest first. */
class Lives extends Retention {
  /** The version that took it away, to be dropped after all older ones. */
  ended: Row | undefined

  /** Whether a version stays; when it is `ended`, it is to be held back. */
  staysRow(table: 'revisions' | 'entries', row: Row): boolean {
    const isGone = isDeletion(table, row)
    if (this.stays(tidOfVersionKey(row.key), isGone)) return true
    if (isGone) this.ended ??= row
    return false
  }
}
