// A trained model as a GGUF file that llama.cpp loads: the keys of the Llama architecture, the tokenizer, the chat
// template of Llama 3 and the weights in the layout in which they were trained. Gains stay F32; matrices are F32,
// F16 or Q8_0. There is no output matrix: the head shares the embedding's.

import type { Vocabulary } from '../mind/bpe.ts'
import type { GgufTensor, GgufValue } from '../mind/gguf.ts'
import { writeGguf } from '../mind/gguf.ts'
import { llamaChatTemplate } from '../mind/llama-chat.ts'
import { encodeFloats, tensorType } from '../mind/tensor-types.ts'
import { type LlamaShape, weightShapes } from './weights.ts'

export type ExportType = 'F32' | 'F16' | 'Q8_0'

export interface ExportedModel {
  readonly name: string
  readonly shape: LlamaShape
  readonly vocabulary: Vocabulary
  /** Tokens of the longest conversation that the file declares. */
  readonly contextLength: number
  readonly type: ExportType
  readonly read: (weight: string) => Float32Array
}

const fileTypes: Readonly<Record<ExportType, number>> = { F32: 0, F16: 1, Q8_0: 7 }

/** Writes the model to `path`, at once (beside it, then renamed). */
export function exportModel(path: string, model: ExportedModel): void {
  const { shape, type, read } = model
  const tensors = [...weightShapes(shape)].map(([name, sizes]): GgufTensor => {
    const stored = sizes.length === 1 || sizes[0]! % tensorType(type).block !== 0 ? 'F32' : type
    return { name, shape: sizes, type: tensorType(stored), data: encodeFloats(stored, read(name)) }
  })
  writeGguf(path, metadataOf(model), tensors)
}

function metadataOf({ name, shape, vocabulary, contextLength, type }: ExportedModel): Map<string, GgufValue> {
  const { tokens, merges, special } = vocabulary
  const text = (value: string): GgufValue => ({ type: 'str', value })
  const count = (value: number): GgufValue => ({ type: 'u32', value })
  const real = (value: number): GgufValue => ({ type: 'f32', value })
  const idOf = (token: string) => count(tokens.indexOf(token))
  const normal = 1
  const control = 3
  const kinds = tokens.map((token) => (special.includes(token) ? control : normal))
  return new Map<string, GgufValue>([
    ['general.architecture', text('llama')],
    ['general.type', text('model')],
    ['general.name', text(name)],
    ['general.file_type', count(fileTypes[type])],
    ['general.quantization_version', count(2)],
    ['llama.vocab_size', count(tokens.length)],
    ['llama.context_length', count(contextLength)],
    ['llama.embedding_length', count(shape.width)],
    ['llama.block_count', count(shape.layers)],
    ['llama.feed_forward_length', count(shape.feedForward)],
    ['llama.attention.head_count', count(shape.heads)],
    ['llama.attention.head_count_kv', count(shape.kvHeads)],
    ['llama.attention.layer_norm_rms_epsilon', real(shape.epsilon)],
    ['llama.rope.freq_base', real(shape.ropeBase)],
    ['llama.rope.dimension_count', count(shape.width / shape.heads)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('llama-bpe')],
    ['tokenizer.ggml.tokens', { type: 'array', of: 'str', value: tokens }],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'i32', value: kinds }],
    ['tokenizer.ggml.merges', { type: 'array', of: 'str', value: merges }],
    ['tokenizer.ggml.bos_token_id', idOf('<|begin_of_text|>')],
    ['tokenizer.ggml.eos_token_id', idOf('<|eot_id|>')],
    ['tokenizer.ggml.padding_token_id', idOf('<|finetune_right_pad_id|>')],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: true }],
    ['tokenizer.chat_template', text(llamaChatTemplate)],
  ])
}
