// What stays and refers to what an undo takes away. There is no index of who refers to whom, and none is needed: nothing can
// refer to an object before the transaction that created it, so only what was changed from there on is looked through. What
// only tells of what happened goes on telling it, but leads there no more: the oid stands in place of the reference.
import { numberOf, type Oid, tidOf } from '../base/ids.ts'
import { takeTurns } from '../base/turns.ts'
import type { Value } from '../base/value.ts'
import { type Key, keyText } from './keyspace.ts'
import { findReference, namesInstead } from './references.ts'
import { soundly } from './soundly.ts'
import type { Transaction } from './transaction.ts'
import type { TransactionRecord } from './transaction-record.ts'
import type { Clashes, Past } from './undo-clashes.ts'

/** Notes in `clashes` each slot and entry, as `transaction` has it, that leads to what `undone` created and is gone. */
export async function findReferrers(
  transaction: Transaction,
  undone: readonly TransactionRecord[],
  { past, clashes }: { readonly past: Past; readonly clashes: Clashes },
): Promise<void> {
  const lost = new Map<Oid, number>()
  for (const { tid, created } of undone) {
    for (const oid of created) if (transaction.kindOf(oid) === 'gone') lost.set(oid, numberOf(tid))
  }
  if (lost.size === 0) return
  const turn = takeTurns()
  const looked = new Set<Oid>()
  const isLost = (oid: Oid) => lost.has(oid)
  const referred = (read: () => Value | undefined) => {
    const value = soundly(read) ?? null
    const found = findReference(value, isLost)
    return found && { value, made: found.oid, tid: lost.get(found.oid)! }
  }
  for (const record of past.since(tidOf(Math.min(...lost.values())))) {
    for (const oid of [...record.created, ...record.changed]) {
      if (looked.has(oid)) continue
      looked.add(oid)
      for (const slot of transaction.slotsOf(oid)?.keys() ?? []) {
        const found = referred(() => transaction.slotsOf(oid)?.get(slot))
        if (!found) continue
        if (past.isAccount(oid)) transaction.setSlot(oid, slot, namesInstead(found.value, isLost))
        else clashes.slotHolds({ oid, tid: found.tid }, slot, found.made)
      }
      await turn()
    }
    for (const { tree, entries } of record.trees) {
      if (transaction.kindOf(tree) !== 'tree') continue
      for (const key of entries) {
        const found = referred(() => entryNow(transaction, past, { tree, key }))
        if (found && past.isAccount(tree)) transaction.setEntry(tree, key, namesInstead(found.value, isLost))
        else if (found) clashes.entryHolds({ oid: tree, tid: found.tid }, key, found.made)
        await turn()
      }
    }
  }
}

/** The value of an entry as `transaction` has it. */
export function entryNow(
  transaction: Transaction,
  { entries }: Past,
  { tree, key }: { readonly tree: Oid; readonly key: Key },
): Value | undefined {
  const changed = transaction.entryChanges(tree)?.get(keyText(key))
  return changed ? changed.value : entries.at(tree, key, transaction.moment)?.value
}
