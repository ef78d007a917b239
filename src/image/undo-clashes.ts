// Why an undo is refused: the places that cannot go back since something else is there by now, or that lead to an object
// which would go; and the later transactions that changed them, so that these can be taken back as well.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, type Tid, tidOf } from '../base/ids.ts'
import type { Resolvers } from './conflict-resolvers.ts'
import type { Entries } from './entries.ts'
import type { Key } from './keyspace.ts'
import type { Revision, Revisions } from './revisions.ts'
import { sameValue } from './same-value.ts'
import type { Transaction } from './transaction.ts'
import type { TransactionRecord } from './transaction-record.ts'
import { View } from './view.ts'

export interface Past {
  readonly revisions: Revisions
  readonly entries: Entries
  readonly resolvers: Resolvers
  /** Whether an object or a Tree only tells of what happened. */
  readonly isAccount: (oid: Oid) => boolean
  /** The transactions from `tid` on. */
  readonly since: (tid: Tid) => Iterable<TransactionRecord>
}

/** An object or a Tree, and the number of the transaction since which it is looked at. */
export interface Since {
  readonly oid: Oid
  readonly tid: number
}

export class Clashes {
  readonly #transaction: Transaction
  /** By which people know things. */
  readonly #before: View
  readonly #asked: readonly TransactionRecord[]
  readonly #past: Past
  readonly #undone: ReadonlySet<number>
  readonly #places = new Set<string>()
  readonly #holders = new Set<string>()
  readonly #objects = new Set<Oid>()
  readonly #later = new Set<number>()

  constructor(transaction: Transaction, asked: readonly TransactionRecord[], past: Past) {
    this.#transaction = transaction
    this.#asked = asked
    this.#past = past
    this.#undone = new Set(asked.map(({ tid }) => numberOf(tid)))
    this.#before = new View(transaction.source, transaction.moment)
  }

  changedSince(change: Since): boolean {
    return this.#revisionsSince(change).length > 0
  }

  object(change: Since): void {
    const tids = this.#revisionsSince(change).map(({ tid }) => tid)
    this.#places.add(this.#before.nameOf(change.oid))
    this.#note(change.oid, tids)
  }

  slot(change: Since, slot: string): void {
    this.#places.add(this.#before.pathOf(change.oid, slot))
    this.#note(change.oid, this.#slotTids(change, slot))
  }

  entry(change: Since, key: Key): void {
    this.#places.add(this.#before.entryPathOf(change.oid, key))
    this.#note(change.oid, this.#entryTids(change, key))
  }

  /** A slot, changed since `tid` perhaps, refers to `made`, which goes. */
  slotHolds(holder: Since, slot: string, made: Oid): void {
    this.#holders.add(this.#before.pathOf(holder.oid, slot))
    this.#note(made, this.#slotTids(holder, slot))
  }

  entryHolds(holder: Since, key: Key, made: Oid): void {
    this.#holders.add(this.#before.entryPathOf(holder.oid, key))
    this.#note(made, this.#entryTids(holder, key))
  }

  /** Throws E_UNDO_CONFLICT, E_UNDO_REFERRED when anything was noted. */
  refuse(): void {
    if (this.#objects.size === 0) return
    const later = [...this.#later].sort((a, b) => b - a).map(tidOf)
    const asked = this.#asked.map(({ tid }) => tid)
    const objects = [...this.#objects].map((oid) => this.#before.nameOf(oid))
    const isConflict = this.#places.size > 0
    throw new BatError(isConflict ? 'E_UNDO_CONFLICT' : 'E_UNDO_REFERRED', {
      tid: asked.join(', '),
      places: [...(isConflict ? this.#places : this.#holders)],
      objects,
      later,
      alone: asked.join(' '),
      all: [...later, ...asked].join(' '),
      // what can be typed for a Tree is its oid
      kept: [...this.#objects]
        .map((oid, i) => (this.#before.kindOf(oid) === 'tree' ? oid : objects[i]))
        .join(' '),
    })
  }

  #slotTids(holder: Since, slot: string): number[] {
    const held = (revision: Revision | undefined) =>
      revision?.kind === 'object' ? revision.slots.get(slot) : undefined
    const older = (tid: number) => this.#past.revisions.at(holder.oid, tid - 1)
    const since = this.#revisionsSince(holder)
    return since.filter((one) => !sameValue(held(one), held(older(one.tid)))).map(({ tid }) => tid)
  }

  #entryTids({ oid, tid }: Since, key: Key): number[] {
    const tids: number[] = []
    const at = (moment: number) => this.#past.entries.at(oid, key, moment)?.tid ?? tid
    for (let later = at(this.#transaction.moment); later > tid; later = at(later - 1)) tids.push(later)
    return tids
  }

  /** The revisions that later transactions made which are not taken back as well, the newest first. */
  #revisionsSince({ oid, tid }: Since): Revision[] {
    const since: Revision[] = []
    for (const revision of this.#past.revisions.history(oid, this.#transaction.moment)) {
      if (revision.tid <= tid) break
      if (!this.#undone.has(revision.tid)) since.push(revision)
    }
    return since
  }

  #note(oid: Oid, tids: readonly number[]): void {
    this.#objects.add(oid)
    for (const tid of tids) if (!this.#undone.has(tid)) this.#later.add(tid)
  }
}
