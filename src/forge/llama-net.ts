// One replica of a Llama model: a batch of fixed size, its inputs, and the static graph that computes the loss and,
// for training, the gradients. Where only some places have a weight (the answers), all that follows the last layer's
// attention is computed for those alone: at most `answers` of them. Replicas share the weights and run side by side, each on a backend of one thread: a
// pool of threads inside ggml collapses as soon as anything else wants the processor.
import { BatError } from '../base/errors.ts'
import type { Batch } from './batches.ts'
import type { Blas } from './blas.ts'
import { allocateGraph, allocateTensors } from './device-memory.ts'
import { Dropout } from './dropout.ts'
import type { Backend, ComputeGraph, Ggml, Tensor } from './ggml.ts'
import { Graph, type Value } from './graph.ts'
import { type GraphRun, graphRun } from './graph-run.ts'
import { F32, I32, newTensor, readFloats, type Weight, type Weights } from './weights.ts'

export type ReplicaPurpose = 'train' | 'evaluate' | 'compare'

export interface ReplicaOptions {
  /** Tokens in a row and rows in the batch. */
  readonly length: number
  readonly rows: number
  /** `compare` lets ggml differentiate by itself, for the comparison with our gradients. */
  readonly purpose: ReplicaPurpose
  /** How the weights `<matrix>.lora_a` and `.lora_b` take part, where there are any. */
  readonly adapter?: AdapterUse
  /** Places with a weight that a batch has at most; all when absent. */
  readonly answers?: number
  /** Computes the products of plain floats, where there is one. */
  readonly blas?: Blas | undefined
  /** Gradients can be added over several batches. */
  readonly accumulates?: boolean
}

export interface AdapterUse {
  /** What the product of the pair is multiplied with: alpha / rank. */
  readonly scale: number
  /** Share of the inputs that are left out while training. */
  readonly dropout: number
}

export interface Feeding {
  /** The sum of weights by which the gradient is divided, where that is more than this batch's own. */
  readonly weightSum?: number
  /** The gradients are added to those of the batch before. */
  readonly adds?: boolean
  readonly dropoutSeed?: number
}

export class Replica {
  readonly backend: Backend
  /** The gradient of each trained weight, in the order of `weights.trained`; empty when it only evaluates. */
  readonly gradients: readonly Tensor[]
  readonly logits: Tensor
  readonly #ggml: Ggml
  readonly #graph: ComputeGraph
  readonly #run: GraphRun
  readonly #loss: Tensor
  readonly #inputs: Inputs
  /** Rows of the logits. */
  readonly #answers: number
  readonly #vocabulary: number
  readonly #labels: Float32Array
  readonly #ownSeed: boolean
  readonly #lossSeed: Tensor
  readonly #keptBytes: number
  readonly #computeBytes: number
  readonly #carry: Tensor
  readonly #dropout: Dropout | undefined
  #weightSum = 1

  constructor(ggml: Ggml, backend: Backend, weights: Weights, options: ReplicaOptions) {
    const { length, rows, purpose } = options
    this.#ggml = ggml
    this.backend = backend
    const tokens = length * rows
    this.#answers = Math.min(options.answers ?? tokens, tokens)
    this.#vocabulary = weights.shape.vocabulary
    this.#labels = new Float32Array(this.#vocabulary * this.#answers)
    const copies = purpose === 'train' ? weights.trained : []
    const { layers } = weights.shape
    const context = ggml.context((copies.length + 4 * layers + 32) * ggml.tensor_overhead())
    this.#inputs = makeInputs(ggml, context, weights, { length, rows, answers: this.#answers })
    this.#carry = newTensor(ggml, context, F32, [1])
    this.#dropout =
      options.adapter && options.adapter.dropout > 0 && purpose !== 'evaluate'
        ? new Dropout(ggml, context, weights, {
            ...{ share: options.adapter.dropout, tokens, answers: this.#answers },
          })
        : undefined
    const kept = copies.map((weight) => newTensor(ggml, context, F32, weight.shape))
    this.#keptBytes = allocateTensors(ggml, context, backend)
    this.#dropout?.fill()

    const graph = new Graph(ggml, {
      maxNodes: nodesAtMost(layers),
      differentiable: purpose === 'compare',
      direct: options.blas !== undefined,
      widens: options.blas !== undefined && purpose === 'train',
    })
    const values = new Map([...weights.all].map(([name, weight]) => [name, graph.weight(weight)]))
    const logits = forward(graph, values, weights, {
      ...{ inputs: this.#inputs, options, dropout: this.#dropout },
    })
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
        const c = graph.context
        const gradient = values.get(weight.name)!.gradient!
        const whole = options.accumulates
          ? ggml.add(c, ggml.mul(c, kept[i]!, this.#carry), gradient)
          : gradient
        graph.want(ggml.cpy(c, whole, kept[i]!))
      })
      this.gradients = kept
      if (options.accumulates) this.clear(weights.trained)
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
    this.#computeBytes = allocateGraph(ggml, this.#graph, backend)
    this.#run = graphRun(ggml, backend, this.#graph, options.blas)
  }

  /** Bytes of inputs, labels, masks of dropout, and gradients. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Bytes that hold intermediate results. */
  get computeBytes(): number {
    return this.#computeBytes
  }

  /** Throws E_TRAINER_UNAVAILABLE when the backend cannot do an operation; to compute one that it does not know is an abort. */
  requireOperations(): void {
    const operation = this.unsupported
    if (operation !== undefined)
      throw new BatError('E_TRAINER_UNAVAILABLE', { reason: `the device cannot do ${operation}` })
  }

  /** The name of the first operation of the graph that the backend cannot do, or undefined. */
  get unsupported(): string | undefined {
    const count = this.#ggml.graph_n_nodes(this.#graph)
    for (let i = 0; i < count; i++) {
      const node = this.#ggml.graph_node(this.#graph, i)
      if (!this.#ggml.backend_supports_op(this.backend, node)) return this.#ggml.op_desc(node)
    }
    return undefined
  }

  /** Makes the gradients of `trained` zero, for a step in which no batch is computed here. */
  clear(trained: readonly Weight[]): void {
    this.gradients.forEach((gradient, i) => {
      this.#set(gradient, new Float32Array(trained[i]!.count))
    })
  }

  /** Puts a batch in. */
  feed(batch: Batch, { weightSum = batch.weightSum, adds = false, dropoutSeed = 0 }: Feeding = {}): void {
    const { ids, positions, targets, weights, mask } = batch
    const { answers, ...inputs } = this.#inputs
    const places = new Int32Array(this.#answers)
    const weighed = new Float32Array(this.#answers)
    this.#labels.fill(0)
    let count = 0
    for (let place = 0; place < weights.length; place++) {
      if (answers && weights[place] === 0) continue
      if (count === this.#answers) throw new RangeError(`a batch has more than ${count} places with a weight`)
      places[count] = place
      weighed[count] = weights[place]!
      if (weights[place]! > 0) this.#labels[count * this.#vocabulary + targets[place]!] = 1
      count++
    }
    if (answers) this.#set(answers, places)
    this.#set(inputs.ids, ids)
    this.#set(inputs.positions, positions)
    this.#set(inputs.labels, this.#labels)
    this.#set(inputs.weights, weighed)
    this.#set(inputs.mask, mask)
    this.#set(this.#carry, Float32Array.of(adds ? 1 : 0))
    this.#dropout?.draw(dropoutSeed)
    this.#weightSum = batch.weightSum
    const seed = this.#ownSeed ? this.#answers / Math.max(weightSum, 1e-9) : 1
    this.#set(this.#lossSeed, Float32Array.of(seed))
  }

  compute(): Promise<void> {
    return this.#run()
  }

  /** Σ weight · cross entropy of the batch that was computed last. */
  get lossSum(): number {
    return readFloats(this.#ggml, this.#loss, 1)[0]! * this.#answers
  }

  /** The weighted mean of the cross entropy of the batch computed last, in nats. */
  get loss(): number {
    return this.lossSum / this.#weightSum
  }

  #set(tensor: Tensor, values: Float32Array | Int32Array): void {
    this.#ggml.backend_tensor_set(tensor, values, 0, values.byteLength)
  }
}

/** Σ weight · cross entropy of what these computed last. */
export const lossSumOf = (replicas: readonly Replica[]): number =>
  replicas.reduce((sum, { lossSum }) => sum + lossSum, 0)

interface Inputs {
  readonly ids: Tensor
  /** The places with a weight, where not all are computed to the end. */
  readonly answers: Tensor | undefined
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
  { length, rows, answers }: { readonly length: number; readonly rows: number; readonly answers: number },
): Inputs {
  const tokens = length * rows
  const make = (type: number, ...sizes: number[]) => newTensor(ggml, context, type, sizes)
  return {
    ids: make(I32, tokens),
    positions: make(I32, tokens),
    answers: answers < tokens ? make(I32, answers) : undefined,
    labels: make(F32, shape.vocabulary, answers),
    weights: make(F32, 1, answers),
    mask: make(F32, length, (length * shape.heads) / shape.kvHeads, 1, rows),
    seed: make(F32, 1),
  }
}

interface ForwardParts {
  readonly inputs: Inputs
  readonly options: ReplicaOptions
  readonly dropout: Dropout | undefined
}

function forward(
  graph: Graph,
  values: ReadonlyMap<string, Value>,
  { shape }: Weights,
  { inputs, options, dropout }: ForwardParts,
): Value {
  const { heads, kvHeads, layers, epsilon } = shape
  const { length, rows, adapter } = options
  const head = shape.width / heads
  const rotation = {
    ...{ positions: inputs.positions, head, tokens: length * rows, base: shape.ropeBase },
    factors: values.get('rope_freqs.weight')?.tensor,
  }
  const embedding = values.get('token_embd.weight')!
  let x = graph.embed(embedding, inputs.ids)
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string) => values.get(`blk.${layer}.${name}.weight`)!
    // The matrix and, where it has one, its adapter's pair.
    const through = (name: string, input: Value) => {
      const straight = graph.linear(at(name), input)
      const [a, b] = ['a', 'b'].map((half) => values.get(`blk.${layer}.${name}.weight.lora_${half}`))
      if (!a || !b) return straight
      const seen = dropout?.apply(graph, input, layer, name) ?? input
      return graph.add(straight, graph.linear(b, graph.scale(graph.linear(a, seen), adapter?.scale ?? 1)))
    }
    const h = graph.norm(x, at('attn_norm'), epsilon)
    let mixed = graph.attention(
      graph.rotate(through('attn_q', h), heads, rotation),
      graph.rotate(through('attn_k', h), kvHeads, rotation),
      through('attn_v', h),
      inputs.mask,
      { head, heads, kvHeads, length, rows },
    )
    if (inputs.answers && layer === layers - 1) {
      mixed = graph.pick(mixed, inputs.answers)
      x = graph.pick(x, inputs.answers)
    }
    x = graph.add(x, through('attn_output', mixed))
    const f = graph.norm(x, at('ffn_norm'), epsilon)
    const inner = graph.swiglu(through('ffn_gate', f), through('ffn_up', f))
    x = graph.add(x, through('ffn_down', inner))
  }
  const last = values.get('output.weight') ?? embedding
  return graph.linear(last, graph.norm(x, values.get('output_norm.weight')!, epsilon))
}

// With gradients, dropout and the pairs of all seven matrices a layer has less than 320 operations.
const nodesAtMost = (layers: number): number => 512 + 340 * layers
