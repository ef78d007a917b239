// How much memory a training takes, told before any is allocated. Static: weights, gradients of each replica,
// moments. Each replica besides: intermediate results, which the graph keeps until its gradients need them, and the
// dense labels. The factors of the intermediate results were fitted to measured graphs; they err upwards. The fixed part is the process with its corpus.
import { freemem } from 'node:os'
import { BatError } from '../base/errors.ts'
import { type LlamaShape, productOf, weightShapes } from './weights.ts'

export interface TrainingSize {
  readonly shape: LlamaShape
  readonly length: number
  readonly rows: number
  readonly replicas: number
}

/** Bytes that a full training of this size needs. */
export function trainingBytes({ shape, length, rows, replicas }: TrainingSize): number {
  const parameters = [...weightShapes(shape).values()].reduce((sum, sizes) => sum + productOf(sizes), 0)
  const tokens = length * rows
  const { width, layers, heads, feedForward, vocabulary } = shape
  const perToken = layers * (12 * width + 5 * feedForward + 3 * length * heads) + 5 * vocabulary
  const moments = 2
  const fixed = 192 << 20
  return 4 * (parameters * (1 + moments + replicas) + replicas * tokens * perToken) + fixed
}

/** Throws E_TRAINER_MEMORY, with both numbers, when the memory is not free. */
export function requireMemory(size: TrainingSize): void {
  const needed = trainingBytes(size)
  const free = Math.min(freemem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  if (needed > free)
    throw new BatError('E_TRAINER_MEMORY', { needed: Math.ceil(needed / 1e6), free: Math.floor(free / 1e6) })
}
