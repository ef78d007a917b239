// The vocabulary of a model file: what llama.cpp asserts about it (lengths and kinds of the lists, no token twice), and
// what our prompts need of it: a token for every byte, so that any text can be said, and the special tokens of the
// Llama 3 chat format as control tokens, so that no text can be mistaken for them.
import { byteAlphabet } from './bpe.ts'
import { type GgufHeader, numbersOf, textOf, textsOf } from './gguf.ts'

const control = 3
const chatTokens = ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>']

/** The number of tokens. Throws an error that says what is wrong. */
export function checkVocabulary(header: GgufHeader): number {
  if (textOf(header, 'tokenizer.ggml.model') !== 'gpt2')
    throw new Error('tokenizer.ggml.model is not "gpt2", a byte-level vocabulary')
  const pre = textOf(header, 'tokenizer.ggml.pre')
  if (pre !== 'llama-bpe')
    throw new Error(`tokenizer.ggml.pre is ${JSON.stringify(pre)} instead of llama-bpe`)
  const tokens = textsOf(header, 'tokenizer.ggml.tokens')
  if (!tokens?.length) throw new Error('tokenizer.ggml.tokens is not a list of texts')
  if (!textsOf(header, 'tokenizer.ggml.merges'))
    throw new Error('tokenizer.ggml.merges is not a list of texts')
  checkLists(header, tokens.length)
  checkTokens(header, tokens)
  for (const [key, entry] of header.metadata) {
    if (!/^tokenizer\.ggml\.\w+_token_id$/.test(key)) continue
    if (entry.type !== 'u32') throw new Error(`${key} has type ${entry.type} instead of u32`)
    if ((entry.value as number) >= tokens.length)
      throw new Error(`${key} is ${entry.value} of ${tokens.length} tokens`)
  }
  for (const key of ['tokenizer.ggml.bos_token_id', 'tokenizer.ggml.eos_token_id'])
    if (!header.metadata.has(key)) throw new Error(`${key} is missing`)
  return tokens.length
}

function checkLists(header: GgufHeader, count: number): void {
  for (const [key, of] of [
    ['tokenizer.ggml.token_type', 'i32'],
    ['tokenizer.ggml.scores', 'f32'],
  ] as const) {
    const entry = header.metadata.get(key)
    if (!entry) continue
    if (entry.type !== 'array' || entry.of !== of) throw new Error(`${key} is not a list of ${of}`)
    if (entry.value.length !== count)
      throw new Error(`${key} has ${entry.value.length} entries for ${count} tokens`)
  }
}

function checkTokens(header: GgufHeader, tokens: readonly string[]): void {
  const ids = new Map(tokens.map((token, id) => [token, id]))
  if (ids.size !== tokens.length) {
    const twice = tokens.find((token, id) => ids.get(token) !== id)
    throw new Error(`token ${JSON.stringify(twice)} occurs twice`)
  }
  if (ids.has('')) throw new Error(`token ${ids.get('')} is empty`)
  const byte = byteAlphabet.findIndex((character) => !ids.has(character))
  if (byte >= 0) throw new Error(`there is no token for the byte ${byte}`)
  const types = numbersOf(header, 'tokenizer.ggml.token_type')
  for (const token of chatTokens) {
    const id = ids.get(token)
    if (id === undefined) throw new Error(`there is no token ${token}`)
    if (types?.[id] !== control) throw new Error(`token ${token} is not marked as a control token`)
  }
}
