// The fixed regression suite: what the personas are asked every day, as models/regression.jsonl has it, in the words of the
// prompts that are in use. A new adapter must do it about as well as what serves. `npm run seed:regression` made the file,
// from words and values that no training showed; it stays as it is, so that scores of different days can be compared.
//
//   {"id":"method 1","task":"method","brief":{"receiver":"lamp","slots":[{"name":"count","value":3}],"selector":"double_",
//     "args":[4]},"witnesses":[{"slots":{"count":3},"args":[4],"expected":8,"after":{"count":3}}]}
//   {"id":"repair 1","task":"repair","brief":{…},"source":"function …","report":["flag 3:5 self.count"],"witnesses":[…]}
//   {"id":"plan 1","task":"plan","brief":{…},"answer":"{…}"}
//   {"id":"voice 1","task":"facet","persona":"ROBIN","facet":"voice","query":"greet","brief":{…},"answer":"Hello, a!"}
//
// A method or repair is right when it answers its witnesses (judge.ts), the others when they are the answer exactly.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { packageRoot } from '../src/base/package-root.ts'
import type { Value } from '../src/base/value.ts'
import type { Brief, Drafting } from '../src/cognition/drafting.ts'
import { type Check, checked, type Example, readRows, witnessSchema } from '../src/forge/examples.ts'

export const suiteFile = join(packageRoot, 'models', 'regression.jsonl')

const anyValue = z.json() as z.ZodType<Value>
const brief = z.strictObject({
  receiver: z.string(),
  slots: z.array(z.strictObject({ name: z.string(), value: anyValue })),
  selector: z.string(),
  args: z.array(anyValue),
  expected: anyValue.optional(),
  intent: z.string().optional(),
})
const row = z.discriminatedUnion('task', [
  z.strictObject({ id: z.string(), task: z.literal('method'), brief, witnesses: z.array(witnessSchema) }),
  z.strictObject({
    ...{ id: z.string(), task: z.literal('repair'), brief, witnesses: z.array(witnessSchema) },
    ...{ source: z.string(), report: z.array(z.string()) },
  }),
  z.strictObject({ id: z.string(), task: z.literal('plan'), brief, answer: z.string() }),
  z.strictObject({
    ...{ id: z.string(), task: z.literal('facet'), brief, answer: z.string() },
    ...{ persona: z.string(), facet: z.string(), query: z.string() },
  }),
])
export type SuiteRow = z.input<typeof row>

export interface Suite {
  /** SHA-256 of the file. */
  readonly digest: string
  readonly examples: readonly Example[]
}

/** What this persona is asked; all of it for a persona that the suite does not ask. */
export async function readSuite(persona: string, drafting: Drafting, file = suiteFile): Promise<Suite> {
  const rows = await readRows(file, row)
  const examples = rows.map((each, seed) => exampleOf(each, drafting, seed))
  const own = examples.filter(({ request }) => request.persona === persona)
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  return { digest, examples: own.length > 0 ? own : examples }
}

function exampleOf(each: z.output<typeof row>, drafting: Drafting, seed: number): Example {
  const { request } = askOf(each, briefOf(each.brief), drafting)
  const check: Check =
    'witnesses' in each
      ? { kind: 'method', ...checked({ selector: each.brief.selector, witnesses: each.witnesses }) }
      : { kind: 'exact', answer: each.answer }
  return { id: each.id, request: { ...request, temperature: 0, seed }, check }
}

function askOf(each: z.output<typeof row>, given: Brief, drafting: Drafting) {
  switch (each.task) {
    case 'method':
      return drafting.method(given, { answers: [], attempt: 0 })
    case 'repair':
      return drafting.repair(given, { source: each.source, report: each.report, attempt: 1 })
    case 'plan':
      return drafting.plan(given)
    case 'facet':
      return drafting.facet(given, each)
    default:
      return each satisfies never
  }
}

const briefOf = ({ expected, intent, ...rest }: z.output<typeof brief>): Brief => ({
  ...rest,
  ...(expected === undefined ? {} : { expected }),
  ...(intent === undefined ? {} : { intent }),
})
