// Blobs: each has a record that can be read and a file of the right size and, where one looks deeply, of the right bytes. What
// nothing refers to, and files that no record names, are left over: they take room and do no harm.
import { setImmediate } from 'node:timers/promises'
import { BatError } from '../../base/errors.ts'
import { hashOfFile } from '../blob-file.ts'
import { type BlobRecord, parseBlobRecord } from '../blob-record.ts'
import type { Row } from '../store.ts'
import type { VerifyOptions } from '../verify.ts'
import { type Look, problemOfFile } from './look.ts'
import { eachRow, type Fault } from './steps.ts'

type Options = Required<Omit<VerifyOptions, 'signal'>> & Pick<VerifyOptions, 'signal'>

export async function* checkBlobs(look: Look, options: Options): AsyncGenerator<Fault, void, undefined> {
  const blobs: BlobRecord[] = []
  const readRow = function* ({ key, record }: Row) {
    const blob = parseBlobRecord(key, record)
    if (blob.first <= look.moment) yield void blobs.push(blob)
  }
  const report = reporter(options)
  for (const step of eachRow(look, 'blobs', readRow)) {
    if (step) yield step
    const page = blobs.splice(0)
    for (const blob of page) yield* checkBlob(look, blob, { options, report })
  }
  yield* checkFiles(look)
  options.signal?.throwIfAborted()
}

async function* checkBlob(
  look: Look,
  { sha256, size }: BlobRecord,
  { options, report }: { readonly options: Options; readonly report: (bytes: number) => void },
): AsyncGenerator<Fault, void, undefined> {
  await setImmediate()
  options.signal?.throwIfAborted()
  const where = `blob ${sha256}`
  const file = look.blobs.place(sha256)
  const problem =
    problemOfFile(file, size) ?? (options.deep ? await problemOfBytes(file, sha256, report) : undefined)
  if (!look.blobs.isWanted(sha256)) return // packed meanwhile
  if (problem !== undefined && !look.blobsNamed.has(sha256)) yield { where, problem: `its file ${problem}` }
  if (!look.blobsReferred.has(sha256)) yield { where, problem: 'nothing refers to it', harmless: true }
}

async function problemOfBytes(
  file: string,
  sha256: string,
  report: (bytes: number) => void,
): Promise<string | undefined> {
  try {
    const found = await hashOfFile(file, report)
    return found.sha256 === sha256 ? undefined : `has other bytes: their SHA-256 is ${found.sha256}`
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'E_BLOB_SOURCE') throw error
    return `cannot be read: ${String(error.details.reason)}`
  }
}

async function* checkFiles(look: Look): AsyncGenerator<Fault, void, undefined> {
  for await (const { file, sha256 } of look.blobs.files()) {
    if (sha256 === undefined) yield { where: file, problem: 'it is no file of the image', harmless: true }
    else if (!look.blobs.isWanted(sha256))
      yield { where: file, problem: 'no transaction names it', harmless: true }
  }
}

/** Tells of the bytes read, and ends the reading when that was asked for. */
function reporter({ signal, onProgress }: Options): (bytes: number) => void {
  let done = 0
  return (bytes) => {
    signal?.throwIfAborted()
    done += bytes
    onProgress({ what: 'blobs read', done, unit: 'bytes' })
  }
}
