// The element types of tensors in GGUF files that we read or write, by their number in ggml's ABI, with the size of a
// block, and the conversions between 32-bit floats and the plain types. A row (the first dimension) always holds
// whole blocks. Q8_0: blocks of 32 values, an f16 scale followed by 32 signed bytes; value = scale * byte.

export interface TensorType {
  readonly name: string
  /** Number in ggml's `enum ggml_type`. */
  readonly id: number
  /** Values in a block. */
  readonly block: number
  /** Bytes of a block. */
  readonly bytes: number
}

const list = [
  { name: 'F32', id: 0, block: 1, bytes: 4 },
  { name: 'F16', id: 1, block: 1, bytes: 2 },
  { name: 'Q4_0', id: 2, block: 32, bytes: 18 },
  { name: 'Q4_1', id: 3, block: 32, bytes: 20 },
  { name: 'Q5_0', id: 6, block: 32, bytes: 22 },
  { name: 'Q5_1', id: 7, block: 32, bytes: 24 },
  { name: 'Q8_0', id: 8, block: 32, bytes: 34 },
  { name: 'Q2_K', id: 10, block: 256, bytes: 84 },
  { name: 'Q3_K', id: 11, block: 256, bytes: 110 },
  { name: 'Q4_K', id: 12, block: 256, bytes: 144 },
  { name: 'Q5_K', id: 13, block: 256, bytes: 176 },
  { name: 'Q6_K', id: 14, block: 256, bytes: 210 },
  { name: 'I32', id: 26, block: 1, bytes: 4 },
  { name: 'BF16', id: 30, block: 1, bytes: 2 },
] as const satisfies readonly TensorType[]

export type TensorTypeName = (typeof list)[number]['name']

const byName = new Map<string, TensorType>(list.map((type) => [type.name, type]))
const byId = new Map<number, TensorType>(list.map((type) => [type.id, type]))

export const tensorType = (name: TensorTypeName): TensorType => byName.get(name)!

/** The type with ggml's number `id`, or undefined when we do not know it. */
export const tensorTypeOf = (id: number): TensorType | undefined => byId.get(id)

/** Bytes of a tensor of `count` values. */
export const bytesOf = (type: TensorType, count: number): number => (count / type.block) * type.bytes

/** The floats of a stored tensor. Types: F32, F16, BF16, Q8_0; undefined for the others. */
export function decodeFloats(type: TensorType, bytes: Uint8Array): Float32Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = (bytes.byteLength / type.bytes) * type.block
  const out = new Float32Array(count)
  switch (type.name) {
    case 'F32':
      for (let i = 0; i < count; i++) out[i] = view.getFloat32(4 * i, true)
      return out
    case 'F16':
      for (let i = 0; i < count; i++) out[i] = floatOfHalf(view.getUint16(2 * i, true))
      return out
    case 'BF16':
      for (let i = 0; i < count; i++) out[i] = floatOfBits(view.getUint16(2 * i, true) << 16)
      return out
    case 'Q8_0':
      for (let block = 0; block < count / 32; block++) {
        const scale = floatOfHalf(view.getUint16(34 * block, true))
        for (let i = 0; i < 32; i++) out[32 * block + i] = scale * view.getInt8(34 * block + 2 + i)
      }
      return out
    default:
      return undefined
  }
}

/** The bytes of floats stored as F32, F16 or Q8_0 (whole blocks). */
export function encodeFloats(name: 'F32' | 'F16' | 'Q8_0', floats: Float32Array): Uint8Array {
  const type = tensorType(name)
  const bytes = new Uint8Array(bytesOf(type, floats.length))
  const view = new DataView(bytes.buffer)
  if (name === 'F32') for (let i = 0; i < floats.length; i++) view.setFloat32(4 * i, floats[i]!, true)
  else if (name === 'F16')
    for (let i = 0; i < floats.length; i++) view.setUint16(2 * i, halfOfFloat(floats[i]!), true)
  else for (let block = 0; block < floats.length / 32; block++) encodeBlock(view, floats, block)
  return bytes
}

function encodeBlock(view: DataView, floats: Float32Array, block: number): void {
  let largest = 0
  for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(floats[32 * block + i]!))
  const scale = largest / 127
  view.setUint16(34 * block, halfOfFloat(scale), true)
  for (let i = 0; i < 32; i++)
    view.setInt8(34 * block + 2 + i, scale === 0 ? 0 : Math.round(floats[32 * block + i]! / scale))
}

const scratch = new DataView(new ArrayBuffer(4))
const floatOfBits = (bits: number): number => {
  scratch.setUint32(0, bits >>> 0)
  return scratch.getFloat32(0)
}

/** The value of an IEEE 754 half. */
export function floatOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The half nearest to a float, ties to even; beyond 65504 it is infinite. */
export function halfOfFloat(value: number): number {
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const magnitude = Math.abs(scratch.getFloat32(0))
  if (Number.isNaN(magnitude)) return sign | 0x7e00
  if (magnitude >= 65520) return sign | 0x7c00
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24)
  const exponent = ((bits >>> 23) & 255) - 127
  return sign | (((exponent + 14) << 10) + roundEven((magnitude / 2 ** exponent) * 1024))
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
