// The test that guards every training: on a toy model with all of the operations (grouped queries, several documents
// a row) our gradients are compared with those of the library's own differentiation. Another release of the library
// whose arguments or numbers changed shows here, in milliseconds, before anything is spoiled.
import { BatError } from '../base/errors.ts'
import { tensorType } from '../mind/tensor-types.ts'
import { adapterPlan } from './adapter.ts'
import { frozenPlan } from './base-model.ts'
import { BatchStream } from './batches.ts'
import type { Blas } from './blas.ts'
import type { DeviceKind } from './device.ts'
import type { TokenSet } from './documents.ts'
import type { Backend, Ggml } from './ggml.ts'
import { Replica } from './llama-net.ts'
import { randomFrom } from './random.ts'
import { type LlamaShape, readFloats, Weights } from './weights.ts'

const toy: LlamaShape = {
  vocabulary: 64,
  width: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  feedForward: 48,
  ropeBase: 500_000,
  epsilon: 1e-5,
}

/**
 * The difference from which no training begins. On a CPU both sides are plain floats; measured, they differ by 1e-6. CUDA
 * multiplies F32 as TF32, with 11 bits a number, on Ampere and later (ggml-cuda sets CUBLAS_TF32_TENSOR_OP_MATH): 5e-4 for each
 * operand of each product. A wrong argument shows as much more.
 */
export const gradientLimits: Readonly<Record<DeviceKind, number>> = { cpu: 1e-4, gpu: 1e-2 }

/** What is differentiated: the whole model, or the pairs of an adapter for all seven matrices, with dropout. */
export type Differentiated = 'whole' | 'adapter'

export interface GradientOptions {
  readonly what?: Differentiated
  readonly shape?: LlamaShape
  readonly blas?: Blas | undefined
}

/** The largest relative difference between our gradient and the library's, over all weights that are trained. */
export async function gradientDifference(
  ggml: Ggml,
  backend: Backend,
  { what = 'whole', shape = toy, blas }: GradientOptions = {},
): Promise<number> {
  const size = { length: 16, rows: 2 }
  const group = shape.heads / shape.kvHeads
  const batch = new BatchStream(
    toyDocuments(randomFrom(12), shape.vocabulary),
    { ...size, group, promptWeight: 1, padding: 0 },
    1,
  ).next()
  // The library does not weigh rows: every place of a whole model counts the same, and of an adapter's every other one.
  const answers = what === 'whole' ? batch.weights.length : batch.weights.length / 2
  batch.weights.forEach((_, place, weights) => {
    weights[place] = what === 'whole' || place % 2 === 1 ? 1 : 0
  })
  const adapter = { scale: 2, dropout: 0.25 }
  const gradientsOf = async (purpose: 'train' | 'compare', where: Backend) => {
    const by = purpose === 'train' ? blas : undefined
    const weights = toyWeights(ggml, where, { what, shape, direct: by !== undefined })
    const replica = new Replica(ggml, where, weights, { ...size, answers, purpose, adapter, blas: by })
    // An operation that a device does not know ends the process.
    replica.requireOperations()
    replica.feed(batch, { weightSum: answers, dropoutSeed: 5 })
    await replica.compute()
    return weights.trained.map(({ count }, i) => readFloats(ggml, replica.gradients[i]!, count))
  }
  const ours = await gradientsOf('train', backend)
  // The library's own has operations that not every device knows.
  const theirs = await gradientsOf('compare', ggml.backend('cpu', 1)!)
  return Math.max(...ours.map((gradient, i) => relativeDifference(gradient, theirs[i]!)))
}

function toyWeights(
  ggml: Ggml,
  backend: Backend,
  {
    what,
    shape,
    direct,
  }: { readonly what: Differentiated; readonly shape: LlamaShape; readonly direct: boolean },
): Weights {
  const random = randomFrom(11)
  const weights =
    what === 'whole'
      ? new Weights(ggml, backend, shape)
      : new Weights(ggml, backend, shape, [
          ...frozenPlan(shape, () => tensorType('F32'), direct),
          ...adapterPlan(shape, { targets: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'], rank: 3 }),
        ])
  weights.randomise(random)
  if (shape.ropeFactors)
    weights.write(
      'rope_freqs.weight',
      weights.read('rope_freqs.weight').map((one) => one + random()),
    )
  return weights
}

/** How far our gradients are from those of the library. Throws E_TRAINER_GRADIENTS when that is too far. */
export async function requireSoundGradients(
  ggml: Ggml,
  backend: Backend,
  { device, ...options }: Pick<GradientOptions, 'what' | 'blas'> & { readonly device: DeviceKind },
): Promise<number> {
  const limit = gradientLimits[device]
  const difference = await gradientDifference(ggml, backend, options)
  if (!(difference < limit)) throw new BatError('E_TRAINER_GRADIENTS', { difference, limit })
  return difference
}

/** The length of the difference by the length of `b`. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  let apart = 0
  let size = 0
  for (let i = 0; i < a.length; i++) {
    apart += (a[i]! - b[i]!) ** 2
    size += b[i]! ** 2
  }
  return size === 0 ? Number.POSITIVE_INFINITY : Math.sqrt(apart / size)
}

function toyDocuments(random: () => number, vocabulary: number): TokenSet {
  const lengths = [6, 9, 5, 7, 6, 5]
  const starts = [0]
  for (const length of lengths) starts.push(starts.at(-1)! + length)
  return {
    count: lengths.length,
    ids: Uint16Array.from({ length: starts.at(-1)! }, () => Math.floor(random() * vocabulary)),
    starts: Uint32Array.from(starts),
    prompts: new Uint32Array(lengths.length).fill(2),
    tooLong: 0,
  }
}
