// Transactions follow each other without a gap, in time too, and all that each lists is there: revisions, entries, blobs.
import { numberOf, type Oid, type Tid, tidOf } from '../../base/ids.ts'
import { blobKey, entryVersionKey, nameOfRecord, revisionKey, tidOfTransactionKey } from '../keyspace.ts'
import { parseTransaction, type TransactionRecord, touched } from '../transaction-record.ts'
import type { Look } from './look.ts'
import { eachRow, type Steps } from './steps.ts'

export function* checkTransactions(look: Look): Steps {
  let last = -1
  let before: TransactionRecord | undefined
  yield* eachRow(look, 'transactions', function* (row) {
    const number = tidOfTransactionKey(row.key)
    if (number > look.moment) return
    // before the horizon those of which nothing is left are gone
    yield* checkGap(Math.max(last, look.horizon.moment - 1), number)
    last = number
    const record = parseTransaction(number, row)
    if (before) yield* checkOrder(before, record)
    before = record
    if (look.isListed(number)) yield* checkLists(look, record, number)
  })
  yield* checkGap(Math.max(last, look.horizon.moment - 1), look.moment + 1)
}

function* checkGap(last: number, number: number): Steps {
  const missing = number - last - 1
  if (missing === 1) yield { where: tidOf(last + 1), problem: 'it is not there' }
  else if (missing > 1)
    yield { where: tidOf(last + 1), problem: `it and all to ${tidOf(number - 1)} are not there` }
}

function* checkOrder(before: TransactionRecord, record: TransactionRecord): Steps {
  const where = record.tid
  if (record.time < before.time) yield { where, problem: `its time is before that of ${before.tid}` }
  if (numberOf(record.next) < numberOf(before.next))
    yield { where, problem: `it hands out oids from ${record.next}, ${before.tid} from ${before.next}` }
}

function* checkLists(look: Look, record: TransactionRecord, number: number): Steps {
  const where: Tid = record.tid
  for (const oid of touched(record)) {
    if (look.has('revisions', revisionKey(oid, number))) look.listed++
    else yield { where, problem: `its revision of ${oid} is not there` }
    if (isBeyond(oid, record.next)) yield { where, problem: `it has ${oid}, which is not handed out yet` }
    yield undefined
  }
  for (const { tree, entries } of record.trees) {
    for (const entry of entries) {
      const key = entryVersionKey(tree, entry, number)
      if (look.has('entries', key)) look.listed++
      else yield { where, problem: `its entry ${nameOfRecord('entries', key)} is not there` }
      yield undefined
    }
  }
  for (const sha256 of record.blobs) {
    if (!look.has('blobs', blobKey(sha256))) yield { where, problem: `its blob ${sha256} has no record` }
  }
}

const isBeyond = (oid: Oid, next: Oid): boolean => numberOf(oid) >= numberOf(next)
