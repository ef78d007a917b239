// One replica of a Llama model: a batch of fixed size, its inputs, and the static graph that computes the loss and,
// for training, the gradients. Replicas share the weights and run side by side, each on a backend of one thread: a
// pool of threads inside ggml collapses as soon as anything else wants the processor.

import type { Batch } from './batches.ts'
import type { Backend, ComputeGraph, Ggml, Tensor } from './ggml.ts'
import { Graph, type Value } from './graph.ts'
import { F32, I32, newTensor, readFloats, type Weights } from './weights.ts'

export type ReplicaPurpose = 'train' | 'evaluate' | 'compare'

export interface ReplicaOptions {
  /** Tokens in a row and rows in the batch. */
  readonly length: number
  readonly rows: number
  /** `compare` lets ggml differentiate by itself, for the comparison with our gradients. */
  readonly purpose: ReplicaPurpose
}

export class Replica {
  readonly backend: Backend
  /** The gradient of each trained weight, in the order of `weights.trained`; empty when it only evaluates. */
  readonly gradients: readonly Tensor[]
  readonly logits: Tensor
  readonly #ggml: Ggml
  readonly #graph: ComputeGraph
  readonly #loss: Tensor
  readonly #inputs: Inputs
  readonly #tokens: number
  readonly #vocabulary: number
  readonly #labels: Float32Array
  readonly #ownSeed: boolean
  readonly #lossSeed: Tensor
  readonly #computeBytes: number
  #weightSum = 1

  constructor(ggml: Ggml, backend: Backend, weights: Weights, options: ReplicaOptions) {
    const { length, rows, purpose } = options
    this.#ggml = ggml
    this.backend = backend
    this.#tokens = length * rows
    this.#vocabulary = weights.shape.vocabulary
    this.#labels = new Float32Array(this.#vocabulary * this.#tokens)
    const copies = purpose === 'train' ? weights.trained : []
    const context = ggml.context((copies.length + 16) * ggml.tensor_overhead())
    this.#inputs = makeInputs(ggml, context, weights, length, rows)
    const kept = copies.map((weight) => newTensor(ggml, context, F32, weight.shape))
    ggml.backend_alloc_ctx_tensors(context, backend)

    const graph = new Graph(ggml, { differentiable: purpose === 'compare' })
    const values = new Map([...weights.all].map(([name, weight]) => [name, graph.weight(weight)]))
    const logits = forward(graph, values, weights, this.#inputs, options)
    this.logits = logits.tensor
    this.#loss = graph.crossEntropy(logits, this.#inputs.labels, this.#inputs.weights, this.#inputs.seed)
    this.#lossSeed = this.#inputs.seed
    this.#ownSeed = purpose !== 'compare'
    if (purpose === 'evaluate') ggml.set_output(logits.tensor)
    if (purpose === 'compare') ggml.set_loss(this.#loss)
    graph.want(this.#loss)
    if (purpose === 'train') {
      graph.backward()
      copies.forEach((weight, i) => {
        graph.want(ggml.cpy(graph.context, values.get(weight.name)!.gradient!, kept[i]!))
      })
      this.gradients = kept
    } else if (purpose === 'compare') {
      ggml.build_backward_expand(graph.context, graph.graph, null)
      this.gradients = weights.trained.map((weight) => {
        const gradient = ggml.graph_get_grad(graph.graph, weight.tensor)
        ggml.set_output(gradient)
        return gradient
      })
      this.#lossSeed = ggml.graph_get_grad_acc(graph.graph, this.#loss)
      ggml.set_input(this.#lossSeed)
    } else this.gradients = []
    this.#graph = graph.graph
    const allocator = ggml.gallocr_new(ggml.backend_get_default_buffer_type(backend))
    if (!ggml.gallocr_alloc_graph(allocator, this.#graph)) throw new RangeError('no memory for the graph')
    this.#computeBytes = ggml.gallocr_get_buffer_size(allocator, 0)
  }

  /** Bytes that hold intermediate results. */
  get computeBytes(): number {
    return this.#computeBytes
  }

  /** The first operation of the graph that the backend cannot do, by its place, or undefined. */
  get unsupported(): number | undefined {
    const count = this.#ggml.graph_n_nodes(this.#graph)
    for (let i = 0; i < count; i++)
      if (!this.#ggml.backend_supports_op(this.backend, this.#ggml.graph_node(this.#graph, i))) return i
    return undefined
  }

  /** Puts a batch in; `weightSum` is the sum of its weights, or that of all replicas when their gradients are added. */
  feed(batch: Batch, weightSum = batch.weightSum): void {
    const { ids, positions, targets, weights, mask } = batch
    this.#labels.fill(0)
    for (let i = 0; i < this.#tokens; i++)
      if (weights[i]! > 0) this.#labels[i * this.#vocabulary + targets[i]!] = 1
    this.#set(this.#inputs.ids, ids)
    this.#set(this.#inputs.positions, positions)
    this.#set(this.#inputs.labels, this.#labels)
    this.#set(this.#inputs.weights, weights)
    this.#set(this.#inputs.mask, mask)
    this.#weightSum = batch.weightSum
    const seed = this.#ownSeed ? this.#tokens / Math.max(weightSum, 1e-9) : 1
    this.#set(this.#lossSeed, Float32Array.of(seed))
  }

  compute(): Promise<void> {
    return this.#ggml.compute(this.backend, this.#graph)
  }

  /** Σ weight · cross entropy of the batch that was computed last. */
  get lossSum(): number {
    return readFloats(this.#ggml, this.#loss, 1)[0]! * this.#tokens
  }

  /** The weighted mean of the cross entropy of the batch computed last, in nats. */
  get loss(): number {
    return this.lossSum / this.#weightSum
  }

  #set(tensor: Tensor, values: Float32Array | Int32Array): void {
    this.#ggml.backend_tensor_set(tensor, values, 0, values.byteLength)
  }
}

interface Inputs {
  readonly ids: Tensor
  readonly positions: Tensor
  readonly labels: Tensor
  readonly weights: Tensor
  readonly mask: Tensor
  readonly seed: Tensor
}

function makeInputs(
  ggml: Ggml,
  context: ReturnType<Ggml['context']>,
  { shape }: Weights,
  length: number,
  rows: number,
): Inputs {
  const tokens = length * rows
  const make = (type: number, ...sizes: number[]) => newTensor(ggml, context, type, sizes)
  return {
    ids: make(I32, tokens),
    positions: make(I32, tokens),
    labels: make(F32, shape.vocabulary, tokens),
    weights: make(F32, 1, tokens),
    mask: make(F32, length, (length * shape.heads) / shape.kvHeads, 1, rows),
    seed: make(F32, 1),
  }
}

function forward(
  graph: Graph,
  values: ReadonlyMap<string, Value>,
  { shape }: Weights,
  inputs: Inputs,
  { length, rows }: ReplicaOptions,
): Value {
  const { heads, kvHeads, layers, epsilon, ropeBase } = shape
  const head = shape.width / heads
  const tokens = length * rows
  const embedding = values.get('token_embd.weight')!
  let x = graph.embed(embedding, inputs.ids)
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string) => values.get(`blk.${layer}.${name}.weight`)!
    const rotated = (name: string, count: number) =>
      graph.rotate(graph.linear(at(name), h), inputs.positions, head, count, tokens, ropeBase)
    const h = graph.norm(x, at('attn_norm'), epsilon)
    const mixed = graph.attention(
      rotated('attn_q', heads),
      rotated('attn_k', kvHeads),
      graph.linear(at('attn_v'), h),
      inputs.mask,
      { head, heads, kvHeads, length, rows },
    )
    x = graph.add(x, graph.linear(at('attn_output'), mixed))
    const f = graph.norm(x, at('ffn_norm'), epsilon)
    const inner = graph.swiglu(graph.linear(at('ffn_gate'), f), graph.linear(at('ffn_up'), f))
    x = graph.add(x, graph.linear(at('ffn_down'), inner))
  }
  return graph.linear(embedding, graph.norm(x, values.get('output_norm.weight')!, epsilon))
}
