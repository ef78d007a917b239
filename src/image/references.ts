// What a value refers to, however deep: objects and Trees by oid, blobs by digest. The provenance of a method counts.
import type { Oid } from '../base/ids.ts'
import { BlobRef, isPlainObject, Method, Ref, TreeRef, type Value } from '../base/value.ts'

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
