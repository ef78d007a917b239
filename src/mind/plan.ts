// The plan of a cycle: which facets of which personas are asked, with which words, and what shall come out.
//
//   {"memory":false,"artifact":"method","facets":[{"persona":"BRICK","facet":"purpose","query":"increment by"}]}
//
// One line of JSON, keys in this order, one to three facets. The seed mind plans one thing for itself: whether a text is
// to be answered, whose outline ROBIN's voice gives, or a change or a value, of which BRICK tells the effects.
import { z } from 'zod'
import { BatError } from '../base/errors.ts'
import { wordsOf } from '../base/notation.ts'
import type { JsonSchema } from './engine-messages.ts'

const MAX_QUERY = 60

const facet = z.strictObject({
  persona: z.string(),
  facet: z.string(),
  query: z.string().min(1).max(MAX_QUERY),
})
const plan = z.strictObject({
  memory: z.boolean(),
  artifact: z.literal('method'),
  facets: z.array(facet).min(1).max(3),
})
export type Plan = z.infer<typeof plan>

/** The facets that may be asked, by persona. */
export type FacetTable = Readonly<Record<string, readonly string[]>>

/** What a facet is asked about: the words of the message. */
export const facetQuery = (selector: string): string => wordsOf(selector).join(' ').slice(0, MAX_QUERY)

/** The form of a plan, for servers that take no grammar. */
export function planSchema(facets: FacetTable): JsonSchema {
  const personas = Object.keys(facets)
  const names = [...new Set(Object.values(facets).flat())]
  const object = (properties: Record<string, unknown>) => ({
    ...{ type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
  })
  const facet = object({
    persona: { type: 'string', enum: personas },
    facet: { type: 'string', enum: names },
    query: { type: 'string' },
  })
  const artifact = { type: 'string', enum: ['method'] }
  const schema = object({ memory: { type: 'boolean' }, artifact, facets: { type: 'array', items: facet } })
  return { name: 'plan', schema }
}

/** Reads a plan; E_PLAN says what is wrong with it. A facet that is asked for twice is asked once. */
export function parsePlan(text: string, facets: FacetTable): Plan {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new BatError('E_PLAN', { problem }, { cause })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    return refuse('it is not JSON', cause)
  }
  const read = plan.safeParse(json)
  if (!read.success)
    return refuse(`${read.error.issues[0]?.path.join('.')}: ${read.error.issues[0]?.message}`)
  const asked = new Set<string>()
  for (const { persona, facet } of read.data.facets) {
    if (!facets[persona]?.includes(facet)) refuse(`${persona} has no facet ${facet}`)
  }
  const once = read.data.facets.filter(({ persona, facet }) => {
    const key = `${persona} ${facet}`
    return !asked.has(key) && asked.add(key)
  })
  return { ...read.data, facets: once }
}

/** The plan for a method, as it is written. */
export function planOf(selector: string, answersText: boolean): string {
  const query = facetQuery(selector)
  const second = answersText
    ? { persona: 'ROBIN', facet: 'voice', query }
    : { persona: 'BRICK', facet: 'effects', query }
  const facets = [{ persona: 'BRICK', facet: 'purpose', query }, second]
  return JSON.stringify({ memory: false, artifact: 'method', facets } satisfies Plan)
}
