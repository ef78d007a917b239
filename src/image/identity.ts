// What an image says of itself, in the record `format` of the table `meta`: that it is one, its id, the version of its
// format, and the oldest program that may write it. An image that is new is given these, and the root object, by its
// first transaction, tx:0.
import { BatError } from '../base/errors.ts'
import { tidOf } from '../base/ids.ts'
import type { PlainObject } from '../base/value.ts'
import { metaKey, revisionKey, tables, transactionKey } from './keyspace.ts'
import { ROOT } from './object-state.ts'
import { formatRecord, parseRecordOf } from './record.ts'
import type { Store } from './store.ts'
import { transactionBody } from './transaction-record.ts'

export interface Identity {
  /** UUID v7. */
  readonly id: string
  readonly format: number
}

export const FORMAT = 2
const WHAT = 'BAT OS image'
/** The program version that brought FORMAT in. */
const WRITER = '0.2.0'
const formatKey = metaKey('format')

/** Who the image is; undefined where the store is new. Throws E_IMAGE_FOREIGN, E_IMAGE_VERSION. */
export function identityOf(store: Store, dir: string): Identity | undefined {
  const record = store.get('meta', formatKey)
  if (!record) {
    if (tables.every((table) => store.isEmpty(table))) return undefined
    throw new BatError('E_IMAGE_FOREIGN', { file: dir, expected: WHAT, found: 'records without a `format`' })
  }
  const found = parseRecordOf('meta', { table: 'meta', key: formatKey, record }) as PlainObject
  if (found.what !== WHAT) {
    throw new BatError('E_IMAGE_FOREIGN', { file: dir, expected: WHAT, found: String(found.what) })
  }
  const { format, writer } = found
  if (typeof format !== 'number' || format > FORMAT) {
    throw new BatError('E_IMAGE_VERSION', {
      dir,
      found: String(format),
      known: FORMAT,
      needs: String(writer),
    })
  }
  // format 2 came to have large values in a table of their own, and reads format 1 as it is
  if (format < FORMAT) store.write(({ put }) => put('meta', formatKey, formatRecordOf(String(found.id))))
  return { id: String(found.id), format: FORMAT }
}

const formatRecordOf = (id: string): Uint8Array =>
  formatRecord('meta', formatKey, {
    kind: 'meta',
    value: { what: WHAT, id, format: FORMAT, writer: WRITER },
  })

/** Makes a new image in an empty store. */
export function founded(
  store: Store,
  { id, time }: { readonly id: string; readonly time: number },
): Identity {
  store.write(({ put }) => {
    put('meta', formatKey, formatRecordOf(id))
    const revision = revisionKey(ROOT, 0)
    put('revisions', revision, formatRecord('revisions', revision, { kind: 'object', slots: new Map() }))
    const first = transactionKey(0)
    const body = transactionBody({
      tid: tidOf(0),
      time,
      user: 'kernel',
      description: 'image made',
      meta: {},
      created: [ROOT],
      changed: [],
      gone: [],
      trees: [],
      blobs: [],
      next: 'obj:1',
    })
    put('transactions', first, formatRecord('transactions', first, body))
  })
  return { id, format: FORMAT }
}
