// Undo: a new transaction that brings back what others changed. What they created is taken away, what they took away is
// there again; of an object only the slots and of a Tree only the entries that they changed go back, so that what was done
// elsewhere in it since then stays. Several are taken back in one, the newest first.
//
// A place goes back only from the value that the transaction left there: where something else is by now, the undo is refused
// with every such place and the later transactions that changed it, unless the object names a resolver that can part the
// two (conflict-resolvers.ts). Nor is what was created taken away while anything that stays refers to it. An undo is a transaction like any other, so it can be undone.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import type { Draft } from './commit.ts'
import { resolverOf, type SlotConflict } from './conflict-resolvers.ts'
import type { Key } from './keyspace.ts'
import type { Slots } from './object-state.ts'
import type { Revision } from './revisions.ts'
import { sameValue } from './same-value.ts'
import type { Transaction, TransactionOptions } from './transaction.ts'
import { type TransactionRecord, touched } from './transaction-record.ts'
import { Clashes, type Past, type Since } from './undo-clashes.ts'
import { entryNow, findReferrers } from './undo-referrers.ts'

export interface UndoOptions extends TransactionOptions {
  /** Objects and Trees that stay as they are. */
  readonly keep?: Iterable<Oid>
  /** Whether an object or a Tree only tells of what happened: it may name what goes, and leads there no more. */
  readonly isAccount?: (oid: Oid) => boolean
}

/** How the undo of these is described. */
export const undoOf = (records: readonly TransactionRecord[]): string =>
  `undo ${records.map(({ tid, description }) => `${tid}: ${description}`).join('; ')}`

/**
 * Puts into `transaction` what undoes `records`; objects and Trees in `keep` stay as they are. Throws E_UNDO_CONFLICT,
 * E_UNDO_REFERRED, E_UNDO_NOTHING.
 */
export async function undoInto(
  transaction: Transaction,
  records: readonly TransactionRecord[],
  past: Past,
  keep: ReadonlySet<Oid>,
): Promise<void> {
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
  await findReferrers(transaction, newestFirst, { past, clashes })
  clashes.refuse()
  if (transaction.isBlank) throw new BatError('E_UNDO_NOTHING', { tid: records.map(({ tid }) => tid) })
}

interface Change extends Since {
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
    const now = entryNow(transaction, past, { tree: oid, key })
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
