// What happened to the image: its transactions in order, and the revisions of each object.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, type Tid, tidOf } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import type { Horizon } from './horizon.ts'
import { tidOfTransactionKey, transactionKey } from './keyspace.ts'
import type { Slots } from './object-state.ts'
import type { Revision, Revisions } from './revisions.ts'
import { sameValue } from './same-value.ts'
import type { Store } from './store.ts'
import { type Heading, parseHeading, parseTransaction, type TransactionRecord } from './transaction-record.ts'

export type { TransactionRecord } from './transaction-record.ts'

export interface TransactionFilter {
  /** First transaction, included: its id or a time in milliseconds since 1970-01-01 UTC. */
  readonly from?: Tid | number
  /** Last transaction, included. */
  readonly to?: Tid | number
  readonly user?: string
  /** The newest first. */
  readonly reverse?: boolean
  readonly limit?: number
}

/** One revision of an object or a Tree. */
export interface PastState {
  readonly tid: Tid
  readonly time: number
  readonly user: string
  readonly description: string
  readonly kind: 'object' | 'tree' | 'gone'
  /** Of an object. */
  readonly slots?: Slots
}

export interface SlotDifference {
  readonly slot: string
  readonly before: Value | undefined
  readonly after: Value | undefined
}

export interface HistoryOptions {
  readonly store: Store
  readonly revisions: Revisions
  readonly horizon: Horizon
  /** The number of the newest transaction. */
  readonly newest: () => number
}

export class History {
  readonly #store: Store
  readonly #revisions: Revisions
  readonly #horizon: Horizon
  readonly #newest: () => number

  constructor({ store, revisions, horizon, newest }: HistoryOptions) {
    this.#store = store
    this.#revisions = revisions
    this.#horizon = horizon
    this.#newest = newest
  }

  /** The record of a transaction; undefined where there is none. Throws E_RECORD_DAMAGED. */
  transaction(tid: Tid): TransactionRecord | undefined {
    const number = numberOf(tid)
    if (!(number <= this.#newest())) return undefined
    const key = transactionKey(number)
    const record = this.#store.get('transactions', key)
    return record && parseTransaction(number, { key, record })
  }

  *transactions(filter: TransactionFilter = {}): Generator<TransactionRecord, void, undefined> {
    const { user, reverse = false, limit = Number.POSITIVE_INFINITY } = filter
    const from = filter.from === undefined ? 0 : this.#firstSince(filter.from)
    const to = filter.to === undefined ? this.#newest() : this.moment(filter.to)
    if (to === undefined || from > to) return
    let left = limit
    const range = { from: transactionKey(from), to: transactionKey(to + 1), reverse }
    for (const row of this.#store.walk('transactions', range)) {
      if (left <= 0) return
      const record = parseTransaction(tidOfTransactionKey(row.key), row)
      if (user !== undefined && record.user !== user) continue
      left--
      yield record
    }
  }

  /** The transactions after `since`, oldest first. Throws E_PACKED when some of them are not there any more. */
  changes(since: Tid): Generator<TransactionRecord, void, undefined> {
    this.#horizon.check(numberOf(since), `what came after ${since}`)
    return this.transactions({ from: tidOf(numberOf(since) + 1) })
  }

  /** The records of transactions that can be taken back, each once. Throws E_PACKED, E_NO_TRANSACTION. */
  undoable(tids: readonly Tid[]): TransactionRecord[] {
    return [...new Set(tids)].map((tid) => {
      if (tid !== tidOf(0)) this.#horizon.check(numberOf(tid) - 1, `what was before ${tid}`)
      const record = this.transaction(tid)
      if (!record || tid === tidOf(0)) throw new BatError('E_NO_TRANSACTION', { tid })
      return record
    })
  }

  /** The revisions of an object or a Tree, the newest first. */
  *of(oid: Oid): Generator<PastState, void, undefined> {
    for (const revision of this.#revisions.history(oid, this.#newest())) {
      const { kind } = revision
      const tid = tidOf(revision.tid)
      const { time, user, description } = this.#heading(revision.tid)
      const about = { tid, time, user, description, kind }
      yield revision.kind === 'object' ? { ...about, slots: revision.slots } : about
    }
  }

  #heading(tid: number): Heading {
    const key = transactionKey(tid)
    const record = this.#store.get('transactions', key)
    return record ? parseHeading({ key, record }) : NOBODY
  }

  /** How the slots of an object differ between two transactions. Throws E_PACKED. */
  diff(oid: Oid, a: Tid, b: Tid): SlotDifference[] {
    for (const tid of [a, b]) this.#horizon.check(numberOf(tid))
    const before = slotsOf(this.#revisions.at(oid, numberOf(a)))
    const after = slotsOf(this.#revisions.at(oid, numberOf(b)))
    return [...new Set([...before.keys(), ...after.keys()])]
      .map((slot) => ({ slot, before: before.get(slot), after: after.get(slot) }))
      .filter((change) => !sameValue(change.before, change.after))
  }

  /** Like `moment`, for what is to be looked at. Throws E_PACKED, E_NO_TRANSACTION. */
  visible(at: Tid | number): number {
    const moment = this.moment(at) ?? (this.#horizon.moment > 0 ? -1 : undefined)
    if (moment === undefined)
      throw new BatError('E_NO_TRANSACTION', { tid: `as early as ${new Date(at).toISOString()}` })
    this.#horizon.check(moment, typeof at === 'string' ? at : new Date(at).toISOString())
    return moment
  }

  /** The number of the newest transaction not after `at`; undefined for a time before the first. Throws E_NO_TRANSACTION. */
  moment(at: Tid | number): number | undefined {
    if (typeof at === 'string') {
      const number = numberOf(at)
      if (!(number <= this.#newest())) throw new BatError('E_NO_TRANSACTION', { tid: at })
      return number
    }
    const after = this.#search((time) => time > at)
    return after === 0 ? undefined : after - 1
  }

  #firstSince(at: Tid | number): number {
    return typeof at === 'string' ? numberOf(at) : this.#search((time) => time >= at)
  }

  /** The least number of a transaction whose time is `beyond`; times never go back. */
  #search(beyond: (time: number) => boolean): number {
    let low = 0
    let high = this.#newest() + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const row = this.#store.seek('transactions', transactionKey(middle))
      if (!row || beyond(parseHeading(row).time)) high = middle
      else low = tidOfTransactionKey(row.key) + 1
    }
    return low
  }
}

/** Of a transaction without a record. */
const NOBODY: Heading = { time: 0, user: '', description: '' }

const slotsOf = (revision: Revision | undefined): Slots =>
  revision?.kind === 'object' ? revision.slots : new Map<string, Value>()
