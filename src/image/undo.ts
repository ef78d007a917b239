// Undo: a new transaction that brings back what another changed. What that one created is taken away, what it took away is
// there again, and of a Tree only the entries that it touched change. It is refused when a later transaction changed any of
// the same objects or entries again; those later ones are named. An undo is a transaction like any other, so it can be
// undone.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, type Tid, tidOf } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import type { Draft } from './commit.ts'
import type { Entries } from './entries.ts'
import type { Revision, Revisions } from './revisions.ts'
import type { Transaction } from './transaction.ts'
import { type TransactionRecord, touched } from './transaction-record.ts'

export interface Past {
  readonly revisions: Revisions
  readonly entries: Entries
}

/** Puts into `transaction` what undoes `record`; objects and Trees in `keep` stay as they are. Throws E_UNDO_CONFLICT. */
export function undoInto(
  transaction: Transaction,
  record: TransactionRecord,
  past: Past,
  keep: ReadonlySet<Oid>,
): void {
  const tid = numberOf(record.tid)
  refuseLaterChanges(transaction, record, past, keep)
  const trees = new Map(record.trees.map(({ tree, entries }) => [tree, entries]))
  for (const oid of touched(record)) {
    if (keep.has(oid)) continue
    const before = past.revisions.at(oid, tid - 1)
    const now = past.revisions.at(oid, tid)
    // a Tree that was there and stays there is restored by its entries alone
    if (now?.kind === 'tree' && before?.kind === 'tree') continue
    for (const key of trees.get(oid) ?? []) {
      if (now?.kind === 'tree') transaction.setEntry(oid, key, undefined)
    }
    transaction.restore(oid, draftOf(before))
  }
  for (const [tree, keys] of trees) {
    if (keep.has(tree) || past.revisions.at(tree, tid - 1)?.kind !== 'tree') continue
    for (const key of keys) transaction.setEntry(tree, key, past.entries.at(tree, key, tid - 1)?.value)
  }
}

function draftOf(before: Revision | undefined): Draft | undefined {
  switch (before?.kind) {
    case 'object':
      return {
        kind: 'object',
        slots: new Map<string, Value>(before.slots),
        created: false,
        generation: -1,
      }
    case 'tree':
      return { kind: 'tree', created: false }
    default:
      return undefined
  }
}

function refuseLaterChanges(
  transaction: Transaction,
  record: TransactionRecord,
  { revisions, entries }: Past,
  keep: ReadonlySet<Oid>,
): void {
  const tid = numberOf(record.tid)
  const later = new Set<number>()
  const objects = new Set<Oid>()
  const check = (oid: Oid, newest: number | undefined) => {
    if (newest === undefined || newest <= tid) return
    later.add(newest)
    objects.add(oid)
  }
  const trees = new Map(record.trees.map(({ tree, entries: keys }) => [tree, keys]))
  for (const oid of touched(record)) {
    if (keep.has(oid)) continue
    const stays = revisions.at(oid, tid)?.kind === 'tree' && revisions.at(oid, tid - 1)?.kind === 'tree'
    if (!stays) check(oid, revisions.newest(oid))
    else for (const key of trees.get(oid) ?? []) check(oid, entries.newest(oid, key))
  }
  if (objects.size === 0) return
  throw new BatError('E_UNDO_CONFLICT', {
    tid: record.tid,
    objects: [...objects].map((oid) => transaction.nameOf(oid)),
    later: [...later].sort((a, b) => b - a).map((number): Tid => tidOf(number)),
  })
}
