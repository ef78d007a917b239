// Values as JSON, for people and programs that read the command line's output and the audit trail. JSON has fewer kinds
// than we have; what it lacks is written as a map with one key that begins with `$`:
//   {"$ref": "obj:12"}  {"$tree": "obj:13"}  {"$blob": "<sha256>", "size": n}  {"$date": "<ISO 8601>"}
//   {"$bigint": "12"}  {"$number": "NaN"}  {"$bytes": "<base64>"}  {"$method": "<sha256>"}  {"$primitive": "clone"}
import { BlobRef, Method, Primitive, Ref, TreeRef, type Value } from './value.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export function jsonOf(value: Value): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) }
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (value instanceof Ref) return { $ref: value.oid }
  if (value instanceof TreeRef) return { $tree: value.oid }
  if (value instanceof BlobRef) return { $blob: value.sha256, size: value.size }
  if (value instanceof Method) return { $method: value.hash }
  if (value instanceof Primitive) return { $primitive: value.name }
  if (Array.isArray(value)) return value.map((item) => jsonOf(item as Value))
  return Object.fromEntries(
    Object.entries(value as { readonly [key: string]: Value }).map(([key, item]) => [key, jsonOf(item)]),
  )
}
