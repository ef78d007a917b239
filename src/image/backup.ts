// Backs a living image up into a folder (see backup/manifest.ts for what is in it), beside whatever goes on.
//
// One moment is copied, the newest when the backup begins, record by record in short turns: nothing that this moment sees
// changes while others commit, no read transaction of the store is held, so the image's file does not grow for it, and a
// slow disk keeps nobody waiting. Blobs are linked or cloned where that can be done, else copied, and their bytes are
// hashed on the way. What is damaged in the image is kept as it is and named in the manifest.
//
// Should the image be packed meanwhile, which changes its meta records, the records are copied once more.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { type Tid, tidOf } from '../base/ids.ts'
import { takeTurns } from '../base/turns.ts'
import { checkBackup, type Watch } from './backup/check.ts'
import {
  blobPlace,
  isOfBackup,
  type Manifest,
  readManifest,
  recordsName,
  writeManifest,
} from './backup/manifest.ts'
import { RecordFileWriter, type Written } from './backup/record-file.ts'
import { Blobs } from './blob.ts'
import { syncFolder, writeBlobFile } from './blob-file.ts'
import { parseBlobRecord } from './blob-record.ts'
import { nameOfRecord, type Table, tables, tidOfTransactionKey, tidOfVersionKey } from './keyspace.ts'
import { isWhole } from './record.ts'
import { soundly } from './soundly.ts'
import { type Row, type Store, WHOLE } from './store.ts'
import type { Fault } from './verify.ts'
import { writeFailure } from './write-failure.ts'

export interface BackedUp {
  readonly id: string
  readonly store: Store
  readonly blobs: Blobs
  readonly clock: Clock
  /** The number of the transaction that is backed up; the caller keeps it from being packed. */
  readonly moment: number
}

export interface BackupOptions extends Watch {
  /** Reads the whole backup once more when it is written. */
  readonly verify?: boolean
}

export interface BackupReport {
  readonly dir: string
  readonly image: string
  readonly head: Tid
  /** How many records of each table. */
  readonly records: Readonly<Partial<Record<Table, number>>>
  readonly bytes: number
  /** `added`: those that the folder did not have yet. */
  readonly blobs: { readonly count: number; readonly bytes: number; readonly added: number }
  /** What is damaged in the image. */
  readonly faults: readonly Fault[]
  readonly verified: boolean
}

/** Throws E_BACKUP_FOLDER, E_BACKUP_DAMAGED, E_BACKUP_ROOM, E_IMAGE_WRITE, E_RECORD_DAMAGED, the reason of `signal`. */
export async function backUp(
  image: BackedUp,
  dir: string,
  options: BackupOptions = {},
): Promise<BackupReport> {
  try {
    return await new Backup(image, dir, options).run()
  } catch (error) {
    throw copyFailure(error, dir, options.signal)
  }
}

/** What a failure to write `dir` means; coded errors and the reason of `signal` as they are. */
export function copyFailure(error: unknown, dir: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && error === signal.reason) return error
  const failure = error instanceof BatError ? error : writeFailure(error, dir)
  return failure.code === 'E_DISK_FULL' ? new BatError('E_BACKUP_ROOM', { dir }, { cause: error }) : failure
}

class Backup {
  readonly #image: BackedUp
  readonly #dir: string
  readonly #tmp: string
  readonly #options: BackupOptions
  readonly #faults: Fault[] = []
  /** Folders with new names in them. */
  readonly #folders = new Set<string>()
  #count = 0
  #bytes = 0
  #added = 0

  constructor(image: BackedUp, dir: string, options: BackupOptions) {
    this.#image = image
    this.#dir = dir
    this.#tmp = join(dir, 'tmp')
    this.#options = options
  }

  async run(): Promise<BackupReport> {
    await this.#prepare()
    try {
      return await this.#copy()
    } finally {
      await rm(this.#tmp, { recursive: true, force: true })
    }
  }

  async #copy(): Promise<BackupReport> {
    await this.#copyBlobs()
    const name = await recordsName(this.#dir, this.#image.moment)
    const written = await this.#copyRecords(join(this.#tmp, name))
    await rename(join(this.#tmp, name), join(this.#dir, name))
    const manifest: Manifest = {
      image: this.#image.id,
      head: tidOf(this.#image.moment),
      time: this.#image.clock.now(),
      records: { file: name, ...written },
      blobs: { count: this.#count, bytes: this.#bytes },
      faults: this.#faults.map(({ where, problem }) => ({ where, problem })),
    }
    for (const folder of [...this.#folders, this.#dir]) await syncFolder(folder)
    await writeManifest(this.#dir, manifest)
    await syncFolder(this.#dir)
    await this.#prune(name)
    const { verify = false, signal, onProgress } = this.#options
    if (verify) await checkBackup(this.#dir, manifest, { signal, onProgress })
    const { image, head, faults } = manifest
    const blobs = { ...manifest.blobs, added: this.#added }
    const { bytes, rows } = written
    return { dir: this.#dir, image, head, records: rows, bytes, blobs, faults, verified: verify }
  }

  /** Makes the folder ready: it is new, or empty, or holds earlier backups of this image. Throws E_BACKUP_FOLDER. */
  async #prepare(): Promise<void> {
    const dir = this.#dir
    await mkdir(dir, { recursive: true })
    const strange = (await readdir(dir)).find((name) => !isOfBackup(name))
    if (strange !== undefined) throw new BatError('E_BACKUP_FOLDER', { dir, problem: `it holds ${strange}` })
    const before = await readManifest(dir)
    if (before && before.image !== this.#image.id) {
      const problem = `it holds a backup of another image (${before.image})`
      throw new BatError('E_BACKUP_FOLDER', { dir, problem })
    }
    await rm(this.#tmp, { recursive: true, force: true })
    await mkdir(join(dir, 'blobs'), { recursive: true })
    await mkdir(this.#tmp)
    for (const folder of [join(dir, 'blobs'), dirname(dir)]) this.#folders.add(folder)
  }

  async #copyBlobs(): Promise<void> {
    const total = this.#image.store.sizeOf('blobs').records
    for (const { key, record } of this.#rows('blobs')) {
      this.#options.signal?.throwIfAborted()
      this.#options.onProgress?.({ what: 'blobs', done: this.#count, total })
      const blob = soundly(() => parseBlobRecord(key, record)) // what is damaged is named with the records
      if (!blob) continue
      this.#count++
      this.#bytes += blob.size
      await this.#copyBlob(blob.sha256, blob.size)
    }
  }

  async #copyBlob(sha256: string, size: number): Promise<void> {
    const place = blobPlace(this.#dir, sha256)
    const there = await stat(place).catch(() => undefined)
    if (there?.size === size) return
    const file = this.#image.blobs.place(sha256)
    const beside = join(this.#tmp, sha256)
    try {
      // a file that its owner could change in place is not shared with the backup
      const link = ((await stat(file)).mode & 0o222) === 0
      const found = await writeBlobFile({ file, link }, beside, true)
      if (found.sha256 !== sha256)
        throw new BatError('E_BLOB_DAMAGED', { sha256, problem: 'it has other bytes' })
    } catch (error) {
      await rm(beside, { force: true })
      this.#faults.push({ where: `blob ${sha256}`, problem: problemOf(error) })
      return
    }
    const folder = dirname(place)
    await mkdir(folder, { recursive: true })
    await rename(beside, place)
    this.#folders.add(folder)
    this.#added++
  }

  async #copyRecords(file: string): Promise<Written> {
    const metaText = () =>
      this.#image.store
        .page('meta', WHOLE)
        .map(({ record }) => Buffer.from(record).toString('hex'))
        .join()
    const known = this.#faults.length
    for (;;) {
      const before = metaText()
      this.#faults.length = known
      await rm(file, { force: true })
      const written = await this.#writeRecords(file)
      if (metaText() === before) return written
    }
  }

  async #writeRecords(file: string): Promise<Written> {
    const { signal, onProgress } = this.#options
    const { store } = this.#image
    const writer = await RecordFileWriter.create(file)
    const turn = takeTurns()
    const total = tables.reduce((sum, table) => sum + store.sizeOf(table).records, 0)
    let done = 0
    try {
      for (const table of tables) {
        for (const { key, record } of this.#rows(table)) {
          if (!isWhole(table, key, record))
            this.#faults.push({ where: nameOfRecord(table, key), problem: 'its checksum is wrong' })
          const room = writer.add(table, key, record) ?? turn()
          done++
          if (!room) continue
          onProgress?.({ what: 'records', done, total })
          await room
          signal?.throwIfAborted()
        }
      }
      return await writer.end()
    } catch (error) {
      await writer.close()
      throw error
    }
  }

  /** The rows of a table that the moment sees, and what came before it. */
  *#rows(table: Table): Generator<Row, void, undefined> {
    for (const row of this.#image.store.walk(table, WHOLE)) {
      if (tidOfRow(table, row) <= this.#image.moment) yield row
    }
  }

  /** Takes away what belongs to earlier backups only. */
  async #prune(records: string): Promise<void> {
    for (const name of await readdir(this.#dir)) {
      if (name.startsWith('records-') && name !== records) await rm(join(this.#dir, name), { force: true })
    }
    const { blobs } = this.#image
    const kept = new Blobs({ dir: join(this.#dir, 'blobs'), isNamed: () => true, durable: true })
    for await (const { file, sha256 } of kept.files()) {
      if (sha256 !== undefined && !blobs.isWanted(sha256)) await rm(file, { force: true })
    }
  }
}

/** What is wrong with a blob of the image; any other error is thrown. */
function problemOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'its file is not there'
  if (error instanceof BatError && error.code === 'E_BLOB_DAMAGED') return String(error.details.problem)
  if (error instanceof BatError && error.code === 'E_BLOB_SOURCE') return String(error.details.reason)
  throw error
}

/** The number of the transaction that made a row; 0 where it belongs to no moment. */
function tidOfRow(table: Table, { key, record }: Row): number {
  switch (table) {
    case 'transactions':
      return tidOfTransactionKey(key)
    case 'revisions':
    case 'entries':
      return tidOfVersionKey(key)
    case 'blobs':
      return soundly(() => parseBlobRecord(key, record).first) ?? 0
    case 'values':
    case 'meta':
      return 0
    default:
      return table satisfies never
  }
}
