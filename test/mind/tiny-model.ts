// A tiny model of the Llama 3 architecture with random weights, the same for the same seed: it loads, generates and
// obeys grammars like a large one, in a file of some 200 KB. Parts of the file can be replaced to make broken ones.
import { byteAlphabet, symbolsOf, type Vocabulary } from '../../src/mind/bpe.ts'
import { type GgufTensor, type GgufValue, writeGguf } from '../../src/mind/gguf.ts'
import { llamaChatTemplate, llamaSpecialTokens } from '../../src/mind/llama-chat.ts'
import { bytesOf, encodeFloats, tensorType } from '../../src/mind/tensor-types.ts'

const words = ['system', ' the', ' a', 'user', 'assistant', ' number', 'function', ' return', '\n\n', ' self']

export interface TinyModel {
  readonly metadata: Map<string, GgufValue>
  readonly tensors: Map<string, GgufTensor>
}

export interface TinyShape {
  readonly embedding?: number
  readonly layers?: number
  readonly feedForward?: number
  readonly context?: number
}

/** A byte-level vocabulary with merges that spell a few words. */
export function tinyVocabulary(): Vocabulary {
  const merges: string[] = []
  for (const word of words) {
    let [left = '', ...rest] = symbolsOf(word)
    for (const right of rest) {
      if (!merges.includes(`${left} ${right}`)) merges.push(`${left} ${right}`)
      left += right
    }
  }
  const merged = [...new Set(merges.map((merge) => merge.replace(' ', '')))]
  return { tokens: [...byteAlphabet, ...merged, ...llamaSpecialTokens], merges, special: llamaSpecialTokens }
}

export function tinyModel(seed = 1, shape: TinyShape = {}): TinyModel {
  const { embedding = 64, layers = 2, feedForward = 96, context = 2048 } = shape
  const [heads, keyHeads] = [4, 2]
  const keys = (embedding / heads) * keyHeads
  const { tokens, merges, special } = tinyVocabulary()
  const u32 = (value: number): GgufValue => ({ type: 'u32', value })
  const f32 = (value: number): GgufValue => ({ type: 'f32', value })
  const str = (value: string): GgufValue => ({ type: 'str', value })
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', str('llama')],
    ['general.type', str('model')],
    ['general.name', str('tiny')],
    ['llama.vocab_size', u32(tokens.length)],
    ['llama.context_length', u32(context)],
    ['llama.embedding_length', u32(embedding)],
    ['llama.block_count', u32(layers)],
    ['llama.feed_forward_length', u32(feedForward)],
    ['llama.attention.head_count', u32(heads)],
    ['llama.attention.head_count_kv', u32(keyHeads)],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
    ['llama.rope.freq_base', f32(500_000)],
    ['llama.rope.dimension_count', u32(embedding / heads)],
    ['tokenizer.ggml.model', str('gpt2')],
    ['tokenizer.ggml.pre', str('llama-bpe')],
    ['tokenizer.ggml.tokens', { type: 'array', of: 'str', value: tokens }],
    [
      'tokenizer.ggml.token_type',
      { type: 'array', of: 'i32', value: tokens.map((token) => (special.includes(token) ? 3 : 1)) },
    ],
    ['tokenizer.ggml.merges', { type: 'array', of: 'str', value: merges }],
    ['tokenizer.ggml.bos_token_id', u32(tokens.indexOf('<|begin_of_text|>'))],
    ['tokenizer.ggml.eos_token_id', u32(tokens.indexOf('<|eot_id|>'))],
    ['tokenizer.chat_template', str(llamaChatTemplate)],
  ])
  const normal = normalFrom(seed)
  const tensors = new Map<string, GgufTensor>()
  const matrix = (name: string, inputs: number, outputs: number, deviation: number) =>
    tensors.set(name, {
      ...{ name, shape: [inputs, outputs], type: tensorType('F16') },
      data: encodeFloats(
        'F16',
        Float32Array.from({ length: inputs * outputs }, () => deviation * normal()),
      ),
    })
  const ones = (name: string, size: number) =>
    tensors.set(name, {
      ...{ name, shape: [size], type: tensorType('F32') },
      data: encodeFloats('F32', new Float32Array(size).fill(1)),
    })
  const even = 1 / Math.sqrt(embedding)
  matrix('token_embd.weight', embedding, tokens.length, 1)
  ones('output_norm.weight', embedding)
  matrix('output.weight', embedding, tokens.length, 0.25)
  for (let layer = 0; layer < layers; layer++) {
    const block = (name: string) => `blk.${layer}.${name}.weight`
    ones(block('attn_norm'), embedding)
    matrix(block('attn_q'), embedding, embedding, even)
    matrix(block('attn_k'), embedding, keys, even)
    matrix(block('attn_v'), embedding, keys, even)
    matrix(block('attn_output'), embedding, embedding, even)
    ones(block('ffn_norm'), embedding)
    matrix(block('ffn_gate'), embedding, feedForward, even)
    matrix(block('ffn_up'), embedding, feedForward, even)
    matrix(block('ffn_down'), feedForward, embedding, 1 / Math.sqrt(feedForward))
  }
  return { metadata, tensors }
}

/** A rank-4 adapter for `tinyModel`, of the queries and values unless other matrices are named. */
export function tinyAdapter(
  seed = 7,
  { embedding = 64, layers = 2, feedForward = 96 }: TinyShape = {},
  targets: readonly string[] = ['attn_q', 'attn_v'],
): TinyModel {
  const rank = 4
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'str', value: 'llama' }],
    ['general.type', { type: 'str', value: 'adapter' }],
    ['adapter.type', { type: 'str', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'f32', value: 8 }],
  ])
  const normal = normalFrom(seed)
  const tensors = new Map<string, GgufTensor>()
  const add = (name: string, inputs: number, outputs: number) =>
    tensors.set(name, {
      ...{ name, shape: [inputs, outputs], type: tensorType('F16') },
      data: encodeFloats(
        'F16',
        Float32Array.from({ length: inputs * outputs }, () => normal() / Math.sqrt(inputs)),
      ),
    })
  for (let layer = 0; layer < layers; layer++)
    for (const target of targets) {
      const outputs = target === 'attn_k' || target === 'attn_v' ? embedding / 2 : embedding
      add(`blk.${layer}.${target}.weight.lora_a`, target === 'ffn_down' ? feedForward : embedding, rank)
      add(`blk.${layer}.${target}.weight.lora_b`, rank, outputs)
    }
  return { metadata, tensors }
}

/** A model of width 256 one of whose matrices is of K-quants, all zero, with this number (as 16 bits) for the scale of a block. */
export function tinyKQuantModel(scale = 0): TinyModel {
  const model = tinyModel(1, { embedding: 256, layers: 1 })
  const [name, type] = ['blk.0.ffn_up.weight', tensorType('Q4_K')]
  const { shape } = model.tensors.get(name)!
  const data = new Uint8Array(bytesOf(type, shape[0]! * shape[1]!))
  new DataView(data.buffer).setUint16(3 * type.bytes, scale, true)
  model.tensors.set(name, { name, shape, type, data })
  return model
}

export const writeModel = (path: string, { metadata, tensors }: TinyModel): void =>
  writeGguf(path, metadata, [...tensors.values()])

/** Normally distributed numbers: mulberry32 through Box and Muller's transform. */
function normalFrom(seed: number): () => number {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}
