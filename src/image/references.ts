// What a value refers to, however deep: objects and Trees by oid, blobs by digest. The provenance of a method counts.
import type { Oid } from '../base/ids.ts'
import { BlobRef, isPlainObject, Method, type PlainObject, Ref, TreeRef, type Value } from '../base/value.ts'

export interface References {
  object(oid: Oid): void
  blob(sha256: string): void
}

export function eachReference(value: Value, to: References): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Ref || value instanceof TreeRef) to.object(value.oid)
  else if (value instanceof BlobRef) to.blob(value.sha256)
  else if (Array.isArray(value)) for (const item of value as readonly Value[]) eachReference(item, to)
  else if (value instanceof Method) eachReference(value.provenance as unknown as Value, to)
  else if (isPlainObject(value)) for (const key in value) eachReference(value[key] as Value, to)
}

/** The first reference in `value` to a `sought` object or Tree, and where: '' or `.next[1]`. Provenance does not count. */
export function findReference(
  value: Value,
  sought: (oid: Oid) => boolean,
): { readonly oid: Oid; readonly path: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Ref || value instanceof TreeRef) {
    return sought(value.oid) ? { oid: value.oid, path: '' } : undefined
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = findReference(value[i] as Value, sought)
      if (found) return { oid: found.oid, path: `[${i}]${found.path}` }
    }
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      const found = findReference(value[key] as Value, sought)
      if (found) return { oid: found.oid, path: `.${key}${found.path}` }
    }
  }
  return undefined
}

/** `value` with the oid, as text, in place of each reference to a `sought` object or Tree. */
export function namesInstead(value: Value, sought: (oid: Oid) => boolean): Value {
  if (!findReference(value, sought)) return value
  if (value instanceof Ref || value instanceof TreeRef) return value.oid
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => namesInstead(item, sought))
  const entries = Object.entries(value as PlainObject)
  return Object.fromEntries(entries.map(([key, item]) => [key, namesInstead(item, sought)]))
}
