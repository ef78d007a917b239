// Small bases of any type as files, their matrices quantised by ggml itself: models with random weights, and the seed mind.
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import { type GgufTensor, readGgufHeader, readTensorBytes, writeGguf } from '../../src/mind/gguf.ts'
import { type TensorTypeName, tensorType } from '../../src/mind/tensor-types.ts'
import { type TinyShape, tinyModel } from '../mind/tiny-model.ts'
import { ggml } from './probabilities.ts'

export interface TinyBase extends TinyShape {
  readonly type: TensorTypeName
  /** The head shares the embedding's matrix. */
  readonly tied?: boolean
  /** Llama 3.1's factors of the frequencies of positions. */
  readonly factors?: boolean
  readonly seed?: number
  /** The values as they are after a conversion to `type`, stored as F32. */
  readonly asFloats?: boolean
}

/** Writes the model into `folder` and answers its path. */
export function writeTinyBase(
  folder: string,
  { type, tied, factors, seed = 3, asFloats, ...shape }: TinyBase,
) {
  const { metadata, tensors } = tinyModel(seed, shape)
  const embedding = shape.embedding ?? 64
  if (tied) tensors.delete('output.weight')
  const converted = [...tensors.values()].map((tensor) =>
    tensor.shape.length === 1 ? tensor : convertedTo(type, tensor, asFloats ?? false),
  )
  if (factors) {
    const values = Float32Array.from({ length: embedding / 8 }, (_, i) => 1 + i)
    const data = new Uint8Array(values.buffer)
    converted.push({ name: 'rope_freqs.weight', shape: [values.length], type: tensorType('F32'), data })
  }
  const path = join(folder, `${Object.values({ type, tied, factors, asFloats, embedding }).join('-')}.gguf`)
  writeGguf(path, metadata, converted)
  return path
}

/** Writes the seed mind with its matrices as `type` and answers the path. */
export function writeSeedAs(folder: string, type: TensorTypeName): string {
  const { metadata, tensors } = readGgufHeader(seedPath)
  const path = join(folder, `seed-${type}.gguf`)
  const converted = [...tensors.values()].map(({ name, shape, type: stored, ...info }) => {
    const data = readTensorBytes(seedPath, { name, shape, type: stored, ...info })
    const tensor = { name, shape, type: stored, data }
    return shape.length === 1 ? tensor : convertedTo(type, tensor, false)
  })
  writeGguf(path, metadata, converted)
  return path
}

const seedPath = join(packageRoot, 'models', 'seed.gguf')

function convertedTo(name: TensorTypeName, tensor: GgufTensor, asFloats: boolean): GgufTensor {
  const type = tensorType(name)
  // As in a net that is to be trained: what the blocks add is little, so that noise does not grow with them.
  const calm = /attn_output|ffn_down/.test(tensor.name) && tensor.type.name === 'F16' ? 0.2 : 1
  const floats = ggml.decode(tensor.type, tensor.data).map((value) => calm * value)
  const data = ggml.encode(type, floats, tensor.shape[1]!)
  if (!asFloats) return { ...tensor, type, data }
  const back = ggml.decode(type, data)
  return { ...tensor, type: tensorType('F32'), data: new Uint8Array(back.buffer) }
}
