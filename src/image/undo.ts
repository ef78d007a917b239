// Undo: a new transaction that brings back what others changed. What they created is taken away, what they took away is
// there again; of an object only the slots and of a Tree only the entries that they changed go back, so that what was done
// elsewhere in it since then stays. Several are taken back in one, the newest first.
//
// A place goes back only from the value that the transaction left there: where something else is by now, the undo is refused
// with every such place and the later transactions that changed it, unless the object names a resolver that can part the
// two (conflict-resolvers.ts). An undo is a transaction like any other, so it can be undone.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, tidOf } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import type { Draft } from './commit.ts'
import { type Resolvers, resolverOf, type SlotConflict } from './conflict-resolvers.ts'
import type { Entries } from './entries.ts'
import { type Key, keyText, parseTreeKey } from './keyspace.ts'
import type { Slots } from './object-state.ts'
import type { Revision, Revisions } from './revisions.ts'
import { sameValue } from './same-value.ts'
import type { Transaction } from './transaction.ts'
import { type TransactionRecord, touched } from './transaction-record.ts'

export interface Past {
  readonly revisions: Revisions
  readonly entries: Entries
  readonly resolvers: Resolvers
}

/** Puts into `transaction` what undoes `records`; objects and Trees in `keep` stay as they are. Throws E_UNDO_CONFLICT. */
export function undoInto(
  transaction: Transaction,
  records: readonly TransactionRecord[],
  past: Past,
  keep: ReadonlySet<Oid>,
): void {
  const newestFirst = [...records].sort((a, b) => numberOf(b.tid) - numberOf(a.tid))
  const clashes = new Clashes(transaction, newestFirst, past)
  for (const record of newestFirst) {
    const tid = numberOf(record.tid)
    const trees = new Map(record.trees.map(({ tree, entries }) => [tree, entries]))
    for (const oid of touched(record)) {
      if (keep.has(oid)) continue
      const change = {
        oid,
        tid,
        before: past.revisions.at(oid, tid - 1),
        after: past.revisions.at(oid, tid),
        keys: trees.get(oid) ?? [],
      }
      undoChange(transaction, change, { past, clashes })
    }
  }
  clashes.refuse()
}

interface Change {
  readonly oid: Oid
  readonly tid: number
  readonly before: Revision | undefined
  readonly after: Revision | undefined
  /** Of a Tree, the entries that changed. */
  readonly keys: readonly Key[]
}

interface Scope {
  readonly past: Past
  readonly clashes: Clashes
}

function undoChange(transaction: Transaction, change: Change, scope: Scope): void {
  const { oid, before, after, keys } = change
  if (transaction.kindOf(oid) !== (after?.kind ?? 'gone')) scope.clashes.object(change)
  else if (before?.kind === 'object' && after?.kind === 'object')
    undoSlots(transaction, change, { ...scope, before: before.slots, after: after.slots })
  else if (before?.kind === 'tree' && after?.kind === 'tree') undoEntries(transaction, change, scope)
  else if (scope.clashes.changedSince(change)) scope.clashes.object(change)
  else {
    if (after?.kind === 'tree') for (const key of keys) transaction.setEntry(oid, key, undefined)
    if (before?.kind === 'object') transaction.restore(oid, objectDraft(before.slots))
    else if (before?.kind !== 'tree') transaction.restore(oid, undefined)
    else {
      transaction.restore(oid, treeDraft(before.count, change, scope))
      undoEntries(transaction, change, scope)
    }
  }
}

function undoSlots(
  transaction: Transaction,
  change: Change,
  { before, after, past, clashes }: Scope & { readonly before: Slots; readonly after: Slots },
): void {
  const { oid } = change
  const now = transaction.slotsOf(oid)!
  // nothing happened to it since: its slots get their order back too
  if (now === after || sameSlots(now, after)) {
    transaction.restore(oid, objectDraft(before))
    return
  }
  for (const slot of changedSlots(before, after)) {
    const value = before.get(slot)
    const committed = now.get(slot)
    if (!sameValue(committed, after.get(slot))) {
      const conflict = { slot, base: after.get(slot), committed, ours: value }
      if (!resolveInto(transaction, oid, { conflict, past })) clashes.slot(change, slot)
    } else if (value === undefined) transaction.deleteSlot(oid, slot)
    else transaction.setSlot(oid, slot, value)
  }
}

/** What was done since stays, and what is undone goes, where the object names a resolver that knows how. */
function resolveInto(
  transaction: Transaction,
  oid: Oid,
  { conflict, past }: { readonly conflict: SlotConflict; readonly past: Past },
): boolean {
  const value = resolverOf(transaction, oid, past.resolvers)?.(conflict)
  if (value !== undefined) transaction.get(oid).set(conflict.slot, value)
  return value !== undefined
}

function undoEntries(transaction: Transaction, change: Change, { past, clashes }: Scope): void {
  const { oid, tid, keys, after } = change
  for (const key of keys) {
    const changed = transaction.entryChanges(oid)?.get(keyText(key))
    const now = changed ? changed.value : past.entries.at(oid, key, transaction.moment)?.value
    const there = after?.kind === 'tree'
    if (there && !sameValue(now, past.entries.at(oid, key, tid)?.value)) clashes.entry(change, key)
    else transaction.setEntry(oid, key, past.entries.at(oid, key, tid - 1)?.value)
  }
}

/** A Tree that is there again, with the entries that were left in it when it was taken away. */
function treeDraft(count: number, { oid, tid, keys }: Change, { past }: Scope): Draft {
  const there = (key: Key, moment: number) => Number(past.entries.at(oid, key, moment)?.value !== undefined)
  const lost = keys.reduce((sum, key) => sum + there(key, tid - 1) - there(key, tid), 0)
  return { kind: 'tree', created: false, count: count - lost }
}

const objectDraft = (slots: Slots): Draft => ({
  kind: 'object',
  slots: new Map<string, Value>(slots),
  created: false,
  generation: -1,
})

const changedSlots = (a: Slots, b: Slots): string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((slot) => !sameValue(a.get(slot), b.get(slot)))

const sameSlots = (a: Slots, b: Slots): boolean => a.size === b.size && changedSlots(a, b).length === 0

/** The places that cannot go back, and the transactions because of which. */
class Clashes {
  readonly #transaction: Transaction
  readonly #asked: readonly TransactionRecord[]
  readonly #past: Past
  readonly #undone: ReadonlySet<number>
  readonly #places = new Set<string>()
  readonly #objects = new Set<Oid>()
  readonly #later = new Set<number>()

  constructor(transaction: Transaction, asked: readonly TransactionRecord[], past: Past) {
    this.#transaction = transaction
    this.#asked = asked
    this.#past = past
    this.#undone = new Set(asked.map(({ tid }) => numberOf(tid)))
  }

  changedSince(change: Change): boolean {
    return this.#revisionsSince(change).length > 0
  }

  object(change: Change): void {
    const tids = this.#revisionsSince(change).map(({ tid }) => tid)
    this.#note(change.oid, this.#transaction.nameOf(change.oid), tids)
  }

  slot(change: Change, slot: string): void {
    const since = this.#revisionsSince(change)
    const held = (revision: Revision | undefined) =>
      revision?.kind === 'object' ? revision.slots.get(slot) : undefined
    const older = (tid: number) => this.#past.revisions.at(change.oid, tid - 1)
    const tids = since.filter((one) => !sameValue(held(one), held(older(one.tid)))).map(({ tid }) => tid)
    this.#note(change.oid, this.#transaction.pathOf(change.oid, slot), tids)
  }

  entry({ oid, tid }: Change, key: Key): void {
    const tids: number[] = []
    const at = (moment: number) => this.#past.entries.at(oid, key, moment)?.tid ?? tid
    for (let later = at(this.#transaction.moment); later > tid; later = at(later - 1)) tids.push(later)
    this.#note(oid, `${this.#transaction.nameOf(oid)}[${String(parseTreeKey(key))}]`, tids)
  }

  refuse(): void {
    if (this.#places.size === 0) return
    const later = [...this.#later].sort((a, b) => b - a).map(tidOf)
    const asked = this.#asked.map(({ tid }) => tid)
    const objects = [...this.#objects].map((oid) => this.#transaction.nameOf(oid))
    throw new BatError('E_UNDO_CONFLICT', {
      tid: asked.join(', '),
      places: [...this.#places],
      objects,
      later,
      alone: asked.join(' '),
      all: [...later, ...asked].join(' '),
      kept: objects.join(' '),
    })
  }

  /** The revisions that later transactions made which are not taken back as well, the newest first. */
  #revisionsSince({ oid, tid }: Change): Revision[] {
    const since: Revision[] = []
    for (const revision of this.#past.revisions.history(oid, this.#transaction.moment)) {
      if (revision.tid <= tid) break
      if (!this.#undone.has(revision.tid)) since.push(revision)
    }
    return since
  }

  #note(oid: Oid, place: string, tids: readonly number[]): void {
    this.#objects.add(oid)
    this.#places.add(place)
    for (const tid of tids) if (!this.#undone.has(tid)) this.#later.add(tid)
  }
}
