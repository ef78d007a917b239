// The models that training is measured on: random weights, which cost the same as trained ones. Their sizes are whole numbers
// of the blocks of Q8_0 and Q4_0, those of the middle one of Q4_K's and Q6_K's too.
import type { LlamaShape } from '../../src/forge/weights.ts'
import type { TensorType } from '../../src/mind/tensor-types.ts'

const common = { ropeBase: 500_000, epsilon: 1e-5 }

export const sizes: Readonly<Record<string, LlamaShape>> = {
  '1 M': { ...common, vocabulary: 1024, width: 128, layers: 4, heads: 4, kvHeads: 2, feedForward: 352 },
  '5 M': { ...common, vocabulary: 2048, width: 256, layers: 6, heads: 8, kvHeads: 4, feedForward: 768 },
  '10 M': { ...common, vocabulary: 2048, width: 320, layers: 8, heads: 10, kvHeads: 5, feedForward: 864 },
}

export const length = 128
export const rows = 8
export const rank = 16

/** Share of the places that are answers: the head, and what follows the last attention, are computed for those only. */
export const answered = 1 / 2

/** Whether the matrices of this shape can be stored so: a row is a whole number of blocks. */
export const fits = ({ width, feedForward }: LlamaShape, { block }: TensorType): boolean =>
  width % block === 0 && feedForward % block === 0

/** Floating point operations for a token: forward, backward, and the gradients of what is trained. */
export function flopsPerToken(shape: LlamaShape, kind: 'full' | 'adapter'): number {
  const { vocabulary, width, layers, heads, kvHeads, feedForward } = shape
  const keys = (width / heads) * kvHeads
  const before = width * width + 2 * width * keys
  const after = width * width + 3 * width * feedForward
  const matrices = layers * before + (layers - 1 + answered) * after + answered * vocabulary * width
  const attention = 3 * 4 * length * width * layers
  if (kind === 'full') return 6 * matrices + attention
  return 4 * matrices + attention + 6 * layers * rank * (6 * width + 2 * keys)
}
