// Makes an image of format 1 out of one of the present format: large values inside every revision, a table of the newest
// revision of each object, and what an image of that day said of itself.
import { crc32 } from 'node:zlib'
import { open } from 'lmdb'
import { numberOf } from '../../src/base/ids.ts'
import { metaKey, oidOfKey, tidOfVersionKey } from '../../src/image/keyspace.ts'
import { formatRecord, parseRecordOf } from '../../src/image/record.ts'
import { parseRevision } from '../../src/image/revisions.ts'
import { SharedValues } from '../../src/image/shared-values.ts'
import { Store } from '../../src/image/store.ts'

const WHOLE = { from: Buffer.alloc(1), to: Buffer.alloc(64, 0xff) }

export async function turnToFormat1(dir: string): Promise<void> {
  const store = Store.open(dir)
  const rows = [...store.walk('revisions', WHOLE)]
  const { read } = new SharedValues(store)
  store.write(({ put, remove }) => {
    for (const { key, record } of rows) {
      const revision = parseRevision(key, record, read)
      if (revision.kind === 'object') put('revisions', key, formatRecord('revisions', key, revision))
    }
    for (const { key } of store.walk('values', WHOLE)) remove('values', key)
    const format = metaKey('format')
    const record = store.get('meta', format)!
    const { id } = parseRecordOf('meta', { table: 'meta', key: format, record }) as { id: string }
    const value = { what: 'BAT OS image', id, format: 1, writer: '0.1.0' }
    put('meta', format, formatRecord('meta', format, { kind: 'meta', value }))
    remove('meta', metaKey('format spare'))
  })
  await store.close()
  await addHeads(
    dir,
    rows.map(({ key }) => key),
  )
}

/** Records of the kind 5 under the number 3 of their table: [kind of the newest revision, its tid]. */
async function addHeads(dir: string, revisions: readonly Uint8Array[]): Promise<void> {
  const root = open<Buffer, Uint8Array>({ path: dir, noSubdir: false, maxDbs: 16 })
  const heads = root.openDB<Buffer, Uint8Array>({
    name: 'heads',
    encoding: 'binary',
    keyEncoding: 'binary',
  })
  root.transactionSync(() => {
    for (const revision of revisions) {
      const key = Buffer.alloc(6)
      key.writeUIntBE(numberOf(oidOfKey(revision)), 0, 6)
      if (heads.getBinary(key)) continue
      const payload = Buffer.from([0x92, 0xa6, ...Buffer.from('object'), tidOfVersionKey(revision) & 0x7f])
      const record = Buffer.concat([Buffer.from([0, 0, 0, 0, 1, 5, 0, 0]), payload])
      record.writeUInt32BE(crc32(record.subarray(4), crc32(key, 3)), 0)
      heads.putSync(key, record)
    }
  })
  await root.close()
}

export async function tableNames(dir: string): Promise<string[]> {
  const root = open({ path: dir, noSubdir: false, maxDbs: 16 })
  const names = [...root.getKeys()].map(String)
  await root.close()
  return names
}
