// The chat format of Llama 3 as token ids:
//
//   <|begin_of_text|> then for each message  <|start_header_id|> role <|end_header_id|> "\n\n" content <|eot_id|>
//
// and an opened assistant turn at the end for the model to continue. Special tokens are put by id and content is
// encoded as plain text, so that nothing a message says can open a turn. Content is taken as it is (not trimmed). A prefilled beginning of the
// answer is encoded apart from what follows it, in training as at inference, since a token across the seam would be
// one that the model never gets to choose.
import type { Bpe } from './bpe.ts'

/** What turns texts and names of special tokens into ids: our own encoder, or the one of a loaded model. */
export type Encoder = Pick<Bpe, 'encode' | 'special'>

export type Role = 'system' | 'user' | 'assistant'

export interface ChatMessage {
  readonly role: Role
  readonly content: string
}

/** Special tokens of our own vocabularies, in the order of their ids (the last ids). */
export const llamaSpecialTokens = [
  '<|begin_of_text|>',
  '<|end_of_text|>',
  '<|finetune_right_pad_id|>',
  '<|start_header_id|>',
  '<|end_header_id|>',
  '<|eom_id|>',
  '<|eot_id|>',
  '<|python_tag|>',
] as const

/** The Jinja template that GGUF files carry; llama.cpp and others recognise Llama 3 by it. */
export const llamaChatTemplate =
  "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"

/** Ids of a conversation up to the place where the model begins to write, `prefill` being the given start of its answer. */
export function encodePrompt(bpe: Encoder, messages: readonly ChatMessage[], prefill = ''): number[] {
  const turns = messages.map(({ role, content }) => [
    encodeHeader(bpe, role),
    bpe.encode(content),
    [bpe.special('<|eot_id|>')],
  ])
  return [
    [bpe.special('<|begin_of_text|>')],
    ...turns.flat(),
    encodeHeader(bpe, 'assistant'),
    bpe.encode(prefill),
  ].flat()
}

/** Ids of the answer that the model is to write after `encodePrompt`, with the token that ends its turn. */
export const encodeAnswer = (bpe: Encoder, answer: string): number[] => [
  ...bpe.encode(answer),
  bpe.special('<|eot_id|>'),
]

function encodeHeader(bpe: Encoder, role: Role): number[] {
  return [
    bpe.special('<|start_header_id|>'),
    ...bpe.encode(role),
    bpe.special('<|end_header_id|>'),
    ...bpe.encode('\n\n'),
  ]
}
