// Looks for damage: every record's checksum and form, counts of Trees against entries, references of the newest
// revisions, files of blobs. It names each fault and goes on.
import { existsSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import { BlobRef, isPlainObject, Method, Ref, TreeRef, type Value } from '../base/value.ts'
import { Entries } from './entries.ts'
import { entryOfKey, keyText, NEWEST, nameOfRecord, oidOfKey, type Table, tables } from './keyspace.ts'
import { type Digest, digestsOf } from './lazy-slots.ts'
import { parseRecord } from './record.ts'
import { parseRevision, type Revision, Revisions } from './revisions.ts'
import { SharedValues } from './shared-values.ts'
import type { Row, Store } from './store.ts'

export interface Fault {
  /** The record or place, as a person calls it: `obj:12 at tx:90`, `obj:12.parent*`. */
  readonly where: string
  readonly problem: string
}

export interface Verified {
  readonly store: Store
  /** The file of a blob; throws E_BLOB_MISSING. */
  blobFile(ref: BlobRef): string
}

export async function* verifyImage(image: Verified): AsyncGenerator<Fault, void, undefined> {
  for (const table of tables) {
    yield* checkRecords(image.store, table)
    await setImmediate()
  }
  try {
    for (const revision of newestRevisions(image.store)) yield* checkRevision(image, revision)
  } catch (error) {
    if (!(error instanceof BatError)) throw error
    // a table that cannot be walked to its end, named above
  }
}

function* checkRevision(image: Verified, revision: Newest): Generator<Fault, void, undefined> {
  if (revision.kind === 'tree') yield* checkTree(image, revision.oid, revision.count)
  if (revision.kind !== 'object') return
  for (const slot of revision.slots.keys()) {
    const value = soundly(() => revision.slots.get(slot))
    if (value !== undefined) yield* checkValue(image, value, `${revision.oid}.${slot}`)
  }
}

const WHOLE = { from: Buffer.alloc(1), to: Buffer.alloc(64, 0xff) }

function* checkRecords(store: Store, table: Table): Generator<Fault, void, undefined> {
  try {
    const values = new SharedValues(store)
    for (const row of store.walk(table, WHOLE)) yield* faultOf(table, row, values)
  } catch (error) {
    if (!(error instanceof BatError)) throw error
    yield { where: `table ${table}`, problem: `not readable to its end: ${String(error.details.problem)}` }
  }
}

function* faultOf(
  table: Table,
  { key, record }: Row,
  values: SharedValues,
): Generator<Fault, void, undefined> {
  try {
    const body = parseRecord(table, key, record)
    if (body.kind === 'object') yield* checkShared(values, digestsOf(body.slots), nameOfRecord(table, key))
  } catch (error) {
    if (error instanceof BatError)
      yield { where: nameOfRecord(table, key), problem: String(error.details.problem) }
    else yield { where: nameOfRecord(table, key), problem: String(error) }
  }
}

function* checkShared(
  values: SharedValues,
  digests: readonly Digest[],
  where: string,
): Generator<Fault, void, undefined> {
  for (const digest of digests) {
    if (!values.has(digest)) yield { where, problem: `it holds the value ${digest}, which is not there` }
  }
}

type Newest = Revision & { readonly oid: Oid }

/** The newest sound revision of each object: the first of its keys. */
function* newestRevisions(store: Store): Generator<Newest, void, undefined> {
  const values = new SharedValues(store)
  let seen: Oid | undefined
  for (const { key, record } of store.walk('revisions', WHOLE)) {
    const oid = oidOfKey(key)
    if (oid === seen) continue
    const revision = soundly(() => parseRevision(key, record, values.read))
    if (!revision) continue
    seen = oid
    yield { ...revision, oid }
  }
}

function* checkTree(image: Verified, tree: Oid, count: number): Generator<Fault, void, undefined> {
  let found = 0
  let last = ''
  for (const row of new Entries(image.store).versions(tree)) {
    const entry = keyText(entryOfKey(row.key))
    if (entry === last) continue
    last = entry
    const body = soundly(() => parseRecord('entries', row.key, row.record))
    if (body?.kind === 'gone') continue
    found++
    if (body?.kind === 'entry') yield* checkValue(image, body.value, nameOfRecord('entries', row.key))
  }
  if (found !== count) yield { where: tree, problem: `its count is ${count}, it has ${found} entries` }
}

function* checkValue(image: Verified, value: Value, where: string): Generator<Fault, void, undefined> {
  if (value instanceof Ref || value instanceof TreeRef) {
    const wanted = value instanceof Ref ? 'object' : 'tree'
    if (!isThere(image.store, value.oid, wanted))
      yield { where, problem: `it holds ${value.oid}, which is not there` }
  } else if (value instanceof BlobRef) yield* checkBlob(image, value, where)
  else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield* checkValue(image, value[i] as Value, `${where}[${i}]`)
  } else if (value instanceof Method) {
    yield* checkValue(image, value.provenance as unknown as Value, `${where}.provenance`)
  } else if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value))
      yield* checkValue(image, item as Value, `${where}.${key}`)
  }
}

function isThere(store: Store, oid: Oid, kind: 'object' | 'tree'): boolean {
  const revisions = new Revisions(store, { limit: 0, sole: false })
  return soundly(() => revisions.at(oid, NEWEST))?.kind === kind
}

function* checkBlob(image: Verified, ref: BlobRef, where: string): Generator<Fault, void, undefined> {
  const file = soundly(() => image.blobFile(ref))
  if (!file || !existsSync(file)) yield { where, problem: `the blob ${ref.sha256} is not there` }
  else if (statSync(file).size !== ref.size) {
    yield { where, problem: `the blob ${ref.sha256} has ${statSync(file).size} bytes, not ${ref.size}` }
  }
}

function soundly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof BatError) return undefined // named by the check of its own record
    throw error
  }
}
