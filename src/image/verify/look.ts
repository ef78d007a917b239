// What the checks of one verify share: the image at the moment that is looked at, and what one check leaves for the next.
import { statSync } from 'node:fs'
import type { Oid } from '../../base/ids.ts'
import type { BlobRef } from '../../base/value.ts'
import type { Blobs } from '../blob.ts'
import { parseBlobRecord } from '../blob-record.ts'
import { DigestSet } from '../digest-set.ts'
import type { Horizon } from '../horizon.ts'
import { blobKey, type Key, revisionKey, revisionsEnd, type Table } from '../keyspace.ts'
import type { Digest } from '../lazy-slots.ts'
import { kindOfRecord, type RecordBody } from '../record.ts'
import type { Store } from '../store.ts'
import { Names } from './names.ts'

export interface Verified {
  readonly store: Store
  readonly blobs: Blobs
  readonly horizon: Horizon
  /** The number of the transaction that is the moment to look at. */
  readonly moment: number
  /** The shared values that what is committed meanwhile refers to. */
  readonly youngValues: ReadonlySet<Digest>
}

const REMEMBERED = 100_000

export class Look implements Verified {
  readonly store: Store
  readonly blobs: Blobs
  readonly horizon: Horizon
  readonly moment: number
  readonly youngValues: ReadonlySet<Digest>
  readonly names: Names
  done = 0
  total = 0
  /** Revisions and entries that transactions behind the horizon list, and that are there. */
  listed = 0
  /** Revisions and entries behind the horizon that are there. */
  found = 0
  /** The shared values that any revision refers to. */
  readonly valuesReferred = new DigestSet()
  /** Digests of the blobs that any version of anything refers to. */
  readonly blobsReferred = new DigestSet()
  /** Digests of the blobs of which a fault was named. */
  readonly blobsNamed = new Set<string>()
  readonly #kinds = new Map<Oid, RecordBody['kind'] | undefined>()
  readonly #soundBlobs = new Set<string>()

  constructor({ store, blobs, horizon, moment, youngValues }: Verified) {
    this.store = store
    this.blobs = blobs
    this.horizon = horizon
    this.moment = moment
    this.youngValues = youngValues
    this.names = new Names(store, moment)
  }

  /** Whether all that a transaction made must be there still, as it says. */
  isListed(tid: number): boolean {
    return tid > this.horizon.moment || this.horizon.moment === 0
  }

  has(table: Table, key: Key): boolean {
    return this.store.get(table, key) !== undefined
  }

  /** What `oid` is at the moment; undefined where it is nothing. */
  kindOf(oid: Oid): RecordBody['kind'] | undefined {
    if (this.#kinds.has(oid)) return this.#kinds.get(oid)
    const range = { from: revisionKey(oid, this.moment), to: revisionsEnd(oid) }
    const row = this.store.first('revisions', range)
    const kind = row && kindOfRecord(row.record)
    if (this.#kinds.size >= REMEMBERED) this.#kinds.clear()
    this.#kinds.set(oid, kind)
    return kind
  }

  /** What is wrong with the record or the file of a blob, by what refers to it; undefined where nothing is. */
  problemOfBlob({ sha256, size }: BlobRef): string | undefined {
    if (this.#soundBlobs.has(sha256)) return undefined
    const key = blobKey(sha256)
    const record = this.store.get('blobs', key)
    if (!record) return `the blob ${sha256} is not there`
    const kept = parseBlobRecord(key, record)
    if (kept.size !== size) return `the blob ${sha256} has ${kept.size} bytes, not ${size}`
    const problem = problemOfFile(this.blobs.place(sha256), size)
    if (problem) return `the blob ${sha256} ${problem}`
    if (this.#soundBlobs.size >= REMEMBERED) this.#soundBlobs.clear()
    this.#soundBlobs.add(sha256)
    return undefined
  }
}

/** What is wrong with a blob's file, but for its bytes. */
export function problemOfFile(file: string, size: number): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) return 'is not there'
  return found.size === size ? undefined : `has ${found.size} bytes, not ${size}`
}
