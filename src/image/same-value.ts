// Whether two values are the same to the image: stored, they are the same bytes.
import { Buffer } from 'node:buffer'
import type { Value } from '../base/value.ts'
import { ByteWriter } from './byte-writer.ts'
import { writeValue } from './codec.ts'

export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (Object.is(a, b)) return true
  if (a === undefined || b === undefined || typeof a !== 'object' || typeof b !== 'object') return false
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

function bytesOf(value: Value): Uint8Array {
  const writer = new ByteWriter()
  writeValue(writer, value)
  return writer.take()
}
