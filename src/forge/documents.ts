// Training documents: a file of JSON lines, one conversation each, and the same as tokens.
//
//   {"messages":[{"role":"system","content":"…"},{"role":"user","content":"…"},{"role":"assistant","content":"…"}],
//    "given":32,"task":"method"}
//
// `given` (0 when absent) is how many leading characters of the last message are prefilled: part of the prompt. The
// answer is what the model is to write. Prompt and answer are encoded apart, as at inference. All documents of a set
// lie in one array of 16-bit ids (a vocabulary has fewer than 65,536 tokens in what we train whole).
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { BatError } from '../base/errors.ts'
import type { Bpe } from '../mind/bpe.ts'
import { encodeAnswer, encodePrompt } from '../mind/llama-chat.ts'

/** One line. */
export const documentSchema = z.object({
  messages: z
    .array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
    .min(2)
    .refine((messages) => messages.at(-1)!.role === 'assistant', 'the last message is not the assistant’s'),
  given: z.int().min(0).default(0),
  task: z.string().default(''),
})

export type TrainingDocument = z.infer<typeof documentSchema>

/** The documents of a file. Throws E_TRAINER_DATA with the line that is wrong. */
export async function* readDocuments(path: string): AsyncGenerator<TrainingDocument> {
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number++
      if (line.trim() !== '') yield documentSchema.parse(JSON.parse(line))
    }
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    throw new BatError('E_TRAINER_DATA', { file: path, problem: `line ${number}: ${problem}` }, { cause })
  }
}

/** All that a document says, with the roles' names, for the training of a tokenizer. */
export const plainText = ({ messages }: TrainingDocument): string =>
  messages.map(({ role, content }) => `${role}\n\n${content}`).join('\n')

export interface TokenSet {
  readonly count: number
  readonly ids: Uint16Array
  /** Where document i begins; one entry more than there are documents. */
  readonly starts: Uint32Array
  /** How many leading tokens of document i are prompt. */
  readonly prompts: Uint16Array
  /** Documents left out because they were longer than the limit. */
  readonly tooLong: number
}

/** Encodes the documents of a file, at most `most`; those of more than `longest` tokens are left out and counted. */
export async function encodeFile(
  bpe: Bpe,
  path: string,
  longest: number,
  most = Number.POSITIVE_INFINITY,
): Promise<TokenSet> {
  let ids = new Uint16Array(1 << 16)
  const starts = [0]
  const prompts: number[] = []
  let end = 0
  let tooLong = 0
  for await (const { messages, given } of readDocuments(path)) {
    const answer = messages.at(-1)!.content
    const prompt = encodePrompt(bpe, messages.slice(0, -1), answer.slice(0, given))
    const document = [...prompt, ...encodeAnswer(bpe, answer.slice(given))]
    if (document.length > longest) {
      tooLong++
      continue
    }
    if (end + document.length > ids.length) {
      const larger = new Uint16Array(ids.length * 2)
      larger.set(ids)
      ids = larger
    }
    ids.set(document, end)
    end += document.length
    starts.push(end)
    prompts.push(prompt.length)
    if (prompts.length >= most) break
  }
  if (prompts.length === 0)
    throw new BatError('E_TRAINER_DATA', { file: path, problem: 'it has no document that fits' })
  return {
    count: prompts.length,
    ids: ids.slice(0, end),
    starts: Uint32Array.from(starts),
    prompts: Uint16Array.from(prompts),
    tooLong,
  }
}
