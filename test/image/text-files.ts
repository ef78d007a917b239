// Folders of text for tests of dumps.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Key, Table } from '../../src/image/keyspace.ts'
import { Store } from '../../src/image/store.ts'

/** Every file below a folder, by path. */
export function contentsOf(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1)).sort()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(dir, path), 'latin1')]))
}

/** Flips one bit of a record of an image that is closed. */
export async function flip(dir: string, table: Table, key: Key): Promise<void> {
  const store = Store.open(dir)
  const record = Buffer.from(store.get(table, key)!)
  record[record.length - 1]! ^= 4
  store.write(({ put }) => put(table, key, record))
  await store.close()
}
