// GGUF, the file format of llama.cpp's models and adapters: reader of versions 2 and 3, writer of version 3.
// All numbers are little-endian; str = u64 length in bytes, then UTF-8.
//
//   "GGUF"  u32 version  u64 tensors  u64 entries
//   entries times:  str key  u32 value type  value        (array: u32 element type  u64 length  elements)
//   tensors times:  str name  u32 dimensions  u64 size (each, contiguous one first)  u32 type  u64 offset
//   zeros up to a multiple of the alignment (`general.alignment`, 32 when absent); the data begins here
//   each tensor's data at its offset from that place, padded with zeros to the alignment
//
// The reader trusts nothing: every length is checked against the file before it is used, so that a broken file is a
// coded error here rather than the death of the process that maps it. Whether a sound file is a model that we can
// run is decided elsewhere.
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { BatError } from '../base/errors.ts'
import { arrayType, maxHeader, parseGgufHeader, scalarTypes, Truncated, widths } from './gguf-header.ts'
import { decodeFloats, type TensorType } from './tensor-types.ts'

export { parseGgufHeader }

export type GgufScalarType = keyof typeof scalarTypes
export type GgufScalar = number | bigint | string | boolean
export type GgufValue =
  | { readonly type: GgufScalarType; readonly value: GgufScalar }
  | { readonly type: 'array'; readonly of: GgufScalarType; readonly value: readonly GgufScalar[] }

export interface GgufTensorInfo {
  readonly name: string
  /** Sizes, the contiguous dimension first. */
  readonly shape: readonly number[]
  readonly type: TensorType
  /** From the beginning of the file. */
  readonly offset: number
  readonly bytes: number
}

export interface GgufHeader {
  readonly version: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>
  /** Bytes of the file. */
  readonly size: number
}

export interface GgufTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: TensorType
  readonly data: Uint8Array
}

/** The header of the file at `path`. Throws E_GGUF naming what is wrong. */
export function readGgufHeader(path: string): GgufHeader {
  return withFile(path, (fd, size) => {
    for (let window = 1 << 20; ; window *= 4) {
      const bytes = Buffer.alloc(Math.min(size, window))
      readSync(fd, bytes, 0, bytes.length, 0)
      try {
        return parseGgufHeader(bytes, size)
      } catch (failure) {
        if (!(failure instanceof Truncated)) throw refusal(path, failure)
        if (bytes.length === size || window >= maxHeader) throw refusal(path, failure)
      }
    }
  })
}

/** The stored bytes of one tensor of the file that `header` was read from. */
export function readTensorBytes(path: string, info: GgufTensorInfo): Uint8Array {
  return withFile(path, (fd) => {
    const bytes = new Uint8Array(info.bytes)
    const read = readSync(fd, bytes, 0, bytes.length, info.offset)
    if (read !== bytes.length) throw refusal(path, new Error(`tensor ${info.name} is cut off`))
    return bytes
  })
}

/** One tensor as floats; types F32, F16, BF16, Q8_0. */
export function readTensorFloats(path: string, info: GgufTensorInfo): Float32Array {
  const floats = decodeFloats(info.type, readTensorBytes(path, info))
  if (!floats) throw refusal(path, new Error(`tensor ${info.name} has type ${info.type.name}`))
  return floats
}

/** The value of a metadata key, or undefined when it is absent or of another kind. */
export function textOf(header: GgufHeader, key: string): string | undefined {
  const value = header.metadata.get(key)?.value
  return typeof value === 'string' ? value : undefined
}

/** A number of the metadata, or undefined when it is absent or of another kind. */
export function numberOf(header: GgufHeader, key: string): number | undefined {
  const value = header.metadata.get(key)?.value
  return typeof value === 'number' ? value : undefined
}

/** A list of texts of the metadata, or undefined when it is absent or of another kind. */
export function textsOf(header: GgufHeader, key: string): readonly string[] | undefined {
  const entry = header.metadata.get(key)
  return entry?.type === 'array' && entry.of === 'str' ? (entry.value as readonly string[]) : undefined
}

/** A list of numbers of the metadata, or undefined when it is absent or of another kind. */
export function numbersOf(header: GgufHeader, key: string): readonly number[] | undefined {
  const entry = header.metadata.get(key)
  return entry?.type === 'array' && typeof (entry.value[0] ?? 0) === 'number'
    ? (entry.value as readonly number[])
    : undefined
}

/**
 * Writes the file beside `path` and renames it, since a mapped file must never change under its reader. When it returns, the
 * file outlives a power cut; whenever the power goes, the old one or the new one is whole.
 */
export function writeGguf(
  path: string,
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): void {
  const beside = `${path}.${process.pid}.tmp`
  writeFileSync(beside, encodeGguf(metadata, tensors))
  sync(beside)
  renameSync(beside, path)
  // Windows opens no folder, and needs not.
  if (process.platform !== 'win32') sync(dirname(path))
}

function sync(path: string): void {
  const descriptor = openSync(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The bytes of a GGUF file, version 3. */
export function encodeGguf(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensor[],
): Uint8Array {
  const declared = metadata.get('general.alignment')?.value
  const alignment = typeof declared === 'number' ? declared : 32
  const padding = (length: number) => (alignment - (length % alignment)) % alignment
  const parts: Uint8Array[] = [Buffer.from('GGUF'), scalar('u32', 3)]
  parts.push(scalar('u64', tensors.length), scalar('u64', metadata.size))
  for (const [key, value] of metadata) {
    parts.push(scalar('str', key))
    if (value.type === 'array') {
      parts.push(scalar('u32', arrayType), scalar('u32', scalarTypes[value.of]))
      parts.push(scalar('u64', value.value.length), ...value.value.map((item) => scalar(value.of, item)))
    } else parts.push(scalar('u32', scalarTypes[value.type]), scalar(value.type, value.value))
  }
  let offset = 0
  for (const { name, shape, type, data } of tensors) {
    parts.push(scalar('str', name), scalar('u32', shape.length), ...shape.map((n) => scalar('u64', n)))
    parts.push(scalar('u32', type.id), scalar('u64', offset))
    offset += data.byteLength + padding(data.byteLength)
  }
  const header = Buffer.concat(parts)
  const body = tensors.flatMap(({ data }) => [data, Buffer.alloc(padding(data.byteLength))])
  return Buffer.concat([header, Buffer.alloc(padding(header.length)), ...body])
}

function scalar(type: GgufScalarType, value: GgufScalar): Buffer {
  if (type === 'str') {
    const text = Buffer.from(String(value), 'utf8')
    return Buffer.concat([scalar('u64', text.length), text])
  }
  const bytes = Buffer.alloc(widths[type])
  if (type === 'u64') bytes.writeBigUInt64LE(BigInt(value))
  else if (type === 'i64') bytes.writeBigInt64LE(BigInt(value))
  else if (type === 'f32') bytes.writeFloatLE(Number(value))
  else if (type === 'f64') bytes.writeDoubleLE(Number(value))
  else if (type.startsWith('i')) bytes.writeIntLE(Number(value), 0, bytes.length)
  else bytes.writeUIntLE(Number(value), 0, bytes.length)
  return bytes
}

function withFile<T>(path: string, act: (fd: number, size: number) => T): T {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (cause) {
    throw refusal(path, cause)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw refusal(path, new Error('it is not a file'))
    return act(fd, stat.size)
  } finally {
    closeSync(fd)
  }
}

const refusal = (path: string, cause: unknown): BatError =>
  new BatError(
    'E_GGUF',
    { file: path, problem: cause instanceof Error ? cause.message : String(cause) },
    { cause },
  )
