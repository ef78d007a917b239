// Safetensors, the file format of Hugging Face's weights, as far as adapters need it. All numbers are little-endian.
//
//   u64 length of the header, in bytes
//   the header, JSON: {"__metadata__"?: {key: text}, name: {"dtype": "F32", "shape": [rows, columns], "data_offsets": [from, to]}}
//   the data; offsets count from its beginning, rows follow each other
//
// The reader trusts nothing: each length is checked against the file before it is used.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isPlainObject } from '../base/value.ts'
import { type TensorType, type TensorTypeName, tensorType } from './tensor-types.ts'

export interface SafeTensor {
  readonly name: string
  /** The contiguous dimension last. */
  readonly shape: readonly number[]
  readonly type: TensorType
  /** From the beginning of the file. */
  readonly offset: number
  readonly bytes: number
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, SafeTensor>
}

const largestHeader = 100 << 20
const types: ReadonlySet<string> = new Set<TensorTypeName>(['F32', 'F16', 'BF16'])

/** The header of the file at `path`. Throws plain errors that say what is wrong. */
export function readSafetensors(path: string): SafetensorsHeader {
  return withFile(path, (read, size) => {
    if (size < 8) throw new Error('it is too short to be a safetensors file')
    const length = Number(read(0, 8).readBigUInt64LE())
    if (length > largestHeader || 8 + length > size) throw new Error('its header is cut off')
    const header = parsed(read(8, length).toString('utf8'))
    const metadata: Record<string, string> = {}
    const tensors = new Map<string, SafeTensor>()
    for (const [name, entry] of Object.entries(header)) {
      if (name !== '__metadata__') tensors.set(name, tensorOf(name, entry, { data: 8 + length, size }))
      else if (isPlainObject(entry))
        for (const [key, value] of Object.entries(entry)) metadata[key] = String(value)
    }
    return { metadata, tensors }
  })
}

/** The stored bytes of one tensor of the file that its header came from. */
export function readSafeTensor(path: string, { offset, bytes }: SafeTensor): Uint8Array {
  return withFile(path, (read) => read(offset, bytes))
}

function tensorOf(
  name: string,
  entry: unknown,
  { data, size }: { readonly data: number; readonly size: number },
): SafeTensor {
  const { dtype, shape, data_offsets: range } = isPlainObject(entry) ? entry : {}
  if (typeof dtype !== 'string' || !types.has(dtype))
    throw new Error(`tensor ${name} has type ${String(dtype)} instead of ${[...types].join(', ')}`)
  if (!isSizes(shape) || !isSizes(range) || range.length !== 2)
    throw new Error(`tensor ${name} has no sizes that make sense`)
  const type = tensorType(dtype as TensorTypeName)
  const [from, to] = range as [number, number]
  const bytes = shape.reduce((all, count) => all * count, type.bytes)
  if (to - from !== bytes || data + to > size)
    throw new Error(`tensor ${name} is cut off or has other sizes than it says`)
  return { name, shape, type, offset: data + from, bytes }
}

const isSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)

function parsed(text: string): Record<string, unknown> {
  const header: unknown = JSON.parse(text)
  if (isPlainObject(header)) return header
  throw new Error('its header is no JSON object')
}

function withFile<T>(
  path: string,
  act: (read: (at: number, length: number) => Buffer, size: number) => T,
): T {
  const fd = openSync(path, 'r')
  try {
    const read = (at: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length)
      if (readSync(fd, bytes, 0, length, at) !== length) throw new Error('it is cut off')
      return bytes
    }
    return act(read, fstatSync(fd).size)
  } finally {
    closeSync(fd)
  }
}
