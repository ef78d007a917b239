// The records of a backup, one behind the other in one file:
//
//   the line `BAT OS records 1`
//   for each record: its table's number (record.ts), 1 byte; the length of its key, 2 bytes; its own length, 4 bytes, both
//   big endian; the key; the record as the image has it, with its checksum
//
// It is written with ordinary asynchronous writes, so that a slow disk keeps nobody waiting. Its length and SHA-256 stand
// in the manifest.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { BatError } from '../../base/errors.ts'
import { piecesOfFile, writeWhole } from '../blob-file.ts'
import type { Key, Table } from '../keyspace.ts'
import { numberOfTable, tableOfNumber } from '../record.ts'
import type { Row } from '../store.ts'

export interface TableRow extends Row {
  readonly table: Table
}

export interface Written {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
  /** How many records of each table. */
  readonly rows: Readonly<Partial<Record<Table, number>>>
}

const FIRST_LINE = Buffer.from('BAT OS records 1\n')
const HEADER = 7
const BUFFERED = 1 << 20

export class RecordFileWriter {
  readonly #handle: FileHandle
  readonly #hash = createHash('sha256')
  readonly #rows: Partial<Record<Table, number>> = {}
  #parts: Uint8Array[] = []
  #buffered = 0
  #bytes = 0

  private constructor(handle: FileHandle) {
    this.#handle = handle
    this.#push(FIRST_LINE)
  }

  static async create(file: string): Promise<RecordFileWriter> {
    return new RecordFileWriter(await open(file, 'wx', 0o444))
  }

  /** Takes a record in; answers a promise where others must wait until there is room for more. */
  add(table: Table, key: Key, record: Uint8Array): Promise<void> | undefined {
    const header = Buffer.alloc(HEADER)
    header[0] = numberOfTable(table)
    header.writeUInt16BE(key.length, 1)
    header.writeUInt32BE(record.length, 3)
    this.#push(header)
    this.#push(key)
    this.#push(record)
    this.#rows[table] = (this.#rows[table] ?? 0) + 1
    return this.#buffered < BUFFERED ? undefined : this.#flush()
  }

  /** Writes what is left; all is on the disk then. */
  async end(): Promise<Written> {
    await this.#flush()
    await this.#handle.sync()
    await this.#handle.close()
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), rows: this.#rows }
  }

  /** Gives the file up as it is. */
  close(): Promise<void> {
    return this.#handle.close()
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#buffered += bytes.length
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#parts)
    this.#parts = []
    this.#buffered = 0
    this.#bytes += bytes.length
    this.#hash.update(bytes)
    await writeWhole(this.#handle, bytes)
  }
}

/** The records of a file, some at a time. Throws E_BACKUP_DAMAGED, at the latest behind the last when it is not as expected. */
export async function* readRecordFile(
  file: string,
  expected: Pick<Written, 'bytes' | 'sha256'>,
  onBytes: (count: number) => void,
): AsyncGenerator<TableRow[], void, undefined> {
  const hash = createHash('sha256')
  let bytes = 0
  let rest = Buffer.alloc(0)
  for await (const piece of readable(file)) {
    hash.update(piece)
    const isFirst = bytes === 0
    bytes += piece.length
    onBytes(piece.length)
    rest = Buffer.concat([rest, piece])
    if (isFirst && !rest.subarray(0, FIRST_LINE.length).equals(FIRST_LINE))
      throw damagedFile(file, 'it is no file of records')
    if (isFirst) rest = rest.subarray(FIRST_LINE.length)
    const rows: TableRow[] = []
    rest = rest.subarray(takeRows(file, rest, rows))
    yield rows
  }
  if (rest.length > 0) throw damagedFile(file, `it ends within a record, at byte ${bytes}`)
  if (bytes !== expected.bytes) throw damagedFile(file, `it has ${bytes} bytes, not ${expected.bytes}`)
  const sum = hash.digest('hex')
  if (sum !== expected.sha256) throw damagedFile(file, `its SHA-256 is ${sum}`)
}

async function* readable(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* piecesOfFile(file)
  } catch (error) {
    if (!(error instanceof BatError)) throw error
    throw new BatError('E_BACKUP_DAMAGED', { place: file, problem: error.details.reason }, { cause: error })
  }
}

/** Takes the whole records at the beginning of `bytes`; answers where they end. */
function takeRows(file: string, bytes: Buffer, rows: TableRow[]): number {
  let at = 0
  while (bytes.length - at >= HEADER) {
    const keyAt = at + HEADER
    const recordAt = keyAt + bytes.readUInt16BE(at + 1)
    const end = recordAt + bytes.readUInt32BE(at + 3)
    if (end > bytes.length) return at
    const table = tableOfNumber(bytes[at]!)
    if (!table) throw damagedFile(file, `it has a record of an unknown table (${bytes[at]})`)
    rows.push({ table, key: bytes.subarray(keyAt, recordAt), record: bytes.subarray(recordAt, end) })
    at = end
  }
  return at
}

const damagedFile = (file: string, problem: string) =>
  new BatError('E_BACKUP_DAMAGED', { place: file, problem })
