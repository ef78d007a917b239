// Looks for weights that are not finite, which llama.cpp loads without a word and then answers token 0 for ever. Only
// the exponents are looked at: all bits set means infinite or not a number. Blocks of quantised types begin or end
// with their scales as 16-bit floats; Q8_0 is checked by its scale, types of other layouts are left to the loader.
import { type GgufHeader, type GgufTensorInfo, readTensorBytes } from './gguf.ts'

/** The name of a tensor with a number that is not finite, or undefined. */
export function nonFiniteTensor(path: string, header: GgufHeader): string | undefined {
  for (const info of header.tensors.values())
    if (isScanned(info) && hasNonFinite(info.type.name, readTensorBytes(path, info))) return info.name
  return undefined
}

const isScanned = ({ type }: GgufTensorInfo) => ['F32', 'F16', 'BF16', 'Q8_0'].includes(type.name)

function hasNonFinite(type: string, bytes: Uint8Array): boolean {
  if (type === 'F32') {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    return anyAt(words, 1, 0x7f800000)
  }
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  return type === 'BF16' ? anyAt(halves, 1, 0x7f80) : anyAt(halves, type === 'Q8_0' ? 17 : 1, 0x7c00)
}

function anyAt(numbers: Uint32Array | Uint16Array, step: number, exponent: number): boolean {
  for (let i = 0; i < numbers.length; i += step) if ((numbers[i]! & exponent) === exponent) return true
  return false
}
