// The step that changes the weights: the replicas' gradients are added and applied by static graphs, the weights
// dealt to the backends by cost so that the replicas' threads share the work.
//
// Muon (Jordan 2024; the scale of Liu et al., "Muon is scalable for LLM training", 2025) for the matrices of the
// blocks: momentum with Nesterov's look ahead, then five Newton-Schulz rounds bring all singular values of the update
// near 1. AdamW (Loshchilov and Hutter 2019) for the embedding and the gains; weight decay only on matrices. Measured
// on a small Llama, Muon reaches in the same time a loss that AdamW alone does not.
import type { Blas } from './blas.ts'
import { allocateGraph, allocateTensors } from './device-memory.ts'
import type { Backend, ComputeGraph, Ggml, Tensor } from './ggml.ts'
import { type GraphRun, graphRun } from './graph-run.ts'
import { F32, newTensor, readFloats, type Weight, type Weights } from './weights.ts'

export interface OptimizerOptions {
  readonly kind: 'muon' | 'adamw'
  readonly blas?: Blas | undefined
  readonly weightDecay: number
  /** Decay of the averages of AdamW, and the momentum of Muon. */
  readonly beta1: number
  readonly beta2: number
  readonly momentum: number
}

interface Slot {
  readonly weight: Weight
  readonly muon: boolean
  /** Average of gradients (AdamW) or momentum (Muon). */
  readonly first: Tensor
  /** Average of squares; AdamW only. */
  readonly second: Tensor | undefined
}

const rounds = [3.4445, -4.775, 2.0315] as const
const maxNodes = 8192

export class Optimizer {
  readonly #ggml: Ggml
  readonly #options: OptimizerOptions
  readonly #slots: readonly Slot[]
  readonly #runs: readonly GraphRun[]
  readonly #rate: Tensor
  readonly #keep: Tensor
  readonly #adamDecayed: Tensor
  readonly #adamPlain: Tensor

  /** `gradients`: of each backend's replica, in the order of `weights.trained`. */
  constructor(
    ggml: Ggml,
    backends: readonly Backend[],
    weights: Weights,
    gradients: readonly (readonly Tensor[])[],
    options: OptimizerOptions,
  ) {
    this.#ggml = ggml
    this.#options = options
    const trained = weights.trained
    const context = ggml.context((2 * trained.length + 8) * ggml.tensor_overhead())
    const make = (...sizes: number[]) => newTensor(ggml, context, F32, sizes)
    this.#slots = trained.map((weight) => {
      const muon = options.kind === 'muon' && isBlockMatrix(weight)
      return { weight, muon, first: make(...weight.shape), second: muon ? undefined : make(...weight.shape) }
    })
    this.#rate = make(1)
    this.#keep = make(1)
    this.#adamDecayed = make(7)
    this.#adamPlain = make(7)
    allocateTensors(ggml, context, backends[0]!)
    for (const { weight, first, second } of this.#slots)
      for (const tensor of [first, second]) if (tensor) this.#set(tensor, new Float32Array(weight.count))

    this.#runs = deal(this.#slots, backends.length).map((places, i) =>
      graphRun(ggml, backends[i]!, this.#build(backends[i]!, places, gradients), options.blas),
    )
  }

  /** Applies the gradients of the replicas; `step` counts from 1, `rate` is the learning rate. */
  async step(step: number, rate: number): Promise<void> {
    const { beta1, beta2, weightDecay } = this.#options
    const [correct1, correct2] = [1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)]
    this.#set(this.#rate, Float32Array.of(rate))
    this.#set(this.#keep, Float32Array.of(1 - rate * weightDecay))
    const adam = (decay: number) => Float32Array.of(rate, beta1, beta2, 1e-8, decay, correct1, correct2)
    this.#set(this.#adamDecayed, adam(weightDecay))
    this.#set(this.#adamPlain, adam(0))
    await Promise.all(this.#runs.map((run) => run()))
  }

  /** What the optimizer remembers, by name (`<weight>.first`, `<weight>.second`), for a checkpoint. */
  *moments(): Generator<readonly [string, Float32Array]> {
    for (const { weight, first, second } of this.#slots) {
      yield [`${weight.name}.first`, readFloats(this.#ggml, first, weight.count)]
      if (second) yield [`${weight.name}.second`, readFloats(this.#ggml, second, weight.count)]
    }
  }

  /** Puts moments back that `moments` gave. */
  restore(read: (name: string) => Float32Array): void {
    for (const { weight, first, second } of this.#slots) {
      this.#set(first, read(`${weight.name}.first`))
      if (second) this.#set(second, read(`${weight.name}.second`))
    }
  }

  #build(
    backend: Backend,
    places: readonly number[],
    gradients: readonly (readonly Tensor[])[],
  ): ComputeGraph {
    const g = this.#ggml
    const c = g.context(maxNodes * g.tensor_overhead() + g.graph_overhead_custom(maxNodes, false) + (1 << 20))
    const graph = g.new_graph_custom(c, maxNodes, false)
    for (const place of places) {
      const slot = this.#slots[place]!
      const gradient = gradients.map((of) => of[place]!).reduce((sum, next) => g.add(c, sum, next))
      if (slot.muon) this.#muon(c, graph, slot, gradient)
      else {
        const settings = slot.weight.shape.length > 1 ? this.#adamDecayed : this.#adamPlain
        const { tensor } = slot.weight
        g.build_forward_expand(
          graph,
          g.opt_step_adamw(c, tensor, gradient, slot.first, slot.second!, settings),
        )
      }
    }
    allocateGraph(g, graph, backend)
    return graph
  }

  #muon(
    c: ReturnType<Ggml['context']>,
    graph: ComputeGraph,
    { weight, first }: Slot,
    gradient: Tensor,
  ): void {
    const g = this.#ggml
    const { momentum } = this.#options
    const [inputs, outputs] = weight.shape as readonly [number, number]
    const turn = (t: Tensor) => g.cont(c, g.transpose(c, t))
    const average = g.add(c, g.scale(c, first, momentum), gradient)
    g.build_forward_expand(graph, g.cpy(c, average, first))
    const ahead = g.add(c, g.scale(c, average, momentum), gradient)
    // Length 1 as a whole: the root-mean-square norm of the flattened matrix, divided by the root of its size.
    const flat = g.rms_norm(c, g.reshape_1d(c, ahead, weight.count), 1e-20)
    const unit = g.reshape_2d(c, g.scale(c, flat, 1 / Math.sqrt(weight.count)), inputs, outputs)
    const [a, b, d] = rounds
    let x = outputs > inputs ? turn(unit) : unit
    for (let round = 0; round < 5; round++) {
      const square = g.mul_mat(c, x, x)
      const mix = g.add(c, g.scale(c, square, b), g.scale(c, g.mul_mat(c, square, square), d))
      x = g.add(c, g.scale(c, x, a), g.mul_mat(c, turn(x), mix))
    }
    if (outputs > inputs) x = turn(x)
    const update = g.mul(c, g.scale(c, x, 0.2 * Math.sqrt(Math.max(inputs, outputs))), this.#rate)
    const changed = g.sub(c, g.mul(c, weight.tensor, this.#keep), update)
    g.build_forward_expand(graph, g.cpy(c, changed, weight.tensor))
  }

  #set(tensor: Tensor, values: Float32Array): void {
    this.#ggml.backend_tensor_set(tensor, values, 0, values.byteLength)
  }
}

const isBlockMatrix = ({ name, shape }: Weight): boolean => name.startsWith('blk.') && shape.length === 2

// Places of slots for each of `count` backends, the dearest first to the one with the least to do.
function deal(slots: readonly Slot[], count: number): readonly (readonly number[])[] {
  const cost = ({ weight, muon }: Slot) => weight.count * (muon ? Math.min(...weight.shape) : 1)
  const hands = Array.from({ length: count }, () => ({ cost: 0, places: [] as number[] }))
  const dearestFirst = slots.map((_, i) => i).sort((a, b) => cost(slots[b]!) - cost(slots[a]!))
  for (const place of dearestFirst) {
    const hand = hands.reduce((least, next) => (next.cost < least.cost ? next : least))
    hand.cost += cost(slots[place]!)
    hand.places.push(place)
  }
  return hands.filter(({ places }) => places.length > 0).map(({ places }) => places)
}
