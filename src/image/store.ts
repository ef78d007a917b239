// The only file that knows LMDB. One environment, one table a kind of record, byte keys, byte values. Writes are made in
// one synchronous LMDB transaction, behind which there is an fsync; reads see what is committed. No read transaction
// outlives the call that needed it: what is walked is walked in pages, each a seek of its own, so that a slow reader never
// makes the file grow. Two stores of one process (a worker thread's) share the environment.
//
// A write of this thread that fails for want of room can bring the process down within LMDB, so none is carried on where there
// is not the room that it may take. One made away from this thread fails by itself.
import * as lmdb from 'lmdb'
import { type Database, open, type RangeOptions, type RootDatabase } from 'lmdb'
import { BatError } from '../base/errors.ts'
import { type Key, keyAfter, nameOfRecord, type Table, tables } from './keyspace.ts'
import { PreparedRange } from './prepared-range.ts'
import { Put } from './put.ts'
import { type Binding, Seek } from './seek.ts'
import { Views } from './views.ts'
import { roomForWrite, takenFrom } from './write-failure.ts'

export interface Row {
  readonly key: Key
  readonly record: Uint8Array
}

export interface Range {
  /** First key, included. */
  readonly from: Key
  /** Last key, not included. */
  readonly to: Key
  readonly reverse?: boolean
  readonly limit?: number
  /** A page ends with the row that makes its records longer than so many bytes in all. */
  readonly bytes?: number
}

/** All rows of a table. */
export const WHOLE: Range = { from: Buffer.alloc(1), to: Buffer.alloc(64, 0xff) }

export interface Writer {
  put(table: Table, key: Key, record: Uint8Array): void
  remove(table: Table, key: Key): void
}

/** What the file has room for, in bytes. It never shrinks: room given back is used again. */
export interface Room {
  readonly file: number
  readonly used: number
  readonly free: number
}

/** Address space to map; the file is as large as what it holds. */
const MAP_SIZE = 2 ** 40
const PAGE_ROWS = 256
/** LMDB takes no longer key, in bytes. */
const KEY_LIMIT = 1978

/** What a record may take beside its bytes: the rest of a page. */
const PAGE = 4096

/** So many records, and bytes in all, are put and committed in a fraction of a millisecond where no fsync stands behind. */
const FEW = 32
const SMALL = 65_536

type Rows = Database<Uint8Array, Key>

/** How the rows of a table are read, its keys alone, and the first row at a key. */
interface Ranges {
  readonly seek: Seek
  readonly rows: PreparedRange<{ readonly key: Key; readonly value: Uint8Array }>
  readonly keys: PreparedRange<Key>
}

export class Store {
  readonly #dir: string
  readonly #root: RootDatabase<Buffer, Uint8Array>
  readonly #durable: boolean
  readonly #tables: Readonly<Record<Table, Rows>>
  readonly #ranges: Readonly<Record<Table, Ranges>>

  private constructor(dir: string, root: RootDatabase<Buffer, Uint8Array>, durable: boolean) {
    this.#dir = dir
    this.#root = root
    this.#durable = durable
    if (!tables.every((name) => this.#has(name))) roomForWrite(dir)
    this.#tables = Object.fromEntries(
      tables.map((name) => [name, root.openDB({ name, encoding: 'binary', ...UNTYPED.table })]),
    ) as Record<Table, Rows>
    const ranges = tables.map((name) => [name, rangesOf(this.#tables[name])])
    this.#ranges = Object.fromEntries(ranges) as Record<Table, Ranges>
  }

  /**
   * Opens or makes the environment in the folder `dir`. Without `durable` no fsync stands behind a write. Throws E_DISK_FULL
   * where there is no room to make one.
   */
  static open(dir: string, { durable = true }: { readonly durable?: boolean } = {}): Store {
    const root = open<Buffer, Uint8Array>({
      path: dir,
      noSubdir: false,
      mapSize: MAP_SIZE,
      maxDbs: 16,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      ...UNTYPED.environment,
      eventTurnBatching: false,
      noSync: !durable,
    })
    try {
      return new Store(dir, root, durable)
    } catch (error) {
      void root.close()
      throw error
    }
  }

  /** The record under `key`; its bytes are valid until the next call. */
  get(table: Table, key: Key): Uint8Array | undefined {
    try {
      const bytes = this.#tables[table].getBinaryFast(key)
      return bytes && shown(bytes, bytes.length)
    } catch (error) {
      throw unreadable(table, key, error)
    }
  }

  /** The first row of a table at `from` or behind it; its bytes are valid until the next call. */
  seek(table: Table, from: Key): Row | undefined {
    try {
      return this.#ranges[table].seek.first(from)
    } catch (error) {
      throw unreadable(table, from, error)
    }
  }

  /** The first row of a range. */
  first(table: Table, range: Range): Row | undefined {
    return this.page(table, { ...range, limit: 1 })[0]
  }

  /** The rows of a range, at most `limit` or `bytes`, all at once. */
  page(table: Table, range: Range): Row[] {
    const { limit = PAGE_ROWS, bytes = Number.POSITIVE_INFINITY } = range
    const rows: Row[] = []
    if (limit <= 0) return rows
    let left = bytes
    try {
      this.#ranges[table].rows.each(range, ({ key, value }) => {
        rows.push({ key, record: value.slice() })
        left -= value.length
        return rows.length < limit && left >= 0
      })
    } catch (error) {
      throw unreadable(table, range.from, error)
    }
    return rows
  }

  /** The rows of a range, one page after the other; may be left and taken up at any time. */
  *walk(table: Table, range: Range): Generator<Row, void, undefined> {
    for (const rows of this.pages(table, range)) for (const row of rows) yield row
  }

  /** Likewise, a page at a time, the first ones short. */
  *pages(table: Table, range: Range): Generator<readonly Row[], void, undefined> {
    let { from, to } = range
    let left = range.limit ?? Number.POSITIVE_INFINITY
    let size = 16
    while (left > 0) {
      const limit = Math.min(size, left)
      const rows = this.page(table, { ...range, from, to, limit })
      if (rows.length > 0) yield rows
      const last = rows.at(-1)
      if (!last || (rows.length < limit && range.bytes === undefined)) return
      left -= rows.length
      if (range.reverse) to = last.key
      else from = keyAfter(last.key)
      size = Math.min(size * 2, PAGE_ROWS)
    }
  }

  /** The keys of a table from `from` on, at most `limit`, all at once. */
  keys(table: Table, from: Key, limit: number): Key[] {
    const keys: Key[] = []
    try {
      this.#ranges[table].keys.each({ from }, (key) => keys.push(key) < limit)
    } catch (error) {
      throw unreadable(table, from, error)
    }
    return keys
  }

  /** Whether anything is in a table. */
  isEmpty(table: Table): boolean {
    for (const _ of this.#tables[table].getKeys({ limit: 1 })) return false
    return true
  }

  /** How many records and bytes a table has. */
  sizeOf(table: Table): { readonly records: number; readonly bytes: number } {
    const stats = this.#tables[table].getStats() as Record<string, number>
    const pages =
      (stats.treeBranchPageCount ?? 0) + (stats.treeLeafPageCount ?? 0) + (stats.overflowPages ?? 0)
    return { records: stats.entryCount ?? 0, bytes: pages * (stats.pageSize ?? 0) }
  }

  get room(): Room {
    const { pageSize = 0, lastPageNumber = 0 } = this.#root.getStats() as Record<string, number>
    const file = (lastPageNumber + 1) * pageSize
    const used = tables.reduce((sum, table) => sum + this.sizeOf(table).bytes, 0)
    return { file, used, free: Math.max(0, file - used) }
  }

  /**
   * Runs `fill`, which may put and remove some hundred records, in one transaction, which is committed and on the disk when
   * this returns; if it throws nothing is written. Throws E_DISK_FULL.
   */
  write<T>(fill: (writer: Writer) => T): T {
    let room = roomForWrite(this.#dir)
    return this.#root.transactionSync(() =>
      fill({
        put: (table, key, record) => {
          room = takenFrom(room, record.length + PAGE, this.#dir)
          this.#tables[table].putSync(key, record)
        },
        remove: (table, key) => void this.#tables[table].removeSync(key),
      }),
    )
  }

  /**
   * Puts all of these in one transaction: done when it is committed and on the disk; if it fails nothing is written. The
   * bytes must stay as they are until then. It is done away from this thread, unless it takes less than to hand it over.
   */
  async putAll(puts: readonly Put[]): Promise<void> {
    // a refusal in the middle would leave the first half to be written
    for (const { start, middle } of puts) {
      const size = middle - start
      if (size === 0 || size > KEY_LIMIT) throw new RangeError(`a key of ${size} bytes`)
    }
    if (!this.#durable && puts.length <= FEW && sizeOf(puts) <= SMALL) {
      this.write((writer) => {
        for (const { table, key, record } of puts) writer.put(table, key, record)
      })
      return
    }
    try {
      await this.#root.batch(() => {
        for (const put of puts) {
          const { table, memory, middle, end } = put
          memory.start = middle // the binding takes of a Memory what lies between the two
          memory.end = end
          void this.#tables[table].put(put as unknown as Key, memory)
        }
      })
    } catch (error) {
      // LMDB's own error comes behind one that says only that there was one
      const { commitError } = error as { readonly commitError?: Promise<never> }
      throw commitError ? await commitError.catch((cause: unknown) => cause) : error
    }
  }

  /** Takes a table away that an older format had, where it is there. */
  drop(name: string): void {
    if (!this.#has(name)) return
    roomForWrite(this.#dir)
    this.#root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' }).dropSync()
  }

  /** Makes the reads that follow see all that is committed now, by other threads too. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  close(): Promise<void> {
    return this.#root.close()
  }

  /** Whether there is a table of this name: LMDB keeps them in the unnamed one, as C strings. */
  #has(name: string): boolean {
    return this.#root.doesExist(Buffer.from(`${name}\0`))
  }
}

/**
 * Keys as the binding has them in its own memory: a key, or the one of a Put. They are short, and copied byte by byte for
 * less than a call costs.
 */
const keyEncoder = {
  writeKey(key: Key | Put, to: Uint8Array, start: number): number {
    const isPut = key instanceof Put
    const bytes = isPut ? key.memory : key
    const first = isPut ? key.start : 0
    const size = isPut ? key.middle - first : key.length
    if (start + size > to.length) throw new RangeError(`a key of ${size} bytes`)
    for (let i = 0; i < size; i++) to[start + i] = bytes[first + i]!
    return start + size
  },
  readKey(from: Uint8Array, start: number, end: number): Key {
    const key = new Uint8Array(end - start)
    for (let i = 0; i < key.length; i++) key[i] = from[start + i]!
    return key
  },
}

/**
 * Options that the binding's types leave out. Of many puts the first are written while the last are still handed over:
 * it begins when so many have come, and they are committed together all the same.
 */
const UNTYPED = { table: { keyEncoder }, environment: { batchStartThreshold: 64 } } as const

/** In a range the binding gives the memory that it reads all values into, where it believes them to be decoded. */
const decoding = { decoder: { decode: shown }, decoderCopies: true }

const { nativeAddon } = lmdb as unknown as { readonly nativeAddon: Binding }

/** What is in the memory that the binding reads values into: another one when there was one that it did not hold. */
let values = new Views(nativeAddon.globalBuffer)

/** Bytes as the binding gives them: its whole memory, with a length that is not that of the memory. */
function shown(bytes: Uint8Array & { readonly isGlobal?: boolean }, size: number): Uint8Array {
  if (!bytes.isGlobal) return new Uint8Array(bytes.buffer, bytes.byteOffset, size)
  if (!values.areOf(bytes)) values = new Views(bytes)
  return values.of(size)
}

function rangesOf(table: Rows): Ranges {
  Object.assign(table, decoding)
  const rows = new PreparedRange((bounds) => table.getRange(bounds as RangeOptions), { values: true })
  return {
    seek: new Seek(nativeAddon, table, { values: () => values, rows }),
    rows,
    keys: new PreparedRange((bounds) => table.getKeys(bounds as RangeOptions), { values: false }),
  }
}

const sizeOf = (puts: readonly Put[]): number => puts.reduce((sum, { middle, end }) => sum + end - middle, 0)

/** LMDB cannot get at a record: a page of its file is damaged. */
const unreadable = (table: Table, key: Key, error: unknown): BatError => {
  const problem = error instanceof Error ? error.message : String(error)
  return new BatError('E_RECORD_DAMAGED', { record: nameOfRecord(table, key), problem }, { cause: error })
}
