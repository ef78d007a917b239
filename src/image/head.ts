// The newest transaction of an image, as it is found when the image is opened. Its number is in its key; where its record is
// damaged, time goes on from the newest sound record, and oids from behind all that there are.
import { BatError } from '../base/errors.ts'
import { numberOf } from '../base/ids.ts'
import { BEHIND_ALL, oidOfKey, tidOfTransactionKey, transactionKey } from './keyspace.ts'
import type { Row, Store } from './store.ts'
import { parseTransaction, type TransactionRecord } from './transaction-record.ts'

export interface Head {
  readonly tid: number
  readonly time: number
  /** The first number not handed out as an oid, as committed. */
  readonly next: number
}

const ALL = { from: transactionKey(0), to: BEHIND_ALL, reverse: true }

/** Throws E_RECORD_DAMAGED where no transaction is sound. */
export function headOf(store: Store): Head {
  let tid: number | undefined
  for (const row of store.walk('transactions', ALL)) {
    tid ??= tidOfTransactionKey(row.key)
    const record = soundRecord(row)
    if (!record) continue
    const next = numberOf(record.next)
    const isNewest = numberOf(record.tid) === tid
    return { tid, time: record.time, next: isNewest ? next : Math.max(next, behindAll(store)) }
  }
  throw new BatError('E_RECORD_DAMAGED', { record: 'tx:0', problem: 'no transaction is sound' })
}

function soundRecord(row: Row): TransactionRecord | undefined {
  try {
    return parseTransaction(tidOfTransactionKey(row.key), row)
  } catch (error) {
    if (error instanceof BatError && error.code === 'E_RECORD_DAMAGED') return undefined // verify names it
    throw error
  }
}

function behindAll(store: Store): number {
  const last = store.first('revisions', { ...ALL, from: Buffer.alloc(1) })
  return last ? numberOf(oidOfKey(last.key)) + 1 : 0
}
