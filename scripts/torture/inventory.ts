// All that an image can be asked for, each thing by its name: every transaction, every object and Tree entry at several
// moments, the bytes of blobs. Where reading it is refused, what was refused stands in its place. Two inventories tell what
// harm has cost.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { BatError } from '../../src/base/errors.ts'
import { numberOf, type Oid, type Tid, tidOf } from '../../src/base/ids.ts'
import { BlobRef } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import { parseTreeKey } from '../../src/image/keyspace.ts'
import type { View } from '../../src/image/view.ts'

/** What is there by what it is called; a refusal as `E_…: record`. */
export type Inventory = ReadonlyMap<string, string>

/** Which objects, Trees and keys there are, taken down while the image was sound. */
export interface Names {
  readonly tids: readonly Tid[]
  readonly moments: readonly Tid[]
  readonly objects: readonly Oid[]
  readonly entries: readonly { readonly tree: Oid; readonly key: Uint8Array }[]
}

export function namesOf(image: Image): Names {
  const records = [...image.transactions()]
  const trees = new Map<string, { readonly tree: Oid; readonly key: Uint8Array }>()
  for (const { trees: changed } of records) {
    for (const { tree, entries } of changed) {
      for (const key of entries) trees.set(`${tree} ${Buffer.from(key).toString('hex')}`, { tree, key })
    }
  }
  const tids = records.map(({ tid }) => tid)
  const moments = [0.2, 0.4, 0.6, 0.8, 1].map((part) => tidOf(Math.ceil(part * numberOf(image.head))))
  return {
    tids,
    moments,
    objects: [...new Set(records.flatMap(({ created }) => created))],
    entries: [...trees.values()],
  }
}

export function inventoryOf(image: Image, { tids, moments, objects, entries }: Names): Inventory {
  const inventory = new Map<string, string>()
  const take = (name: string, read: () => unknown) => inventory.set(name, told(read))
  for (const tid of tids) take(tid, () => image.transaction(tid))
  for (const moment of moments) {
    const view = image.at(moment)
    for (const oid of objects) {
      take(`${oid} at ${moment}`, () => (view.has(oid) ? [...view.get(oid).own.keys()] : undefined))
      for (const slot of slotsOf(view, oid)) {
        take(`${oid}.${slot} at ${moment}`, () => contentOf(image, view.get(oid).get(slot)))
      }
    }
    for (const { tree, key } of entries) {
      take(
        `${tree}[${String(parseTreeKey(key))}] at ${moment}`,
        () => view.source.entries.at(tree, key, view.moment)?.value,
      )
    }
  }
  return inventory
}

function slotsOf(view: View, oid: Oid): string[] {
  try {
    return view.has(oid) ? [...view.get(oid).own.keys()] : []
  } catch (error) {
    if (error instanceof BatError) return [] // told under the name of the object
    throw error
  }
}

function contentOf(image: Image, value: unknown): unknown {
  if (!(value instanceof BlobRef)) return value
  return createHash('sha256')
    .update(readFileSync(image.blobPath(value)))
    .digest('hex')
}

function told(read: () => unknown): string {
  try {
    return inspect(read(), { depth: 9, maxStringLength: null, maxArrayLength: null })
  } catch (error) {
    if (error instanceof BatError)
      return `${error.code}: ${String(error.details.record ?? error.details.sha256)}`
    throw error
  }
}
