// What the image keeps of a blob beside its file, under its digest: a plain object {size, tid, first}. `tid` is the number of
// the newest transaction that brought it in, so that a pack leaves alone what was brought in lately and is not referred to
// yet; `first` that of the oldest: at all moments from then on it is there. Without `first` the two are the same.
import type { PlainObject } from '../base/value.ts'
import { blobKey, type Key } from './keyspace.ts'
import { parseRecordOf, type RecordBody } from './record.ts'
import { soundly } from './soundly.ts'

export interface BlobRecord {
  readonly sha256: string
  readonly size: number
  readonly tid: number
  readonly first: number
}

/** Throws E_RECORD_DAMAGED. */
export function parseBlobRecord(key: Key, record: Uint8Array): BlobRecord {
  const { size, tid, first = tid } = parseRecordOf('blob', { table: 'blobs', key, record }) as PlainObject
  return {
    sha256: Buffer.from(key).toString('hex'),
    size: Number(size),
    tid: Number(tid),
    first: Number(first),
  }
}

/** What to keep when a transaction brings a blob in; `before`: what is kept so far. */
export function blobBody(
  { sha256, size, tid }: Omit<BlobRecord, 'first'>,
  before: Uint8Array | undefined,
): RecordBody {
  const first = before && soundly(() => parseBlobRecord(blobKey(sha256), before).first)
  return { kind: 'blob', value: { size, tid, first: first ?? tid } }
}
