// How much memory a training takes, told before any is allocated. Static: weights, gradients of each replica,
// moments. Each replica besides: intermediate results, which the graph keeps until its gradients need them, and the
// dense labels, and the masks of dropout. The factors of the intermediate results were fitted to measured graphs; they err
// upwards. The fixed part is the process with its corpus.
import { BatError } from '../base/errors.ts'
import { plannedBytes } from './base-model.ts'
import { dropoutBytes } from './dropout.ts'
import { freeMemory } from './free-memory.ts'
import { type LlamaShape, productOf, type WeightPlan, weightShapes } from './weights.ts'

export interface TrainingSize {
  readonly shape: LlamaShape
  readonly length: number
  readonly rows: number
  readonly replicas: number
  /** Places whose logits are computed; all when absent. */
  readonly answers?: number
}

export const fixedBytes = 192 << 20

/** Bytes that a full training of this size needs; `validates`: with sets to measure, for which each replica has a twin. */
export function trainingBytes({
  validates,
  ...size
}: TrainingSize & { readonly validates: boolean }): number {
  const parameters = [...weightShapes(size.shape).values()].reduce((sum, sizes) => sum + productOf(sizes), 0)
  const moments = 2
  // A twin keeps nothing for gradients: the results of one layer at a time.
  const twin = validates ? resultBytes({ ...size, shape: { ...size.shape, layers: 1 } }) : 0
  const working = size.replicas * (resultBytes(size) + twin)
  return 4 * parameters * (1 + moments + size.replicas) + working + fixedBytes
}

export interface LoraSize extends TrainingSize {
  /** Of the base and of the adapter. */
  readonly plan: readonly WeightPlan[]
  readonly dropout: number
}

/** Bytes that the training of an adapter needs. */
export function loraBytes({ plan, dropout, ...size }: LoraSize): number {
  const trained = plan.filter(({ trained }) => trained).reduce((sum, { shape }) => sum + productOf(shape), 0)
  const largest = Math.max(...plan.map(({ shape }) => productOf(shape)))
  // Without transposed copies a matrix that is no floats is made such for each product.
  const widens = plan.every(({ turned }) => !turned) && plan.some(({ type }) => type.name !== 'F32')
  // While a matrix is loaded it lies there twice as floats; that is over when the graphs are made.
  const working = Math.max(8 * largest, size.replicas * (resultBytes(size) + (widens ? 4 * largest : 0)))
  const masks = dropout > 0 ? size.replicas * dropoutBytes(plan) : 0
  return plannedBytes(plan) + 4 * trained * (2 + size.replicas) + masks + working + fixedBytes
}

/** Throws E_TRAINER_MEMORY, with both numbers, when so many bytes are not free. */
export function requireFree(needed: number): void {
  const free = freeMemory()
  if (needed > free)
    throw new BatError('E_TRAINER_MEMORY', { needed: Math.ceil(needed / 1e6), free: Math.floor(free / 1e6) })
}

// Intermediate results of one replica.
function resultBytes({ shape, length, rows, answers = length * rows }: TrainingSize): number {
  const { width, layers, heads, feedForward, vocabulary } = shape
  const perToken = layers * (12 * width + 5 * feedForward + 3 * length * heads)
  return 4 * (length * rows * perToken + 5 * answers * vocabulary)
}
