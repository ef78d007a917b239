// Whether a GGUF file is a model or an adapter that our engine may map. llama.cpp asserts much of what it reads, and a
// failed assertion ends the process; other mistakes it takes silently and then speaks nonsense (no RoPE base, NaN
// weights, an adapter without tensors). So everything it relies on is checked here first, in code that cannot crash:
// the kinds and ranges of the metadata, the vocabulary, every tensor's name, type and shape, and for files that are
// small enough to read, that all numbers are finite. The layout of the file itself is gguf.ts's to check.
//
// Accepted are models of the `llama` architecture with a byte-level vocabulary and the special tokens of Llama 3, in
// one file, dense; and LoRA adapters for their attention and feed-forward matrices.
import { statSync } from 'node:fs'
import { BatError, type ErrorCode } from '../base/errors.ts'
import { type GgufHeader, type GgufScalarType, type GgufTensorInfo, readGgufHeader } from './gguf.ts'
import { nonFiniteTensor } from './scan-tensors.ts'
import { checkVocabulary } from './validate-vocabulary.ts'

const largestScanned = 64 << 20
const largestRank = 512
const matrixTypes = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1']
const blockTypes = ['Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K']
const adapterTypes = ['F32', 'F16', 'BF16', 'Q8_0']
/** `longrope` needs tensors of factors, which are not accepted. */
const ropeScalings = ['none', 'linear', 'yarn']
/** What a dense model that is read from left to right has none of. */
const absentParts = [
  ...['expert_count', 'expert_used_count', 'expert_group_count', 'expert_group_used_count'],
  'nextn_predict_layers',
]
const adapted =
  /^(blk\.\d+\.(?:attn_q|attn_k|attn_v|attn_output|ffn_gate|ffn_up|ffn_down)\.weight)\.lora_[ab]$/

export interface ModelFacts {
  readonly header: GgufHeader
  readonly parameters: number
  readonly contextLength: number
  readonly layers: number
  readonly embedding: number
  readonly vocabulary: number
}

export interface AdapterFacts {
  readonly header: GgufHeader
  readonly alpha: number
  readonly rank: number
}

/** What is in the model file at `path`. Throws E_MODEL_INVALID naming the first thing that is wrong. */
export function validateModel(path: string): ModelFacts {
  return refusing('E_MODEL_INVALID', path, () => {
    const header = readGgufHeader(path)
    const metadata = new Metadata(header)
    metadata.checkLayout()
    metadata.text('general.architecture', ['llama'])
    metadata.text('general.type', ['model'], 'optional')
    if (metadata.has('split.count')) metadata.whole('split.count', 1, 1, 'u16')
    for (const part of absentParts) if (metadata.has(`llama.${part}`)) metadata.whole(`llama.${part}`, 0, 0)
    metadata.notFalse('llama.attention.causal')
    const shape = shapeOf(metadata)
    const vocabulary = checkVocabulary(header)
    if (metadata.has('llama.vocab_size')) metadata.whole('llama.vocab_size', vocabulary, vocabulary)
    checkTensors(header, expectedTensors(shape, vocabulary))
    scan(path, header)
    return {
      header,
      parameters: [...header.tensors.values()].reduce((sum, { shape }) => sum + product(shape), 0),
      contextLength: shape.context,
      layers: shape.layers,
      embedding: shape.embedding,
      vocabulary,
    }
  })
}

/**
 * What is in the adapter file at `path`, made for the model of `base`; numbers are looked at where the file is small enough, or
 * it is to be read `whole`. Throws E_ADAPTER_INVALID.
 */
export function validateAdapter(path: string, base: GgufHeader, extent?: 'whole'): AdapterFacts {
  return refusing('E_ADAPTER_INVALID', path, () => {
    const header = readGgufHeader(path)
    const metadata = new Metadata(header)
    metadata.checkLayout()
    metadata.text('general.type', ['adapter'])
    metadata.text('general.architecture', ['llama'])
    metadata.text('adapter.type', ['lora'])
    const alpha = metadata.real('adapter.lora.alpha', (value) => value !== 0)
    if (header.tensors.size === 0) throw new Error('it has no tensors')
    let rank = 0
    for (const info of header.tensors.values()) rank = Math.max(rank, checkPair(header, base, info))
    scan(path, header, extent === 'whole' ? Number.POSITIVE_INFINITY : largestScanned)
    return { header, alpha, rank }
  })
}

interface Shape {
  readonly embedding: number
  readonly layers: number
  readonly feedForward: number
  readonly context: number
  readonly keys: number
  readonly head: number
}

function shapeOf(metadata: Metadata): Shape {
  const embedding = metadata.whole('llama.embedding_length', 1, 65_536)
  const layers = metadata.whole('llama.block_count', 1, 512)
  const feedForward = metadata.whole('llama.feed_forward_length', 1, 1 << 20)
  const context = metadata.whole('llama.context_length', 1, 1 << 24)
  const heads = metadata.whole('llama.attention.head_count', 1, 1024)
  const keyHeads = metadata.has('llama.attention.head_count_kv')
    ? metadata.whole('llama.attention.head_count_kv', 1, heads)
    : heads
  if (heads % keyHeads !== 0) throw new Error(`${heads} heads cannot share ${keyHeads} key heads`)
  const head = embedding / heads
  if (!Number.isInteger(head / 2))
    throw new Error(`llama.embedding_length ${embedding} does not give ${heads} heads of even size`)
  for (const key of ['rope.dimension_count', 'attention.key_length', 'attention.value_length'])
    if (metadata.has(`llama.${key}`)) metadata.whole(`llama.${key}`, head, head)
  metadata.real('llama.attention.layer_norm_rms_epsilon', (value) => value > 0 && value < 1)
  metadata.real('llama.rope.freq_base', (value) => value >= 1)
  metadata.text('llama.rope.scaling.type', ropeScalings, 'optional')
  // llama.cpp reads a factor of 0 as none, and writes it so.
  for (const key of ['rope.scaling.factor', 'rope.scale_linear'])
    if (metadata.has(`llama.${key}`)) metadata.real(`llama.${key}`, (value) => value >= 0)
  if (metadata.has('llama.rope.scaling.attn_factor'))
    metadata.real('llama.rope.scaling.attn_factor', (value) => value > 0)
  return { embedding, layers, feedForward, context, keys: keyHeads * head, head }
}

interface Expected {
  readonly shape: readonly number[]
  readonly optional?: boolean
}

function expectedTensors(
  { embedding, layers, feedForward, keys, head }: Shape,
  vocabulary: number,
): ReadonlyMap<string, Expected> {
  const expected = new Map<string, Expected>([
    ['token_embd.weight', { shape: [embedding, vocabulary] }],
    ['output_norm.weight', { shape: [embedding] }],
    ['output.weight', { shape: [embedding, vocabulary], optional: true }],
    ['rope_freqs.weight', { shape: [head / 2], optional: true }],
  ])
  const ofLayer: readonly (readonly [string, ...number[]])[] = [
    ['attn_norm', embedding],
    ['attn_q', embedding, embedding],
    ['attn_k', embedding, keys],
    ['attn_v', embedding, keys],
    ['attn_output', embedding, embedding],
    ['ffn_norm', embedding],
    ['ffn_gate', embedding, feedForward],
    ['ffn_up', embedding, feedForward],
    ['ffn_down', feedForward, embedding],
  ]
  for (let layer = 0; layer < layers; layer++)
    for (const [name, ...shape] of ofLayer) expected.set(`blk.${layer}.${name}.weight`, { shape })
  return expected
}

function checkTensors(header: GgufHeader, expected: ReadonlyMap<string, Expected>): void {
  for (const [name, { shape, optional }] of expected) {
    const info = header.tensors.get(name)
    if (!info) {
      if (optional) continue
      throw new Error(`tensor ${name} is missing`)
    }
    requireShape(info, shape)
    requireType(info, shape.length === 1 ? ['F32'] : [...matrixTypes, ...blockTypes])
  }
  for (const name of header.tensors.keys())
    if (!expected.has(name)) throw new Error(`tensor ${name} does not belong to this architecture`)
}

/** Checks one half of an adapter's pair; the rank. */
function checkPair(header: GgufHeader, base: GgufHeader, info: GgufTensorInfo): number {
  const target = adapted.exec(info.name)?.[1]
  if (!target) throw new Error(`tensor ${info.name} is not half of a pair for attention or feed-forward`)
  const matrix = base.tensors.get(target)
  if (!matrix) throw new Error(`the model has no tensor ${target}`)
  const [a, b] = [header.tensors.get(`${target}.lora_a`), header.tensors.get(`${target}.lora_b`)]
  if (!a || !b) throw new Error(`tensor ${info.name} has no partner`)
  const rank = a.shape[1] ?? 1
  if (rank > largestRank) throw new Error(`tensor ${a.name} has rank ${rank}, more than ${largestRank}`)
  requireShape(a, [matrix.shape[0]!, rank])
  requireShape(b, [rank, matrix.shape[1]!])
  requireType(info, adapterTypes)
  return rank
}

function requireShape(info: GgufTensorInfo, shape: readonly number[]): void {
  if (info.shape.length !== shape.length || info.shape.some((size, i) => size !== shape[i]))
    throw new Error(`tensor ${info.name} has sizes ${info.shape.join(' × ')} instead of ${shape.join(' × ')}`)
}

function requireType(info: GgufTensorInfo, types: readonly string[]): void {
  if (!types.includes(info.type.name))
    throw new Error(`tensor ${info.name} has type ${info.type.name} instead of ${types.join(', ')}`)
}

function scan(path: string, header: GgufHeader, largest = largestScanned): void {
  if (header.size > largest) return
  const name = nonFiniteTensor(path, header)
  if (name !== undefined) throw new Error(`tensor ${name} holds a number that is not finite`)
}

/** Metadata by key, kind and range; what is wrong is told with the key. */
class Metadata {
  readonly #header: GgufHeader

  constructor(header: GgufHeader) {
    this.#header = header
  }

  has(key: string): boolean {
    return this.#header.metadata.has(key)
  }

  checkLayout(): void {
    if (!this.has('general.alignment')) return
    const alignment = this.whole('general.alignment', 8, 1 << 20)
    if (!Number.isInteger(Math.log2(alignment)))
      throw new Error(`general.alignment ${alignment} is not a power of two`)
  }

  text(key: string, allowed: readonly string[], presence?: 'optional'): void {
    if (presence === 'optional' && !this.has(key)) return
    const value = this.#get(key, 'str')
    if (!allowed.includes(value as string))
      throw new Error(`${key} is ${JSON.stringify(value)} instead of ${allowed.join(', ')}`)
  }

  /** Absent or true. */
  notFalse(key: string): void {
    if (this.has(key) && !this.#get(key, 'bool')) throw new Error(`${key} is false`)
  }

  whole(key: string, least: number, most: number, type: GgufScalarType = 'u32'): number {
    const value = this.#get(key, type) as number
    if (value < least || value > most)
      throw new Error(`${key} is ${value} instead of ${least === most ? least : `${least} to ${most}`}`)
    return value
  }

  real(key: string, allowed: (value: number) => boolean): number {
    const value = this.#get(key, 'f32') as number
    if (!Number.isFinite(value) || !allowed(value)) throw new Error(`${key} cannot be ${value}`)
    return value
  }

  #get(key: string, type: GgufScalarType): unknown {
    const entry = this.#header.metadata.get(key)
    if (!entry) throw new Error(`${key} is missing`)
    if (entry.type !== type) throw new Error(`${key} has type ${entry.type} instead of ${type}`)
    return entry.value
  }
}

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1)

function refusing<T>(code: ErrorCode, file: string, check: () => T): T {
  try {
    if (!statSync(file).isFile()) throw new Error('it is not a file')
    return check()
  } catch (cause) {
    const problem =
      cause instanceof BatError
        ? cause.details.problem
        : cause instanceof Error
          ? cause.message
          : String(cause)
    throw new BatError(code, { file, problem }, { cause })
  }
}
