// What the cycle asks the mind, and how it reads the answers: pure functions from a brief to a request and a parser. The
// kernel and the seed mind's score ask through these same functions, so what is scored is what is shipped.
//
//   plan     greedy; which facets are asked
//   facet    greedy; one line
//   method   first draft greedy and (full profile) with the answers of the facets; later ones drawn at temperature 0.7
//            without them, since a wrong answer would mislead every draft alike
//   repair   greedy; the refused draft and the report
//
// Every request has a grammar and a seed: asked again, it is answered the same.
import { BatError } from '../base/errors.ts'
import type { Value } from '../base/value.ts'
import { type Example, type FacetAnswer, inputsOf, type MethodBrief, parametersOf } from '../mind/briefs.ts'
import type { InferRequest } from '../mind/engine-messages.ts'
import { lineGrammar, methodGrammarFor, planGrammar } from '../mind/grammar.ts'
import { type FacetTable, facetQuery, type Plan, parsePlan, planSchema } from '../mind/plan.ts'
import { type Profile, render, type Template } from '../mind/prompts.ts'
import { messageCandidates, slotCandidates, slotKinds } from '../mind/slot-candidates.ts'
import { type Codex, facetsOf, personas } from './personas.ts'

/** What the mind is told of a message: the receiver, its data slots in order, the message, what is expected. */
export interface Brief extends Example {
  readonly receiver: string
  readonly slots: readonly { readonly name: string; readonly value: Value }[]
  readonly selector: string
  readonly witnesses?: readonly Example[]
  readonly intent?: string
}

export interface FacetQuery {
  readonly persona: string
  readonly facet: string
  readonly query: string
}

/** A request to the mind and the reader of its answer. */
export interface Ask<Answer> {
  readonly request: InferRequest
  /** Throws a BatError when the text cannot be used. */
  parse(text: string): Answer
}

/** A refused draft, as far as the next step depends on it. */
export interface RefusedDraft {
  readonly refusal?: { readonly by: 'guardian' | 'trial' | 'user'; readonly report: readonly string[] }
}

export interface Drafting {
  readonly profile: Profile
  /** Drafts of a method before giving up, unless the owner has set another number. */
  readonly tries: number
  plan(brief: Brief): Ask<Plan>
  facet(brief: Brief, query: FacetQuery): Ask<string>
  /** Answers the whole function's text. */
  method(
    brief: Brief,
    options: { readonly answers: readonly FacetAnswer[]; readonly attempt: number; readonly redraw?: number },
  ): Ask<string>
  repair(
    brief: Brief,
    draft: { readonly source: string; readonly report: readonly string[]; readonly attempt: number },
  ): Ask<string>
  /** Whether the last of these drafts is to be mended; otherwise another one is drawn. */
  shouldRepair(drafts: readonly RefusedDraft[]): boolean
}

export const TEMPLATE_NAMES = ['plan', 'facet', 'method', 'repair'] as const
export type TemplateName = (typeof TEMPLATE_NAMES)[number]

export interface DraftingOptions {
  readonly templates: Readonly<Record<TemplateName, Template>>
  readonly profile: Profile
  readonly codices?: Readonly<Record<string, Codex>>
}

/** Most tokens of an answer. */
const LIMITS: Record<Profile, Record<TemplateName, number>> = {
  compact: { plan: 200, facet: 64, method: 240, repair: 240 },
  full: { plan: 200, facet: 64, method: 900, repair: 900 },
}
/** A small mind's drafts cost next to nothing, a large one's a minute each. */
const TRIES: Record<Profile, number> = { compact: 8, full: 3 }
const LATER_TEMPERATURE = 0.7
/** What each redraw of the same draft adds. */
const REDRAW_TEMPERATURE = 0.15
const REPORT_LINES = 3

/** Makes the requests of one profile from its templates. */
export function makeDrafting({ templates, profile, codices = personas }: DraftingOptions): Drafting {
  const facets: FacetTable = facetsOf(codices)
  const limits = LIMITS[profile]

  const request = (
    template: TemplateName,
    inputs: Readonly<Record<string, string>>,
    how: {
      readonly grammar: string
      readonly persona: string
      readonly attempt?: number
      readonly redraw?: number
      readonly greedy?: boolean
    },
  ): InferRequest => {
    const { messages, prefill } = render(templates[template], profile, inputs)
    const { grammar, persona, attempt = 0, redraw = 0, greedy = true } = how
    return {
      messages,
      prefill,
      persona,
      grammar,
      maxTokens: limits[template],
      temperature: greedy ? 0 : LATER_TEMPERATURE + REDRAW_TEMPERATURE * redraw,
      seed: 1 + attempt + 1000 * redraw,
    }
  }
  const codeGrammar = (brief: MethodBrief): string =>
    methodGrammarFor(profile, brief.selector, {
      slots: slotCandidates(brief),
      kinds: slotKinds(brief),
      sends: messageCandidates(brief),
      parameters: parametersOf(brief.args.length),
    })
  const codeAsk = (made: InferRequest): Ask<string> => ({
    request: made,
    parse: (text) => ((made.prefill ?? '') + text).trimEnd(),
  })

  return {
    profile,
    tries: TRIES[profile],

    plan(given) {
      const brief = methodBrief(given)
      const inputs = { ...inputsOf(brief), personas: tableText(facets) }
      return {
        request: {
          ...request('plan', inputs, { grammar: planGrammar(facets), persona: 'BRICK' }),
          schema: planSchema(facets),
        },
        parse: (text) => parsePlan(text, facets),
      }
    },

    facet(given, { persona, facet, query }) {
      const codex = codices[persona]
      const pillar = codex?.pillars.find((one) => one.facet === facet)?.intent ?? ''
      const inputs = {
        ...inputsOf(methodBrief(given)),
        persona,
        facet,
        pillar,
        mission: codex?.mission ?? '',
        query,
      }
      return { request: request('facet', inputs, { grammar: lineGrammar(), persona }), parse: parseLine }
    },

    method(given, { answers, attempt, redraw = 0 }) {
      const brief = methodBrief(given)
      // A mind as small as the seed is misled by its own facets (43 of 100 first drafts right without them, 33 with them).
      const inputs = inputsOf(brief, profile === 'full' ? answers : [])
      const greedy = attempt === 0
      const how = { grammar: codeGrammar(brief), persona: 'BRICK', attempt, redraw, greedy }
      return codeAsk(request('method', inputs, how))
    },

    repair(given, { source, report, attempt }) {
      const brief = methodBrief(given)
      const lines = report
        .slice(0, REPORT_LINES)
        .map((line) => `report ${line.replace(/^report /, '').slice(0, 80)}`)
      const inputs = {
        ...inputsOf(brief),
        draft: source,
        refused: source.slice(source.indexOf('\n') + 1),
        report: lines.join('\n'),
      }
      return codeAsk(request('repair', inputs, { grammar: codeGrammar(brief), persona: 'BRICK', attempt }))
    },

    // Every other draft is a repair, so that a draft that cannot be mended does not use up all tries. A wrong answer tells
    // a small model less than another draw does.
    shouldRepair(drafts) {
      const refusal = drafts.at(-1)?.refusal
      if (refusal === undefined || refusal.by === 'user' || drafts.length % 2 === 0) return false
      return profile === 'full' || !refusal.report.some((line) => /^(report )?answer /.test(line))
    },
  }
}

const methodBrief = ({ slots, ...rest }: Brief): MethodBrief => ({
  ...rest,
  slots: Object.fromEntries(slots.map(({ name, value }) => [name, value])),
})

/** The facets that the kernel would ask without a plan of the mind's own. */
export const plainQueries = (selector: string): readonly FacetQuery[] => [
  { persona: 'BRICK', facet: 'purpose', query: facetQuery(selector) },
  { persona: 'BRICK', facet: 'effects', query: facetQuery(selector) },
]

const tableText = (facets: FacetTable): string =>
  Object.entries(facets)
    .flatMap(([persona, names]) => names.map((name) => `${persona} ${name}`))
    .join(', ')

function parseLine(text: string): string {
  const line = text.trim()
  if (!/^[ -~]{1,60}$/.test(line))
    throw new BatError('E_PLAN', { problem: `a facet answered ${JSON.stringify(text)}` })
  return line
}
