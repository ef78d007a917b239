// What the mind is asked besides methods: pure functions from what is known to a request and the reader of its answer. The
// seed mind's corpus and score go through these same functions, so what is taught and scored is what is shipped.
//
//   summary   a text → the line by which it is found again
//   child     a question, numbered summaries → one of the numbers
//   thought   a question, what was found → what is known, what is missing, what to do next
//   data      a covenant (fields), a text → an object with these fields
//   proxy     the description of a web service → its address and its calls
//
// All greedy and under a grammar.
import { z } from 'zod'
import { BatError } from '../base/errors.ts'
import type { PlainObject, Value } from '../base/value.ts'
import type { InferRequest } from './engine-messages.ts'
import { type Profile, render, type Template } from './prompts.ts'
import { slotKindLetters } from './slot-kind.ts'
import { childGrammar, dataGrammar, proxyGrammar, summaryGrammar, thoughtGrammar } from './task-grammars.ts'

export type TaskName = 'summary' | 'child' | 'thought' | 'data' | 'proxy'

export interface TaskAsk<Answer> {
  readonly request: InferRequest
  /** Throws E_MIND_ANSWER when the text cannot be used. */
  parse(text: string): Answer
}

/** A field of a covenant. */
export interface Field {
  readonly name: string
  readonly kind: 'text' | 'number' | 'flag' | 'list'
}

/** What a search has brought: summaries of texts that can be opened, and texts that have been. */
export interface Found {
  readonly kind: 'summary' | 'text'
  readonly line: string
}

const thought = z.strictObject({
  known: z.string(),
  missing: z.string(),
  next: z.enum(['search', 'descend', 'finish']),
  about: z.string(),
})
export type NextThought = z.infer<typeof thought>

const proxy = z.strictObject({
  base: z.string(),
  calls: z.array(z.strictObject({ selector: z.string(), verb: z.string(), path: z.string() })).min(1),
})
export type ProxyPlan = z.infer<typeof proxy>

export interface Tasks {
  summary(content: string): TaskAsk<string>
  /** Answers the place of a child, from 0. */
  child(question: string, summaries: readonly string[]): TaskAsk<number>
  thought(question: string, found: readonly Found[]): TaskAsk<NextThought>
  data(covenant: readonly Field[], content: string): TaskAsk<PlainObject>
  proxy(documentation: string): TaskAsk<ProxyPlan>
}

const LIMITS: Readonly<Record<TaskName, number>> = {
  summary: 80,
  child: 4,
  thought: 160,
  data: 240,
  proxy: 400,
}

export function makeTasks(options: {
  readonly templates: Readonly<Record<TaskName, Template>>
  readonly profile: Profile
}): Tasks {
  const ask = <Answer>(
    task: TaskName,
    inputs: Readonly<Record<string, string>>,
    grammar: string,
    read: (text: string) => Answer,
  ): TaskAsk<Answer> => {
    const template = options.templates[task]
    const { messages, prefill } = render(template, options.profile, inputs)
    const { persona } = template
    const how = { grammar, maxTokens: LIMITS[task], temperature: 0, seed: 1 }
    return {
      request: { messages, prefill, persona, ...how },
      parse: (text) => {
        try {
          return read(text.trim())
        } catch (cause) {
          throw new BatError('E_MIND_ANSWER', { task, problem: (cause as Error).message }, { cause })
        }
      },
    }
  }
  return {
    summary: (content) => ask('summary', { content }, summaryGrammar(), (text) => text),
    child: (question, summaries) =>
      ask('child', { question, children: numbered(summaries) }, childGrammar(summaries.length), (text) =>
        childOf(text, summaries.length),
      ),
    thought: (question, found) =>
      ask('thought', { question, found: foundLines(found) }, thoughtGrammar(), (text) =>
        thought.parse(JSON.parse(text)),
      ),
    data: (covenant, content) =>
      ask('data', { covenant: covenantLines(covenant), content }, dataGrammar(covenant), (text) =>
        dataOf(covenant).parse(JSON.parse(text)),
      ),
    proxy: (documentation) =>
      ask('proxy', { documentation }, proxyGrammar(), (text) => proxy.parse(JSON.parse(text))),
  }
}

const kinds: Readonly<Record<Field['kind'], z.ZodType<Value>>> = {
  text: z.string(),
  number: z.number(),
  flag: z.boolean(),
  list: z.array(z.string()),
}

/** An object with the fields of a covenant, and no others. */
const dataOf = (covenant: readonly Field[]): z.ZodType<PlainObject> =>
  z.strictObject(Object.fromEntries(covenant.map(({ name, kind }) => [name, kinds[kind]])))

const numbered = (lines: readonly string[]): string =>
  lines.map((line, index) => `${index + 1} ${line}`).join('\n')

function childOf(text: string, count: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > count)
    throw new RangeError(`${text} is none of ${count}`)
  return number - 1
}

/** Summaries with their numbers, texts after the word. */
function foundLines(found: readonly Found[]): string {
  let number = 0
  return found
    .map(({ kind, line }) => (kind === 'summary' ? `${++number} ${line}` : `text ${line}`))
    .join('\n')
}

const covenantLines = (covenant: readonly Field[]): string =>
  covenant.map(({ name, kind }) => `${slotKindLetters[kind]} ${name}`).join('\n')
