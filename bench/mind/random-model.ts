// A model of 104 million random weights in the form of Llama 3: what it says means nothing, what it costs is what a trained
// one of its size costs. Each matrix is one run of random numbers over and over, from another beginning: to draw every number
// would take longer than the benchmark. The run has a prime number of blocks, so that no two rows of a matrix are the same.
import { randomFrom } from '../../src/forge/random.ts'
import { bytesOf, encodeFloats, tensorType } from '../../src/mind/tensor-types.ts'
import { tinyModel, writeModel } from '../../test/mind/tiny-model.ts'

const WIDTH = 1024
const LAYERS = 9
const FEED_FORWARD = 2816
const BLOCK = 32
const BLOCKS = 65_521

/** Writes the model to `path`. Answers the number of its weights. */
export function writeRandomModel(path: string, type: 'F16' | 'Q8_0'): number {
  const { metadata, tensors } = tinyModel(1, { layers: LAYERS })
  const tiny = { width: 64, feedForward: 96 }
  const size = new Map([
    [tiny.width, WIDTH],
    [tiny.width / 2, WIDTH / 2],
    [tiny.feedForward, FEED_FORWARD],
  ])
  const set = (key: string, value: number) => metadata.set(`llama.${key}`, { type: 'u32', value })
  set('embedding_length', WIDTH)
  set('feed_forward_length', FEED_FORWARD)
  set('rope.dimension_count', WIDTH / 4)
  const random = randomFrom(1)
  const run = Float32Array.from({ length: BLOCKS * BLOCK }, () => (random() - 0.5) * 0.1)
  const encoded = encodeFloats(type, run)
  let weights = 0
  for (const [name, { shape }] of tensors) {
    const sizes = shape.map((length) => size.get(length) ?? length)
    const count = sizes.reduce((all, length) => all * length, 1)
    const from = (weights % BLOCKS) * bytesOf(tensorType(type), BLOCK)
    weights += count
    const data =
      sizes.length === 1
        ? encodeFloats('F32', new Float32Array(count).fill(1))
        : Buffer.alloc(
            bytesOf(tensorType(type), count),
            Buffer.concat([encoded.subarray(from), encoded.subarray(0, from)]),
          )
    tensors.set(name, { name, shape: sizes, type: tensorType(sizes.length === 1 ? 'F32' : type), data })
  }
  writeModel(path, { metadata, tensors })
  return weights
}
