// What an image says of itself, in the record `format` of the table `meta`: that it is one, its id, the version of its
// format, and the oldest program that may write it. An image that is new is given these, and the root object, by its
// first transaction, tx:0 (a later one where a dump is loaded).
import { BatError } from '../base/errors.ts'
import { type Oid, tidOf } from '../base/ids.ts'
import { revisionKey, tables, transactionKey } from './keyspace.ts'
import { metaOf, putMeta } from './meta.ts'
import { ROOT } from './object-state.ts'
import { formatRecord } from './record.ts'
import type { Store, Writer } from './store.ts'
import { transactionBody } from './transaction-record.ts'

export interface Identity {
  /** UUID v7. */
  readonly id: string
  readonly format: number
}

/** What stands for the id of an image whose own record of it is damaged. */
export const UNKNOWN_ID = 'unknown'
export const FORMAT = 2
/** The version of this program. */
export const PROGRAM = '0.2.0'
const WHAT = 'BAT OS image'
/** The program version that brought FORMAT in. */
const WRITER = '0.2.0'

/** Who the image is; undefined where the store is new. Throws E_IMAGE_FOREIGN, E_IMAGE_VERSION. */
export function identityOf(store: Store, dir: string): Identity | undefined {
  const found = metaOf(store, 'format')
  if (!found) {
    if (tables.every((table) => store.isEmpty(table))) return undefined
    throw new BatError('E_IMAGE_FOREIGN', { file: dir, expected: WHAT, found: 'records without a `format`' })
  }
  if (found.what !== WHAT) {
    throw new BatError('E_IMAGE_FOREIGN', { file: dir, expected: WHAT, found: String(found.what) })
  }
  const { format, writer } = found
  if (typeof format !== 'number' || format > FORMAT || isNewer(String(writer), PROGRAM)) {
    const details = { dir, found: String(format), known: FORMAT, needs: String(writer), program: PROGRAM }
    throw new BatError('E_IMAGE_VERSION', details)
  }
  return { id: String(found.id), format }
}

/** Whether the version `a` is a later one than `b`; both are three numbers with dots between. */
function isNewer(a: string, b: string): boolean {
  const [ours, theirs] = [a, b].map((version) => version.split('.').map(Number))
  const place = [0, 1, 2].find((i) => ours![i] !== theirs![i])
  return place !== undefined && !(ours![place]! < theirs![place]!)
}

/** Writes what the image says of itself. */
export function stamp(writer: Writer, told: Identity & { readonly writer: string }): void {
  putMeta(writer, 'format', { what: WHAT, ...told })
}

export interface Foundation {
  readonly id: string
  readonly time: number
  /** The number of the first transaction, and the first oid it leaves free; 0 and obj:1 unless an older image goes on. */
  readonly tid?: number
  readonly next?: Oid
}

/** Makes a new image in an empty store. */
export function founded(store: Store, { id, time, tid = 0, next = 'obj:1' }: Foundation): Identity {
  store.write((writer) => {
    const { put } = writer
    stamp(writer, { id, format: FORMAT, writer: WRITER })
    // what the older image had before is as if it had been packed (horizon.ts)
    if (tid > 0) putMeta(writer, 'pack', { moment: tid, time, condemned: null })
    const revision = revisionKey(ROOT, tid)
    put('revisions', revision, formatRecord('revisions', revision, { kind: 'object', slots: new Map() }))
    const first = transactionKey(tid)
    const body = transactionBody({
      tid: tidOf(tid),
      time,
      user: 'kernel',
      description: 'image made',
      meta: {},
      created: [ROOT],
      changed: [],
      gone: [],
      trees: [],
      blobs: [],
      next,
    })
    put('transactions', first, formatRecord('transactions', first, body))
  })
  return { id, format: FORMAT }
}
