// What a candidate is examined with: questions as the kernel asks them, and how an answer is told right from wrong. A
// held-out set is a file of JSON lines, each a training document (documents.ts) that was never trained on, with more beside:
//
//   {"id":"tx:90","messages":[…],"given":32,"maxTokens":240,"grammar":"root ::= …",
//    "method":{"selector":"double_","witnesses":[{"slots":{"count":1},"args":[4],"expected":8,"after":{"count":1}}]}}
//
//   id          names the example; the line's number when absent
//   grammar     what the answer was written under; none when absent
//   maxTokens   of the answer; as many as the reference has bytes, and at least 64, when absent
//   method      the answer is the text of a method, right when the guardian lets it pass and it answers every witness, a
//               message to an object with these slots: with `expected` where it is there, and leaving `after` where that is
//               there. When absent, an answer is right when it is the last message, exactly but for space around it.
//
// Keys that are not named here (where a row came from) are left alone. Every example has a seed, its place in the set.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { BatError } from '../base/errors.ts'
import type { PlainObject, Value } from '../base/value.ts'
import type { InferRequest } from '../mind/engine-messages.ts'
import { documentSchema } from './documents.ts'

export interface Example {
  readonly id: string
  /** Greedy or drawn with a seed: asked again, it is answered the same. */
  readonly request: InferRequest
  readonly check: Check
}

export type Check =
  | { readonly kind: 'exact'; readonly answer: string }
  /** The prefilled start and the answer together are the text of the method. */
  | { readonly kind: 'method'; readonly selector: string; readonly witnesses: readonly CheckWitness[] }

export interface CheckWitness {
  readonly slots: PlainObject
  readonly args: readonly Value[]
  readonly expected?: Value
  /** The data slots of the receiver when the message is over. */
  readonly after?: PlainObject
}

const value: z.ZodType<Value> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(value), z.record(z.string(), value)]),
)
const slots = z.record(z.string(), value)
export const witnessSchema = z.strictObject({
  slots,
  args: z.array(value),
  expected: value.optional(),
  after: slots.optional(),
})
const rowSchema = documentSchema.extend({
  id: z.string().optional(),
  grammar: z.string().optional(),
  maxTokens: z.int().positive().optional(),
  method: z.strictObject({ selector: z.string(), witnesses: z.array(witnessSchema).min(1) }).optional(),
})

const LEAST_TOKENS = 64

/** The examples of a held-out set. Throws E_EXAMPLES naming the line, E_FILE. */
export async function readExamples(file: string, persona: string): Promise<readonly Example[]> {
  const rows = await readRows(file, rowSchema)
  return rows.map(({ id, messages, given, grammar, maxTokens, method }, i) => {
    const answer = messages.at(-1)!.content
    const rest = answer.slice(given)
    return {
      id: id ?? `line ${i + 1}`,
      request: {
        ...{ messages: messages.slice(0, -1), prefill: answer.slice(0, given), persona },
        ...(grammar === undefined ? {} : { grammar }),
        ...{ maxTokens: maxTokens ?? Math.max(LEAST_TOKENS, Buffer.byteLength(rest)) },
        ...{ temperature: 0, seed: i },
      },
      check: method ? { kind: 'method', ...checked(method) } : { kind: 'exact', answer: rest.trim() },
    }
  })
}

/** zod says `undefined` for what is absent; a witness without an answer has no such key. */
export const checked = (method: {
  selector: string
  witnesses: readonly z.output<typeof witnessSchema>[]
}): { selector: string; witnesses: readonly CheckWitness[] } => ({
  selector: method.selector,
  witnesses: method.witnesses.map(({ slots, args, expected, after }) => ({
    ...{ slots, args },
    ...(expected === undefined ? {} : { expected }),
    ...(after === undefined ? {} : { after }),
  })),
})

/** The lines of a file, each as `schema` says. Throws E_EXAMPLES naming the line, E_FILE. */
export async function readRows<Row>(file: string, schema: z.ZodType<Row>): Promise<readonly Row[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new BatError('E_FILE', { file, reason: cause.message }, { cause })
  })
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '') return []
    try {
      return [schema.parse(JSON.parse(line))]
    } catch (cause) {
      const problem = cause instanceof z.ZodError ? describe(cause) : (cause as Error).message
      throw new BatError('E_EXAMPLES', { file, problem: `line ${i + 1}: ${problem}` }, { cause })
    }
  })
}

const describe = ({ issues: [issue] }: z.ZodError): string =>
  `${issue?.path.join('.') || 'the row'}: ${issue?.message}`
