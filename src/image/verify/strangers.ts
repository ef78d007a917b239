// Every revision and entry belongs to a transaction that lists it. All that is listed was found there; so when there are as
// many revisions and entries as are listed, each is listed, and nothing need be looked up. Else those that are not are
// looked for one by one. What the image was packed up to is listed no more.
import { BatError } from '../../base/errors.ts'
import { tidOf } from '../../base/ids.ts'
import {
  entryVersionKey,
  keyText,
  nameOfRecord,
  revisionKey,
  tidOfVersionKey,
  transactionKey,
} from '../keyspace.ts'
import { parseTransaction, touched } from '../transaction-record.ts'
import type { Look } from './look.ts'
import { eachRow, type Steps } from './steps.ts'

/** Of how many transactions the lists are kept. */
const REMEMBERED = 64

export function* checkStrangers(look: Look): Steps {
  if (look.found === look.listed) return
  const lists = new Map<number, ReadonlySet<string> | 'missing' | 'damaged'>()
  const listOf = (tid: number) => {
    const known = lists.get(tid)
    if (known) return known
    if (lists.size >= REMEMBERED) lists.clear()
    const list = readList(look, tid)
    lists.set(tid, list)
    return list
  }
  for (const table of ['revisions', 'entries'] as const) {
    yield* eachRow(look, table, function* ({ key }) {
      const tid = tidOfVersionKey(key)
      if (tid > look.moment || !look.isListed(tid)) return
      const list = listOf(tid)
      const where = nameOfRecord(table, key)
      if (list === 'missing') yield { where, problem: `${tidOf(tid)}, which made it, is not there` }
      else if (list !== 'damaged' && !list.has(keyText(key)))
        yield { where, problem: `${tidOf(tid)} does not list it` }
    })
  }
}

/** The keys of the revisions and entries that a transaction lists. */
function readList(look: Look, tid: number): ReadonlySet<string> | 'missing' | 'damaged' {
  const key = transactionKey(tid)
  const row = look.store.get('transactions', key)
  if (!row) return 'missing'
  try {
    const record = parseTransaction(tid, { key, record: row })
    const revisions = touched(record).map((oid) => keyText(revisionKey(oid, tid)))
    const entries = record.trees.flatMap(({ tree, entries: own }) =>
      own.map((entry) => keyText(entryVersionKey(tree, entry, tid))),
    )
    return new Set([...revisions, ...entries])
  } catch (error) {
    if (error instanceof BatError) return 'damaged' // and named with its own table
    throw error
  }
}
