// The model that an adapter is trained for: any that our engine may load (validate-model.ts), its matrices in the types
// of its file. Gradients pass through a frozen matrix by way of a transposed copy, made once, in the same type where the
// other side is a whole number of blocks, otherwise in one near to it.
import { BatError } from '../base/errors.ts'
import { type Vocabulary, vocabularyOf } from '../mind/bpe.ts'
import { type GgufHeader, numberOf, readTensorBytes } from '../mind/gguf.ts'
import { bytesOf, type TensorType, tensorType } from '../mind/tensor-types.ts'
import { validateModel } from '../mind/validate-model.ts'
import { adapterPlan } from './adapter.ts'
import { type LlamaShape, productOf, type WeightPlan, type Weights, weightShapes } from './weights.ts'

export interface BaseModel {
  readonly path: string
  readonly header: GgufHeader
  readonly shape: LlamaShape
  readonly vocabulary: Vocabulary
  readonly contextLength: number
}

// Keys that change what a model computes, with the values under which our graph computes the same. Models of the Llama 3
// family have none of them.
const harmless: Readonly<Record<string, readonly unknown[]>> = {
  'llama.rope.scaling.type': ['none', 'linear'],
  'llama.rope.scaling.factor': [0, 1],
  'llama.rope.scale_linear': [0, 1],
  'llama.attention.causal': [true],
  'llama.attention.scale': [0],
  'llama.attention.clamp_kqv': [0],
  'llama.logit_scale': [0, 1],
}

/** What is in the file. Throws E_MODEL_INVALID, or E_TRAINER_SETTINGS where it is sound and yet not to be trained. */
export function readBase(path: string): BaseModel {
  const { header, contextLength, layers, embedding, vocabulary } = validateModel(path)
  for (const [key, values] of Object.entries(harmless)) {
    const value = header.metadata.get(key)?.value
    if (value === undefined || values.includes(value)) continue
    const problem = `${path} has ${key} ${value}, which the trainer cannot compute`
    throw new BatError('E_TRAINER_SETTINGS', { path: 'base', problem })
  }
  const number = (name: string) => numberOf(header, `llama.${name}`)
  const heads = number('attention.head_count')!
  return {
    ...{ path, header, contextLength, vocabulary: vocabularyOf(header) },
    shape: {
      ...{ vocabulary, width: embedding, layers, heads },
      kvHeads: number('attention.head_count_kv') ?? heads,
      feedForward: number('feed_forward_length')!,
      ropeBase: number('rope.freq_base')!,
      epsilon: number('attention.layer_norm_rms_epsilon')!,
      untied: header.tensors.has('output.weight'),
      ropeFactors: header.tensors.has('rope_freqs.weight'),
    },
  }
}

/** The weights of a base of this shape, none of them trained. `direct`: no transposed copies are needed. */
export const frozenPlan = (
  shape: LlamaShape,
  typeOf: (name: string) => TensorType,
  direct = false,
): readonly WeightPlan[] =>
  [...weightShapes(shape)].map(([name, sizes]) => {
    const type = typeOf(name)
    const plan = { name, shape: sizes, type, trained: false }
    if (direct || !isPassed(name, shape)) return plan
    return { ...plan, turned: turnedType(type, sizes[1]!) }
  })

/** The weights of a base and of an adapter for it. */
export const adaptedPlan = (
  { header, shape }: BaseModel,
  settings: Parameters<typeof adapterPlan>[1],
  direct = false,
): readonly WeightPlan[] => [
  ...frozenPlan(shape, (name) => header.tensors.get(name)!.type, direct),
  ...adapterPlan(shape, settings),
]

/** Puts the values of the file into the weights. */
export function loadBase(weights: Weights, { path, header, shape }: BaseModel): void {
  for (const name of weightShapes(shape).keys())
    weights.fill(name, readTensorBytes(path, header.tensors.get(name)!))
}

/** Bytes of the planned weights, transposed copies included. */
export const plannedBytes = (plan: readonly WeightPlan[]): number =>
  plan.reduce((sum, { shape, type, turned }) => {
    const count = productOf(shape)
    return sum + bytesOf(type, count) + (turned ? bytesOf(turned, count) : 0)
  }, 0)

// Whether a gradient passes: through the head and the matrices of the blocks, but not below the first adapter.
function isPassed(name: string, { untied }: LlamaShape): boolean {
  if (name === 'token_embd.weight') return !untied
  return (
    name === 'output.weight' || /^blk\.\d+\.(?:attn_[qkv]|attn_output|ffn_gate|ffn_up|ffn_down)\./.test(name)
  )
}

function turnedType(type: TensorType, rowLength: number): TensorType {
  if (rowLength % type.block === 0) return type
  return rowLength % 32 === 0 ? tensorType('Q8_0') : tensorType('F16')
}
