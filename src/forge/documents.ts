// Training documents: a file of JSON lines, one conversation each, and the same as tokens.
//
//   {"messages":[{"role":"system","content":"…"},{"role":"user","content":"…"},{"role":"assistant","content":"…"}],
//    "given":32,"task":"method"}
//
// `given` (0 when absent) is how many leading characters of the last message are prefilled: part of the prompt. The
// answer is what the model is to write. Prompt and answer are encoded apart, as at inference. All documents of a set
// lie in one array of ids. A file with wrong lines is refused with all of them named, so that it is mended once.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { BatError, type ErrorCode } from '../base/errors.ts'
import type { Bpe } from '../mind/bpe.ts'
import { encodeAnswer, encodePrompt } from '../mind/llama-chat.ts'

/** One line. */
export const documentSchema = z
  .object({
    messages: z
      .array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
      .min(2)
      .refine((messages) => messages.at(-1)?.role === 'assistant', 'the last message is not the assistant’s'),
    given: z.int().min(0).default(0),
    task: z.string().default(''),
  })
  .refine(({ messages, given }) => given <= messages.at(-1)!.content.length, {
    path: ['given'],
    message: 'it is more than the answer has characters',
  })

export type TrainingDocument = z.infer<typeof documentSchema>

const namedAtMost = 20

/** The documents of a file. Throws E_TRAINER_DATA at its end, with the lines that are wrong. */
export async function* readDocuments(path: string): AsyncGenerator<TrainingDocument> {
  for await (const { document } of readNumbered(path)) yield document
}

/** Documents with the numbers of their lines. */
async function* readNumbered(path: string) {
  const problems: string[] = []
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number++
      if (line.trim() === '') continue
      const parsed = parseLine(line)
      if ('document' in parsed) yield { document: parsed.document, line: number }
      else problems.push(`${path}:${number}: ${parsed.problem}`)
    }
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    const missing = 'code' in cause && cause.code === 'ENOENT'
    const problem = missing ? `there is no file ${path}` : `${path}: ${cause.message}`
    throw new BatError('E_TRAINER_DATA', { problems: problem }, { cause })
  }
  refuseLines('E_TRAINER_DATA', problems)
}

function parseLine(line: string): { document: TrainingDocument } | { problem: string } {
  try {
    const parsed = documentSchema.safeParse(JSON.parse(line))
    if (parsed.success) return { document: parsed.data }
    const [issue] = parsed.error.issues
    return { problem: `${issue?.path.join('.') || 'the line'}: ${issue?.message}` }
  } catch (thrown) {
    return { problem: (thrown as Error).message }
  }
}

// Throws when there are problems; names the first of very many.
function refuseLines(code: ErrorCode, problems: readonly string[]): void {
  if (problems.length === 0) return
  const more = problems.length - namedAtMost
  const named = problems.slice(0, namedAtMost).join('\n')
  throw new BatError(code, { problems: more > 0 ? `${named}\nand ${more} more` : named })
}

/** All that a document says, with the roles' names, for the training of a tokenizer. */
export const plainText = ({ messages }: TrainingDocument): string =>
  messages.map(({ role, content }) => `${role}\n\n${content}`).join('\n')

export interface TokenSet {
  readonly count: number
  readonly ids: Uint16Array | Uint32Array
  /** Where document i begins; one entry more than there are documents. */
  readonly starts: Uint32Array
  /** How many leading tokens of document i are prompt. */
  readonly prompts: Uint32Array
  /** Documents left out because they were longer than the limit. */
  readonly tooLong: number
}

export interface EncodeOptions {
  /** Tokens of the longest document that is taken. */
  readonly longest: number
  /** Longer ones are refused, each with its line, or left out and counted. */
  readonly longer: 'refuse' | 'leave out'
  /** Documents that are taken at most. */
  readonly most?: number
}

/** Encodes the documents of a file. Throws E_TRAINER_DATA and E_TRAINER_TOO_LONG. */
export async function encodeFile(
  bpe: Bpe,
  path: string,
  { longest, longer, most = Number.POSITIVE_INFINITY }: EncodeOptions,
): Promise<TokenSet> {
  const Ids = bpe.size > 1 << 16 ? Uint32Array : Uint16Array
  let ids = new Ids(1 << 16)
  const starts = [0]
  const prompts: number[] = []
  const tooLong: string[] = []
  let end = 0
  for await (const { document, line } of readNumbered(path)) {
    const { messages, given } = document
    const answer = messages.at(-1)!.content
    const prompt = encodePrompt(bpe, messages.slice(0, -1), answer.slice(0, given))
    const encoded = [...prompt, ...encodeAnswer(bpe, answer.slice(given))]
    if (encoded.length > longest) {
      tooLong.push(`${path}:${line}: it has ${encoded.length} tokens, the most is ${longest}`)
      continue
    }
    while (end + encoded.length > ids.length) {
      const larger = new Ids(ids.length * 2)
      larger.set(ids)
      ids = larger
    }
    ids.set(encoded, end)
    end += encoded.length
    starts.push(end)
    prompts.push(prompt.length)
    if (prompts.length >= most) break
  }
  if (longer === 'refuse') refuseLines('E_TRAINER_TOO_LONG', tooLong)
  if (prompts.length === 0)
    throw new BatError('E_TRAINER_DATA', { problems: `${path}: it has no document that fits` })
  return {
    count: prompts.length,
    ids: ids.slice(0, end),
    starts: Uint32Array.from(starts),
    prompts: Uint32Array.from(prompts),
    tooLong: tooLong.length,
  }
}

/** Tokens of the longest document of a set. */
export const longestOf = ({ starts }: TokenSet): number =>
  starts.reduce((longest, start, i) => (i === 0 ? 0 : Math.max(longest, start - starts[i - 1]!)), 0)
