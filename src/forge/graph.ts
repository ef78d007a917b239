// The operations of a Llama model with their gradients, as one static ggml graph. Building an operation adds it
// forward and puts onto a tape what its gradient needs; `backward` walks the tape from the end and adds the gradient
// operations to the same graph.
//
// Why not ggml's own differentiation: for both gradients of a matrix product it emits an outer product that runs at a
// third of the speed of mul_mat and has no kernel for several types. Here every gradient is a mul_mat of transposed
// copies, or an outer product where a BLAS computes it. Tests and the self-test at start compare the two.
//
// Rule: a Value's gradient is complete when the tape reaches the operation that made it, because everything that
// consumes it was added later. Grouped queries are folded into the query axis ([head, T·group, kvHeads, B]), so that
// keys and values are never repeated.
import type { ComputeGraph, Context, Ggml, Tensor } from './ggml.ts'
import { F32, type Weight } from './weights.ts'

export interface Value {
  readonly tensor: Tensor
  /** Whether a gradient is wanted. */
  readonly trained: boolean
  gradient: Tensor | undefined
}

export interface AttentionShape {
  readonly head: number
  readonly heads: number
  readonly kvHeads: number
  /** Tokens in a row. */
  readonly length: number
  readonly rows: number
}

export interface Rotation {
  readonly positions: Tensor
  /** Size of a head. */
  readonly head: number
  readonly tokens: number
  readonly base: number
  /** What each frequency is divided by, [head / 2]. */
  readonly factors: Tensor | undefined
}

export interface GraphOptions {
  readonly maxNodes: number
  /** Reserves what ggml's own differentiation needs; only the comparison of gradients asks for it. */
  readonly differentiable?: boolean
  /** Products take turned operands as they lie (graph-run.ts with a BLAS): no transposed copies are made. */
  readonly direct?: boolean
  /** Matrices of other types are made floats for each product; else ggml multiplies them as llama.cpp does. */
  readonly widens?: boolean
}

export class Graph {
  readonly #ggml: Ggml
  readonly #context: Context
  readonly graph: ComputeGraph
  readonly #tape: (() => void)[] = []
  readonly #turned = new Map<Tensor, Tensor>()
  /** The weights that are to be made floats. */
  readonly #narrow = new Set<Tensor>()
  readonly #direct: boolean
  readonly #widens: boolean

  constructor(ggml: Ggml, options: GraphOptions) {
    const { maxNodes, differentiable = false, direct = false, widens = false } = options
    this.#ggml = ggml
    this.#direct = direct
    this.#widens = widens
    this.#context = ggml.context(
      maxNodes * ggml.tensor_overhead() + ggml.graph_overhead_custom(maxNodes, differentiable) + (1 << 20),
    )
    this.graph = ggml.new_graph_custom(this.#context, maxNodes, differentiable)
  }

  get context(): Context {
    return this.#context
  }

  weight(weight: Weight): Value {
    if (weight.turned) this.#turned.set(weight.tensor, weight.turned.tensor)
    if (this.#widens && weight.type.name !== 'F32') this.#narrow.add(weight.tensor)
    return valueFor(weight.tensor, weight.trained)
  }

  /** Rows of the embedding matrix. */
  embed(table: Value, ids: Tensor): Value {
    const g = this.#ggml
    const c = this.#context
    const out = valueFor(g.get_rows(c, table.tensor, ids), table.trained)
    this.#onTape(out, (gradient) => this.#add(table, g.get_rows_back(c, gradient, ids, table.tensor)))
    return out
  }

  /** x [inputs, N] through a matrix [inputs, outputs]. */
  linear(matrix: Value, x: Value): Value {
    const g = this.#ggml
    const c = this.#context
    const out = valueFor(g.mul_mat(c, this.#wide(matrix.tensor), x.tensor), matrix.trained || x.trained)
    this.#onTape(out, (gradient) => {
      if (x.trained) this.#add(x, this.#through(this.#wide(matrix.tensor), gradient))
      if (matrix.trained) this.#add(matrix, this.#outer(x.tensor, gradient))
    })
    return out
  }

  add(a: Value, b: Value): Value {
    const out = valueFor(this.#ggml.add(this.#context, a.tensor, b.tensor), a.trained || b.trained)
    this.#onTape(out, (gradient) => {
      this.#add(a, gradient)
      this.#add(b, gradient)
    })
    return out
  }

  /** The columns of x [width, N] that `places` names, [width, M]. */
  pick(x: Value, places: Tensor): Value {
    const g = this.#ggml
    const c = this.#context
    const out = valueFor(g.get_rows(c, x.tensor, places), x.trained)
    this.#onTape(out, (gradient) => this.#add(x, g.get_rows_back(c, gradient, places, x.tensor)))
    return out
  }

  scale(x: Value, factor: number): Value {
    const g = this.#ggml
    const c = this.#context
    const out = valueFor(g.scale(c, x.tensor, factor), x.trained)
    this.#onTape(out, (gradient) => this.#add(x, g.scale(c, gradient, factor)))
    return out
  }

  /** x [width, N] times the rows of `pool` [width, …] that `picks` names, which are constants: dropout. */
  mask(x: Value, pool: Tensor, picks: Tensor): Value {
    const g = this.#ggml
    const c = this.#context
    const masked = (tensor: Tensor) => g.mul(c, tensor, g.get_rows(c, pool, picks))
    const out = valueFor(masked(x.tensor), x.trained)
    this.#onTape(out, (gradient) => this.#add(x, masked(gradient)))
    return out
  }

  /** Root-mean-square norm with a gain. */
  norm(x: Value, gain: Value, epsilon: number): Value {
    const g = this.#ggml
    const c = this.#context
    const scaled = g.rms_norm(c, x.tensor, epsilon)
    const out = valueFor(g.mul(c, scaled, gain.tensor), x.trained || gain.trained)
    this.#onTape(out, (gradient) => {
      if (gain.trained) this.#add(gain, g.repeat_back(c, g.mul(c, scaled, gradient), gain.tensor))
      this.#add(x, g.rms_norm_back(c, g.mul(c, gradient, gain.tensor), x.tensor, epsilon))
    })
    return out
  }

  /** [head·heads, N] as [head, heads, N], turned by position (neighbouring pairs, as GGUF's Llama has them). */
  rotate(x: Value, heads: number, { positions, head, tokens, base, factors }: Rotation): Value {
    const g = this.#ggml
    const c = this.#context
    const settings = [factors ?? null, head, 0, 0, base, 1, 0, 1, 32, 1] as const
    const split = g.reshape_3d(c, x.tensor, head, heads, tokens)
    const out = valueFor(g.rope_ext(c, split, positions, ...settings), x.trained)
    this.#onTape(out, (gradient) =>
      this.#add(
        x,
        g.reshape_2d(c, g.rope_ext_back(c, gradient, positions, ...settings), head * heads, tokens),
      ),
    )
    return out
  }

  /** silu(gate) · up */
  swiglu(gate: Value, up: Value): Value {
    const g = this.#ggml
    const c = this.#context
    const out = valueFor(g.swiglu_split(c, gate.tensor, up.tensor), gate.trained || up.trained)
    this.#onTape(out, (gradient) => {
      this.#add(gate, g.silu_back(c, g.mul(c, gradient, up.tensor), gate.tensor))
      this.#add(up, g.mul(c, g.silu(c, gate.tensor), gradient))
    })
    return out
  }

  /** q [head, heads, N], k and v [head·kvHeads …, N] → [head·heads, N]; mask [T, T·group, 1, rows] holds 0 or −∞. */
  attention(q: Value, k: Value, v: Value, mask: Tensor, shape: AttentionShape): Value {
    const g = this.#ggml
    const c = this.#context
    const { head, heads, kvHeads, length, rows } = shape
    const folded = (length * heads) / kvHeads
    const scale = 1 / Math.sqrt(head)
    const swap = (t: Tensor) => g.cont(c, g.permute(c, t, 0, 2, 1, 3))
    const fold = (t: Tensor) =>
      g.reshape_4d(c, swap(g.reshape_4d(c, t, head, heads, length, rows)), head, folded, kvHeads, rows)
    const unfold = (t: Tensor) => swap(g.reshape_4d(c, t, head, length, heads, rows))

    const queries = fold(q.tensor)
    // Not copied into place: the first side of a product may lie in strides.
    const keys = g.permute(c, g.reshape_4d(c, k.tensor, head, kvHeads, length, rows), 0, 2, 1, 3)
    const values = g.reshape_4d(c, v.tensor, head, kvHeads, length, rows)
    const apart = g.permute(c, values, 0, 2, 1, 3)
    const shares = g.soft_max_ext(c, g.mul_mat(c, keys, queries), mask, scale, 0)
    const mixed = this.#through(apart, shares)
    const out = valueFor(
      g.reshape_2d(c, unfold(mixed), head * heads, length * rows),
      q.trained || k.trained || v.trained,
    )
    this.#onTape(out, (gradient) => {
      const given = fold(gradient)
      const scores = g.soft_max_ext_back(c, g.mul_mat(c, apart, given), shares, scale, 0)
      this.#add(v, g.reshape_2d(c, swap(this.#outer(given, shares)), head * kvHeads, length * rows))
      this.#add(q, g.reshape_3d(c, unfold(this.#through(keys, scores)), head, heads, length * rows))
      this.#add(k, g.reshape_3d(c, swap(this.#outer(queries, scores)), head, kvHeads, length * rows))
    })
    return out
  }

  /**
   * Σ weight · cross entropy / N over the N rows of `logits`; `labels` are one-hot rows, `weights` [1, N]. `seed` is a
   * tensor of one number, the gradient to begin with: N / Σ weight makes the gradient that of the weighted mean.
   */
  crossEntropy(logits: Value, labels: Tensor, weights: Tensor, seed: Tensor): Tensor {
    const g = this.#ggml
    const c = this.#context
    const loss = g.cross_entropy_loss(c, logits.tensor, g.mul(c, labels, weights))
    g.set_output(loss)
    // ggml's gradient takes every row as a distribution, so the labels stay one-hot and the weight multiplies after.
    // The order of its arguments is (gradient, logits, labels), other than its header says.
    this.#tape.push(() =>
      this.#add(logits, g.mul(c, g.cross_entropy_loss_back(c, seed, logits.tensor, labels), weights)),
    )
    return loss
  }

  /** Adds the gradients; afterwards each trained Value that took part has its `gradient`. */
  backward(): void {
    for (const step of this.#tape.reverse()) step()
    this.#tape.length = 0
  }

  /** Makes `tensor` part of what is computed. */
  want(tensor: Tensor): void {
    this.#ggml.build_forward_expand(this.graph, tensor)
  }

  #onTape(out: Value, step: (gradient: Tensor) => void): void {
    if (out.trained)
      this.#tape.push(() => {
        if (out.gradient) step(out.gradient)
      })
  }

  #add(value: Value, gradient: Tensor): void {
    if (!value.trained) return
    value.gradient = value.gradient ? this.#ggml.add(this.#context, value.gradient, gradient) : gradient
  }

  /**
   * The matrix as floats, made anew for each product: kept, they would take several times its room, and to make them costs
   * little beside a product with many tokens (QLoRA, Dettmers et al. 2023, section 3).
   */
  #wide(matrix: Tensor): Tensor {
    return this.#narrow.has(matrix) ? this.#ggml.cast(this.#context, matrix, F32) : matrix
  }

  /** Σₖ a[·, k] b[k, ·] */
  #through(a: Tensor, b: Tensor): Tensor {
    const g = this.#ggml
    const c = this.#context
    return this.#direct && !this.#turned.has(a)
      ? g.out_prod(c, a, g.transpose(c, b))
      : g.mul_mat(c, this.#turn(a), b)
  }

  /** Σₙ a[·, n] b[·, n] */
  #outer(a: Tensor, b: Tensor): Tensor {
    const g = this.#ggml
    const c = this.#context
    return this.#direct ? g.out_prod(c, a, b) : g.mul_mat(c, this.#turn(a), this.#turn(b))
  }

  /** A transposed copy, made at most once. */
  #turn(tensor: Tensor): Tensor {
    const copy =
      this.#turned.get(tensor) ?? this.#ggml.cont(this.#context, this.#ggml.transpose(this.#context, tensor))
    this.#turned.set(tensor, copy)
    return copy
  }
}

const valueFor = (tensor: Tensor, trained: boolean): Value => ({
  tensor,
  trained,
  gradient: undefined,
})
