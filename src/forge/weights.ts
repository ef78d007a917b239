// The weights of a Llama model while it is trained: one tensor each under its GGUF name and in GGUF's layout (so
// that export copies), allocated once and shared by all replicas. Matrices have shape [inputs, outputs], the
// contiguous dimension first. What is trained is F32; a frozen matrix has the type of its file, and beside it a
// transposed copy where gradients must pass through it.
import { BatError } from '../base/errors.ts'
import { readGgufHeader, readTensorFloats } from '../mind/gguf.ts'
import { type TensorType, tensorType } from '../mind/tensor-types.ts'
import { allocateTensors } from './device-memory.ts'
import type { Backend, Context, Ggml, Tensor } from './ggml.ts'
import { gaussian, type Random } from './random.ts'

export interface LlamaShape {
  readonly vocabulary: number
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly feedForward: number
  readonly ropeBase: number
  readonly epsilon: number
  /** The head has a matrix of its own; otherwise it shares the embedding's. */
  readonly untied?: boolean
  /** There are factors of the frequencies of positions (Llama 3.1). */
  readonly ropeFactors?: boolean
}

export interface WeightPlan {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: TensorType
  /** Whether training changes it. */
  readonly trained: boolean
  /** Type of the transposed copy. */
  readonly turned?: TensorType
}

export interface Weight extends Omit<WeightPlan, 'turned'> {
  readonly count: number
  readonly tensor: Tensor
  readonly turned: { readonly tensor: Tensor; readonly type: TensorType } | undefined
}

export const F32 = 0
export const I32 = 26

/** Names and shapes of a model's weights. */
export function weightShapes(shape: LlamaShape): ReadonlyMap<string, readonly number[]> {
  const { vocabulary, width, layers, heads, kvHeads, feedForward } = shape
  const keys = (width / heads) * kvHeads
  const shapes = new Map<string, readonly number[]>([['token_embd.weight', [width, vocabulary]]])
  for (let layer = 0; layer < layers; layer++) {
    const add = (name: string, ...sizes: number[]) => shapes.set(`blk.${layer}.${name}.weight`, sizes)
    add('attn_norm', width)
    add('attn_q', width, width)
    add('attn_k', width, keys)
    add('attn_v', width, keys)
    add('attn_output', width, width)
    add('ffn_norm', width)
    add('ffn_gate', width, feedForward)
    add('ffn_up', width, feedForward)
    add('ffn_down', feedForward, width)
  }
  shapes.set('output_norm.weight', [width])
  if (shape.untied) shapes.set('output.weight', [width, vocabulary])
  if (shape.ropeFactors) shapes.set('rope_freqs.weight', [width / heads / 2])
  return shapes
}

/** All weights, all to be trained. */
const wholePlan = (shape: LlamaShape): readonly WeightPlan[] =>
  [...weightShapes(shape)].map(([name, sizes]) => ({
    name,
    shape: sizes,
    type: tensorType('F32'),
    trained: true,
  }))

export const productOf = (sizes: readonly number[]): number => sizes.reduce((product, n) => product * n, 1)

export class Weights {
  readonly shape: LlamaShape
  readonly all: ReadonlyMap<string, Weight>
  readonly #ggml: Ggml

  /** Allocates the weights, all of the shape to be trained unless a plan is given; their values are undefined. */
  constructor(ggml: Ggml, backend: Backend, shape: LlamaShape, plan = wholePlan(shape)) {
    this.#ggml = ggml
    this.shape = shape
    const context = ggml.context((2 * plan.length + 8) * ggml.tensor_overhead())
    this.all = new Map(
      plan.map(({ turned, ...planned }) => {
        const { name, shape: sizes, type, trained } = planned
        const tensor = newTensor(ggml, context, type.id, sizes)
        ggml.set_name(tensor, name)
        if (trained) ggml.set_param(tensor)
        const copy = turned && {
          tensor: newTensor(ggml, context, turned.id, [...sizes].reverse()),
          type: turned,
        }
        return [name, { ...planned, count: productOf(sizes), tensor, turned: copy }]
      }),
    )
    allocateTensors(ggml, context, backend)
  }

  get trained(): readonly Weight[] {
    return [...this.all.values()].filter((weight) => weight.trained)
  }

  /** How many numbers training changes. */
  get trainedCount(): number {
    return this.trained.reduce((sum, weight) => sum + weight.count, 0)
  }

  at(name: string): Weight {
    const weight = this.all.get(name)
    if (!weight) throw new RangeError(`no weight ${name}`)
    return weight
  }

  /** The values of a weight that is F32. */
  read(name: string): Float32Array {
    return readFloats(this.#ggml, this.at(name).tensor, this.at(name).count)
  }

  /** Gives a weight these values, or those nearest to them in its type. */
  write(name: string, values: Float32Array): void {
    const { count, shape, type } = this.at(name)
    if (values.length !== count) throw new RangeError(`${name} has ${count} values`)
    this.fill(name, this.#ggml.encode(type, values, count / shape[0]!))
  }

  /** Fills a weight with its stored values, and its transposed copy if it has one. */
  fill(name: string, bytes: Uint8Array): void {
    const { shape, type, tensor, turned } = this.at(name)
    this.#ggml.backend_tensor_set(tensor, bytes, 0, bytes.byteLength)
    if (!turned) return
    const [inputs, outputs] = shape as readonly [number, number]
    const rows = transposed(this.#ggml.decode(type, bytes), inputs, outputs)
    const copy = this.#ggml.encode(turned.type, rows, inputs)
    this.#ggml.backend_tensor_set(turned.tensor, copy, 0, copy.byteLength)
  }

  /** Normal numbers of deviation 0.02, less for the matrices that write into the residual stream (GPT-2, section 2.3). */
  randomise(random: Random): void {
    for (const { name, shape, count } of this.all.values()) {
      const intoResidual = name.includes('attn_output') || name.includes('ffn_down')
      const deviation = intoResidual ? 0.02 / Math.sqrt(2 * this.shape.layers) : 0.02
      const draw = shape.length === 1 ? () => 1 : () => deviation * gaussian(random)
      this.write(name, Float32Array.from({ length: count }, draw))
    }
  }
}

/** Fills the weights from a model file. Throws E_TRAINER_SETTINGS where a weight is missing or of another shape. */
export function readWeights(weights: Weights, path: string): void {
  const { tensors } = readGgufHeader(path)
  for (const { name, shape } of weights.all.values()) {
    const info = tensors.get(name)
    if (info?.shape.join() !== shape.join())
      throw new BatError('E_TRAINER_SETTINGS', {
        path: 'base',
        problem: `${path}: ${name} is ${info?.shape.join(' x ') ?? 'missing'} instead of ${shape.join(' x ')}`,
      })
    weights.write(name, readTensorFloats(path, info))
  }
}

// In squares, so that neither side leaves the cache.
function transposed(floats: Float32Array, inputs: number, outputs: number): Float32Array {
  const out = new Float32Array(floats.length)
  const side = 32
  for (let top = 0; top < outputs; top += side)
    for (let left = 0; left < inputs; left += side)
      for (let i = left; i < Math.min(inputs, left + side); i++)
        for (let o = top; o < Math.min(outputs, top + side); o++)
          out[i * outputs + o] = floats[o * inputs + i]!
  return out
}

/** A tensor described in `context`, of one, two or four sizes. */
export function newTensor(ggml: Ggml, context: Context, type: number, sizes: readonly number[]): Tensor {
  const [a, b = 1, c = 1, d = 1] = sizes as readonly [number, number?, number?, number?]
  if (sizes.length === 1) return ggml.new_tensor_1d(context, type, a)
  if (sizes.length === 2) return ggml.new_tensor_2d(context, type, a, b)
  return ggml.new_tensor_4d(context, type, a, b, c, d)
}

export function readFloats(ggml: Ggml, tensor: Tensor, count: number): Float32Array {
  const values = new Float32Array(count)
  ggml.backend_tensor_get(tensor, values, 0, values.byteLength)
  return values
}
