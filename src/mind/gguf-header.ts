// The header of a GGUF file (see gguf.ts for the format), parsed from bytes that nobody vouches for: every length is
// checked against what is there before it is used. Problems are plain errors that say what is wrong; `Truncated`
// says that the bytes end too early, so that the caller may come back with more of them.
import type { GgufHeader, GgufScalar, GgufScalarType, GgufTensorInfo, GgufValue } from './gguf.ts'
import { bytesOf, type TensorType, tensorTypeOf } from './tensor-types.ts'

/** Numbers of the value types. */
export const scalarTypes = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  str: 8,
  u64: 10,
  i64: 11,
  f64: 12,
} as const
export const arrayType = 9
/** No header, and nothing in it, is longer. */
export const maxHeader = 512 << 20

const typeNames = new Map<number, GgufScalarType>(
  Object.entries(scalarTypes).map(([name, id]) => [id, name as GgufScalarType]),
)

/** Bytes of a value. */
export const widths: Readonly<Record<Exclude<GgufScalarType, 'str'>, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  u64: 8,
  i64: 8,
  f64: 8,
}

export class Truncated extends Error {
  constructor() {
    super('the header is cut off')
  }
}

/** Parses the header in `bytes`, the beginning of a file of `size` bytes. Throws plain errors that say what is wrong. */
export function parseGgufHeader(bytes: Buffer, size: number): GgufHeader {
  const cursor = new Cursor(bytes)
  if (cursor.take(4).toString('latin1') !== 'GGUF') throw new Error('it does not begin with GGUF')
  const version = cursor.u32()
  if (version !== 2 && version !== 3) throw new Error(`version ${version} is neither 2 nor 3`)
  const [tensorCount, entryCount] = [cursor.u64(), cursor.u64()]
  if (tensorCount > 100_000 || entryCount > 100_000) throw new Error('its counts are implausible')
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < entryCount; i++) {
    const key = cursor.text()
    if (metadata.has(key)) throw new Error(`key ${key} occurs twice`)
    metadata.set(key, readValue(cursor, key))
  }
  const listed: { name: string; shape: number[]; type: TensorType; offset: number }[] = []
  for (let i = 0; i < tensorCount; i++) listed.push(readTensorInfo(cursor))
  const alignment = metadata.get('general.alignment')?.value ?? 32
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 20 || alignment % 8 !== 0)
    throw new Error('its alignment is not a multiple of 8')
  const begin = Math.ceil(cursor.position / alignment) * alignment
  const tensors = new Map<string, GgufTensorInfo>()
  for (const { name, shape, type, offset } of listed) {
    const length = bytesOf(
      type,
      shape.reduce((product, n) => product * n, 1),
    )
    if (tensors.has(name)) throw new Error(`tensor ${name} occurs twice`)
    if (offset % alignment !== 0) throw new Error(`tensor ${name} is not aligned`)
    if (!Number.isSafeInteger(length) || begin + offset + length > size)
      throw new Error(`tensor ${name} lies beyond the end of the file`)
    tensors.set(name, { name, shape, type, offset: begin + offset, bytes: length })
  }
  return { version, metadata, tensors, size }
}

function readTensorInfo(cursor: Cursor) {
  const name = cursor.text()
  const dimensions = cursor.u32()
  if (dimensions < 1 || dimensions > 4) throw new Error(`tensor ${name} has ${dimensions} dimensions`)
  const shape = Array.from({ length: dimensions }, () => cursor.u64())
  const id = cursor.u32()
  const type = tensorTypeOf(id)
  if (!type) throw new Error(`tensor ${name} has type ${id}, which we do not read`)
  if (shape.some((n) => n < 1) || shape[0]! % type.block !== 0)
    throw new Error(`tensor ${name} has sizes ${shape.join(' × ')}`)
  return { name, shape, type, offset: cursor.u64() }
}

function readValue(cursor: Cursor, key: string): GgufValue {
  const id = cursor.u32()
  if (id !== arrayType) {
    const type = typeNames.get(id)
    if (!type) throw new Error(`key ${key} has value type ${id}`)
    return { type, value: cursor.scalar(type) }
  }
  const of = typeNames.get(cursor.u32())
  if (!of) throw new Error(`key ${key} is an array of arrays or of an unknown type`)
  const length = cursor.u64()
  if (length * (of === 'str' ? 8 : widths[of]) > maxHeader) throw new Error(`key ${key} is too long`)
  cursor.need(length * (of === 'str' ? 8 : widths[of]))
  return { type: 'array', of, value: Array.from({ length }, () => cursor.scalar(of)) }
}

class Cursor {
  position = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  need(length: number): void {
    if (this.position + length > this.#bytes.length) throw new Truncated()
  }

  take(length: number): Buffer {
    this.need(length)
    this.position += length
    return this.#bytes.subarray(this.position - length, this.position)
  }

  u32(): number {
    return this.take(4).readUInt32LE()
  }

  u64(): number {
    const value = this.take(8).readBigUInt64LE()
    if (value > Number.MAX_SAFE_INTEGER) throw new Error('a length is too large')
    return Number(value)
  }

  text(): string {
    const length = this.u64()
    if (length > maxHeader) throw new Error('a text is too long')
    return this.take(length).toString('utf8')
  }

  scalar(type: GgufScalarType): GgufScalar {
    if (type === 'str') return this.text()
    const bytes = this.take(widths[type])
    switch (type) {
      case 'bool':
        return bytes[0] !== 0
      case 'f32':
        return bytes.readFloatLE()
      case 'f64':
        return bytes.readDoubleLE()
      case 'u64':
        return bytes.readBigUInt64LE()
      case 'i64':
        return bytes.readBigInt64LE()
      default:
        return type.startsWith('i') ? bytes.readIntLE(0, bytes.length) : bytes.readUIntLE(0, bytes.length)
    }
  }
}
