// The first row of a table at a key or behind it: what nearly every read begins with. A range of LMDB's binding finds it as
// well, but makes an iterator, arrays and a cursor's comings and goings for it, which cost several times what LMDB needs.
// Here each table keeps one cursor, which is begun anew in the read transaction of the moment, and a row is seen where the
// binding puts it: the key in the memory that the binding takes keys in, the record in that for values.
//
// What the binding gives by itself is used where this does not serve: within a write, and for a record of 16 MiB and more.
import type { Key } from './keyspace.ts'
import type { PreparedRange } from './prepared-range.ts'
import type { Row } from './store.ts'
import { Views } from './views.ts'

/** What the binding's own ranges are made of. */
export interface Binding {
  readonly Cursor: new (db: unknown, transaction: 0) => Cursor
  /**
   * Puts a cursor at the key of which the first `size` bytes of the key memory are, or behind it; answers the size of the
   * key found, 0 where there is none, an error where it is negative.
   */
  readonly position: (cursor: number, flags: number, offset: 0, size: number, end: 0) => number
  readonly lmdbError: (code: number) => never
  /** Where it puts values. */
  readonly globalBuffer: Uint8Array
}

/** Good as long as it is held. */
interface Cursor {
  readonly address: number
}

/** What it has in a table beside what its types tell. */
interface Inner {
  readonly db: unknown
  readonly env: { readonly writeTxn?: object | null }
  ensureReadTxn(): void
  doesExist(key: Key): boolean
  writeKey: WriteKey
}

interface Found {
  readonly key: Key
  readonly value: Uint8Array
}

type WriteKey = (key: Key, to: Uint8Array, start: number) => number

const WITH_VALUES = 0x100
const RENEW_CURSOR = 0x2000
/** Where in the key memory the binding puts a key that it found. */
const FOUND_AT = 32

export class Seek {
  readonly #binding: Binding
  readonly #table: Inner
  readonly #values: () => Views
  readonly #rows: PreparedRange<Found>
  /** Where the binding takes keys from; when it found a row, the first number is the size of the record. */
  readonly #memory: Uint8Array
  readonly #sizes: Uint32Array
  readonly #keys: Views
  #cursor: Cursor | undefined

  /** `values`: what is in the memory that the binding reads values into. `rows`: the ranges of the table. */
  constructor(
    binding: Binding,
    table: object,
    { values, rows }: { readonly values: () => Views; readonly rows: PreparedRange<Found> },
  ) {
    this.#binding = binding
    this.#table = table as Inner
    this.#values = values
    this.#rows = rows
    this.#memory = keyMemoryOf(this.#table)
    const { buffer, byteOffset } = this.#memory
    this.#sizes = new Uint32Array(buffer, byteOffset, 2)
    this.#keys = new Views(this.#memory, FOUND_AT)
  }

  /** The first row at `from` or behind it; its bytes are valid until the next call. */
  first(from: Key): Row | undefined {
    const table = this.#table
    if (table.env.writeTxn) return this.#otherwise(from)
    table.ensureReadTxn()
    this.#cursor ??= new this.#binding.Cursor(table.db, 0)
    const keySize = table.writeKey(from, this.#memory, 0)
    const size = this.#binding.position(this.#cursor.address, WITH_VALUES | RENEW_CURSOR, 0, keySize, 0)
    if (size === 0) return undefined
    if (size < 0) return this.#binding.lmdbError(size)
    const values = this.#values()
    const recordSize = this.#sizes[0]!
    const isElsewhere = this.#sizes[1] !== 0 || recordSize > values.size
    return isElsewhere ? this.#otherwise(from) : { key: this.#keys.of(size), record: values.of(recordSize) }
  }

  #otherwise(from: Key): Row | undefined {
    const row = this.#rows.first(from)
    return row && { key: row.key, record: row.value }
  }
}

/** The memory that the binding hands to whoever is to write a key; nothing is read, since a page may be damaged. */
function keyMemoryOf(table: Inner): Uint8Array {
  const { writeKey } = table
  const asked: Uint8Array[] = []
  table.writeKey = (_key, to) => {
    asked.push(to)
    throw new RangeError('only the memory is wanted')
  }
  try {
    table.doesExist(new Uint8Array(1))
  } catch (error) {
    if (!asked[0]) throw error
  } finally {
    table.writeKey = writeKey
  }
  return asked[0]!
}
