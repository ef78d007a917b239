// Whether a backup is what its manifest says: the file of records as a whole and record by record, and every blob. Faults that
// the manifest tells of were in the image already.

import { join } from 'node:path'
import { BatError } from '../../base/errors.ts'
import type { Progress } from '../../base/progress.ts'
import { hashOfFile } from '../blob-file.ts'
import { parseBlobRecord } from '../blob-record.ts'
import { nameOfRecord } from '../keyspace.ts'
import { isWhole } from '../record.ts'
import type { Fault } from '../verify.ts'
import { blobPlace, type Manifest } from './manifest.ts'
import { readRecordFile, type TableRow } from './record-file.ts'

export interface Watch {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface BackedUpBlob {
  readonly sha256: string
  readonly size: number
}

/** Reads all of a backup. Throws E_BACKUP_DAMAGED, naming what is wrong; the reason of `signal`. */
export async function checkBackup(dir: string, manifest: Manifest, watch: Watch = {}): Promise<void> {
  const blobs = await readRecords(dir, manifest, watch)
  await eachBlob(dir, { manifest, blobs, watch }, (place, { onBytes }) => hashOfFile(place, onBytes))
}

/** Hands every record of a backup on, some at a time; answers its blobs. Throws E_BACKUP_DAMAGED, also behind the last. */
export async function readRecords(
  dir: string,
  manifest: Manifest,
  { signal, onProgress }: Watch,
  onRows: (rows: readonly TableRow[]) => void = () => {},
): Promise<BackedUpBlob[]> {
  const { file, bytes } = manifest.records
  const place = join(dir, file)
  const known = knownFaults(manifest)
  const blobs: BackedUpBlob[] = []
  let done = 0
  const onBytes = (count: number) => {
    signal?.throwIfAborted()
    done += count
    onProgress?.({ what: 'records read', done, total: bytes, unit: 'bytes' })
  }
  for await (const rows of readRecordFile(place, manifest.records, onBytes)) {
    for (const { table, key, record } of rows) {
      if (isWhole(table, key, record)) {
        if (table === 'blobs') blobs.push(parseBlobRecord(key, record))
      } else if (!known.has(nameOfRecord(table, key))) {
        const problem = `the checksum of ${nameOfRecord(table, key)} is wrong`
        throw new BatError('E_BACKUP_DAMAGED', { place, problem })
      }
    }
    onRows(rows)
  }
  return blobs
}

/** Has `take` read the file of each blob, and compares what it found. Throws E_BACKUP_DAMAGED with all that is wrong. */
export async function eachBlob(
  dir: string,
  {
    manifest,
    blobs,
    watch: { signal, onProgress },
  }: { readonly manifest: Manifest; readonly blobs: readonly BackedUpBlob[]; readonly watch: Watch },
  take: (
    place: string,
    blob: BackedUpBlob & { readonly onBytes: (count: number) => void },
  ) => Promise<{ readonly sha256: string }>,
): Promise<void> {
  const known = knownFaults(manifest)
  const problems: Fault[] = []
  let done = 0
  const onBytes = (count: number) => {
    signal?.throwIfAborted()
    done += count
    onProgress?.({ what: 'bytes of blobs read', done, total: manifest.blobs.bytes, unit: 'bytes' })
  }
  for (const blob of blobs) {
    const where = blobPlace(dir, blob.sha256)
    try {
      const { sha256 } = await take(where, { ...blob, onBytes })
      if (sha256 !== blob.sha256) problems.push({ where, problem: 'it has other bytes' })
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'E_BLOB_SOURCE') throw error
      if (!known.has(`blob ${blob.sha256}`)) problems.push({ where, problem: String(error.details.reason) })
    }
  }
  signal?.throwIfAborted()
  throwFirst(problems)
}

function throwFirst(problems: readonly Fault[]): void {
  const [first] = problems
  if (!first) return
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  throw new BatError('E_BACKUP_DAMAGED', { place: first.where, problem: first.problem + more, problems })
}

const knownFaults = ({ faults }: Manifest): ReadonlySet<string> => new Set(faults.map(({ where }) => where))
