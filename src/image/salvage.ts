// What can still be said of an image when its records about itself are damaged: which is its newest transaction, which oids
// are taken. With that it can be looked at and dumped, not written: nobody knows what a writer would have to keep to.
import { BatError } from '../base/errors.ts'
import { numberOf } from '../base/ids.ts'
import type { Head } from './head.ts'
import { FORMAT, type Identity, UNKNOWN_ID } from './identity.ts'
import { type Key, oidOfKey, type Table, tidOfTransactionKey } from './keyspace.ts'
import type { Store } from './store.ts'

const ALL: { readonly from: Key; readonly to: Key } = { from: Buffer.alloc(1), to: Buffer.alloc(13, 0xff) }

export const salvagedIdentity = (): Identity => ({ id: UNKNOWN_ID, format: FORMAT })

/** The newest transaction by its key, and the first oid behind all there are. */
export function salvagedHead(store: Store): Head {
  const last = (table: Table) => store.first(table, { ...ALL, reverse: true })
  const [transaction, revision] = [last('transactions'), last('revisions')]
  return {
    tid: transaction ? tidOfTransactionKey(transaction.key) : 0,
    time: 0,
    next: revision ? numberOf(oidOfKey(revision.key)) + 1 : 1,
  }
}

/** Whether an image may be opened for rescue in spite of `error`. */
export const isSalvageable = (error: unknown): error is BatError =>
  error instanceof BatError && (error.code === 'E_RECORD_DAMAGED' || error.code === 'E_IMAGE_FOREIGN')
