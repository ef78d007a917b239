// What an image says of itself in numbers: told at once, from what is counted anyway (usage.ts looks closer, and takes time).
import { type Tid, tidOf } from '../base/ids.ts'
import type { History } from './history.ts'
import type { Horizon } from './horizon.ts'
import { FORMAT, PROGRAM } from './identity.ts'
import { type Table, tables } from './keyspace.ts'
import type { Revisions } from './revisions.ts'
import type { Room, Store } from './store.ts'

export interface ImageStats {
  readonly id: string
  /** The version of the image's format, and of this program. */
  readonly format: number
  readonly program: string
  readonly head: Tid
  /** The oldest moment that can be seen; its time in milliseconds since 1970-01-01 UTC. */
  readonly oldest: { readonly transaction: Tid; readonly time: number }
  /** Whether a pack was cut short: the next one does what is left. */
  readonly packUnfinished: boolean
  /** Of the file of records, in bytes. It never shrinks; what is free is used again. */
  readonly room: Room
  /** Objects kept decoded in memory. */
  readonly cached: number
  readonly tables: Readonly<Record<Table, { readonly records: number; readonly bytes: number }>>
}

export interface Counted {
  readonly id: string
  readonly head: Tid
  readonly store: Store
  readonly horizon: Horizon
  readonly history: History
  readonly revisions: Revisions
}

export function statsOf({ id, head, store, horizon, history, revisions }: Counted): ImageStats {
  const { moment, time, isUnfinished } = horizon
  const transaction = tidOf(moment)
  const sizes = Object.fromEntries(tables.map((table) => [table, store.sizeOf(table)]))
  return {
    id,
    format: FORMAT,
    program: PROGRAM,
    head,
    oldest: { transaction, time: time || (history.transaction(transaction)?.time ?? 0) },
    packUnfinished: isUnfinished,
    room: store.room,
    cached: revisions.cachedCount,
    tables: sizes as ImageStats['tables'],
  }
}
