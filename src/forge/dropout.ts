// Dropout without an operation for it: masks are rows of a pool that is drawn once (0 where an input is left out,
// 1 / (1 − share) elsewhere), and each step only the numbers of the rows are drawn anew and uploaded, one for each token
// and input of matrices with an adapter. Matrices that see the same input share its mask. Forward and backward fetch the
// same rows, so that no mask is kept in between.
import type { Context, Ggml, Tensor } from './ggml.ts'
import type { Graph, Value } from './graph.ts'
import { randomFrom } from './random.ts'
import { F32, I32, newTensor, type WeightPlan, type Weights } from './weights.ts'

const poolRows = 1024
const poolSeed = 71

/** Which matrices see the same input. */
const inputOf: Readonly<Record<string, string>> = {
  ...{ attn_q: 'attention', attn_k: 'attention', attn_v: 'attention', attn_output: 'mixed' },
  ...{ ffn_gate: 'feed', ffn_up: 'feed', ffn_down: 'inner' },
}

/** Bytes of the masks of one replica. */
export function dropoutBytes(plan: readonly Pick<WeightPlan, 'name' | 'shape'>[]): number {
  const widths = new Set(plan.filter(({ name }) => name.endsWith('.lora_a')).map(({ shape }) => shape[0]!))
  return 4 * poolRows * [...widths].reduce((sum, width) => sum + width, 0)
}

export interface DropoutOptions {
  readonly share: number
  readonly tokens: number
  /** Tokens that there are after the attention of the last layer. */
  readonly answers: number
}

export class Dropout {
  readonly #ggml: Ggml
  readonly #share: number
  /** By the width of an input. */
  readonly #pools = new Map<number, Tensor>()
  /** By layer and input. */
  readonly #picks = new Map<
    string,
    { readonly pool: Tensor; readonly rows: Tensor; readonly count: number }
  >()
  /** What was masked already, by its mask. */
  readonly #masked = new Map<string, Value>()

  /** Describes its tensors in `context`; after that is allocated, `fill` is called once. */
  constructor(ggml: Ggml, context: Context, weights: Weights, { share, tokens, answers }: DropoutOptions) {
    this.#ggml = ggml
    this.#share = share
    for (const { name, shape } of weights.trained) {
      const [, layer, matrix] = /^blk\.(\d+)\.(\w+)\.weight\.lora_a$/.exec(name) ?? []
      if (layer === undefined) continue
      const key = `${layer} ${inputOf[matrix!]}`
      const width = shape[0]!
      const pool = this.#pools.get(width) ?? newTensor(ggml, context, F32, [width, poolRows])
      this.#pools.set(width, pool)
      if (this.#picks.has(key)) continue
      const isLast = Number(layer) === weights.shape.layers - 1
      const count = isLast && inputOf[matrix!] !== 'attention' ? answers : tokens
      this.#picks.set(key, { pool, rows: newTensor(ggml, context, I32, [count]), count })
    }
  }

  fill(): void {
    const random = randomFrom(poolSeed)
    for (const [width, pool] of this.#pools) {
      const kept = 1 / (1 - this.#share)
      const mask = Float32Array.from({ length: width * poolRows }, () => (random() < this.#share ? 0 : kept))
      this.#ggml.backend_tensor_set(pool, mask, 0, mask.byteLength)
    }
  }

  /** The input of a matrix with some of it left out. */
  apply(graph: Graph, input: Value, layer: number, matrix: string): Value {
    const key = `${layer} ${inputOf[matrix]}`
    const { pool, rows } = this.#picks.get(key)!
    const masked = this.#masked.get(key) ?? graph.mask(input, pool, rows)
    this.#masked.set(key, masked)
    return masked
  }

  /** Other masks, the same for the same seed. */
  draw(seed: number): void {
    const random = randomFrom(seed)
    for (const { rows, count } of this.#picks.values()) {
      const picks = Int32Array.from({ length: count }, () => Math.floor(random() * poolRows))
      this.#ggml.backend_tensor_set(rows, picks, 0, picks.byteLength)
    }
  }
}
