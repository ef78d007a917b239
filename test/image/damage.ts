// Changes records of a closed image where they lie, as a failing disk or a foreign program would.
import type { Key, Table } from '../../src/image/keyspace.ts'
import { formatRecord, type RecordBody } from '../../src/image/record.ts'
import { Store } from '../../src/image/store.ts'
import type { TestImage } from './fresh-image.ts'

export interface Damage {
  /** Flips one bit of a record. */
  flip(table: Table, key: Key): void
  remove(table: Table, key: Key): void
  /** A record with a sound checksum. */
  put(table: Table, key: Key, body: RecordBody): void
}

/** Closes the image, does what `work` says to its records, and opens it again. */
export async function damage(kept: TestImage, work: (damage: Damage) => void): Promise<void> {
  await kept.image.close()
  const store = Store.open(kept.dir, { durable: false })
  store.write((writer) =>
    work({
      flip: (table, key) => {
        const record = Buffer.from(store.get(table, key)!)
        record[record.length - 1]! ^= 4
        writer.put(table, key, record)
      },
      remove: (table, key) => writer.remove(table, key),
      put: (table, key, body) => writer.put(table, key, formatRecord(table, key, body)),
    }),
  )
  await store.close()
  await kept.open()
}
