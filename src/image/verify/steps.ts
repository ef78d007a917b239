// The steps of a check: each a fault, or nothing, which is a place where others may have their turn. Rows are checked each by
// itself: one that cannot be read is named, and the next is looked at.
import { BatError } from '../../base/errors.ts'
import { nameOfRecord, type Table } from '../keyspace.ts'
import { type Row, WHOLE } from '../store.ts'
import type { Look } from './look.ts'

export interface Fault {
  /** The record or place, as a person calls it: `obj:12 at tx:90`, `genesis.config.next`. */
  readonly where: string
  readonly problem: string
  /** It only takes room: nothing is damaged. */
  readonly harmless?: true
}

export type Steps = Generator<Fault | undefined, void, undefined>

/** Checks every row of a table. Of a row that was packed away meanwhile nothing is said. */
export function* eachRow(look: Look, table: Table, check: (row: Row) => Steps): Steps {
  look.total = look.store.sizeOf(table).records
  try {
    for (const row of look.store.walk(table, WHOLE)) {
      try {
        for (const step of check(row)) if (!step || look.has(table, row.key)) yield step
      } catch (error) {
        yield faultOf(error, nameOf(table, row))
      }
      look.done++
      yield undefined
    }
  } catch (error) {
    if (!(error instanceof BatError)) throw error
    yield { where: `table ${table}`, problem: `not readable to its end: ${String(error.details.problem)}` }
  }
}

/** What an error on reading a record says. */
export function faultOf(error: unknown, where: string): Fault {
  if (!(error instanceof BatError) || error.code !== 'E_RECORD_DAMAGED') {
    return { where, problem: error instanceof Error ? error.message : String(error) }
  }
  return { where: String(error.details.record), problem: String(error.details.problem) }
}

function nameOf(table: Table, { key }: Row): string {
  try {
    return nameOfRecord(table, key)
  } catch {
    return `${table} ${Buffer.from(key).toString('hex')}`
  }
}
