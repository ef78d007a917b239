// Asks for a method as a cycle of the kernel does, with nothing around it: plan, facets, drafts and repairs until one
// passes the guardian and answers the message as expected. It counts what it sees of plans and facets.
import { BatError } from '../../src/base/errors.ts'
import { formatLiteral } from '../../src/base/notation.ts'
import type { Value } from '../../src/base/value.ts'
import { sameAnswer } from '../../src/base/value-equality.ts'
import type { Brief, Drafting } from '../../src/cognition/drafting.ts'
import { drawDraft } from '../../src/cognition/draw-draft.ts'
import { auditMethod, reportLines } from '../../src/guardian/audit.ts'
import type { FacetAnswer } from '../../src/mind/briefs.ts'
import { signatureOf } from '../../src/mind/briefs.ts'
import type { InferRequest } from '../../src/mind/engine-messages.ts'
import { type Plan, planOf } from '../../src/mind/plan.ts'
import type { Corrupted } from './corruption.ts'
import { facetAnswersOf } from './documents.ts'
import { runSource } from './judge.ts'
import type { Sample } from './sample.ts'

export interface Outcome {
  /** The accepted function, if any was. */
  readonly source: string | undefined
  readonly drafts: number
  readonly answers: readonly FacetAnswer[]
  readonly reason: string
  /** The first request for the method, for people. */
  readonly prompt: string
}

interface Refusal {
  readonly by: 'guardian' | 'trial'
  readonly report: readonly string[]
}

export class Asker {
  /** `right`: the right facets of the right personas; `exact`: in the right words too. */
  readonly plans = { asked: 0, valid: 0, right: 0, exact: 0 }
  readonly facets = { asked: 0, right: 0 }
  readonly #infer: (request: InferRequest) => Promise<{ readonly text: string }>
  readonly #drafting: Drafting

  constructor(infer: (request: InferRequest) => Promise<{ readonly text: string }>, drafting: Drafting) {
    this.#infer = infer
    this.#drafting = drafting
  }

  /** Has the method of a sample written, in at most so many drafts; planned first, and with its facets asked, if told to. */
  async write(
    of: Sample,
    { tries, plan, facets }: { readonly tries: number; readonly plan: boolean; readonly facets: boolean },
  ): Promise<Outcome> {
    const brief = briefOf(of)
    const planned = plan ? await this.#plan(of, brief) : undefined
    const answers = facets && planned ? await this.#facetAnswers(of, brief, planned) : []
    const drafts: { readonly source: string; readonly refusal: Refusal }[] = []
    let prompt = ''
    for (let attempt = 0; attempt < tries; attempt++) {
      const given = { brief, answers, refused: drafts }
      const { source, request } = await drawDraft(this.#drafting, given, this.#infer)
      prompt ||= request.messages[1]!.content
      const refusal = refusalOf(of, source)
      // a single draft is judged as it is, whatever the guardian says
      if (refusal === undefined || tries === 1)
        return { source, drafts: attempt + 1, answers, reason: '', prompt }
      drafts.push({ source, refusal })
    }
    const reason = drafts.at(-1)?.refusal.report.join(', ') ?? ''
    return { source: undefined, drafts: tries, answers, reason, prompt }
  }

  /** One repair of a broken body. */
  async repair(of: Sample, broken: Corrupted): Promise<string | undefined> {
    const source = signatureOf(of.brief.selector, of.brief.args.length) + broken.body
    const ask = this.#drafting.repair(briefOf(of), { source, report: broken.report, attempt: 1 })
    return ask.parse((await this.#infer(ask.request)).text)
  }

  async #plan(of: Sample, brief: Brief): Promise<Plan | undefined> {
    const reference = planOf(brief.selector, of.voice !== undefined)
    const ask = this.#drafting.plan(brief)
    const { text } = await this.#infer(ask.request)
    this.plans.asked++
    try {
      const plan = ask.parse(text)
      this.plans.valid++
      if (asksAlike(plan, JSON.parse(reference) as Plan)) this.plans.right++
      if (text === reference) this.plans.exact++
      return plan
    } catch (thrown) {
      if (thrown instanceof BatError && thrown.code === 'E_PLAN') return undefined
      throw thrown
    }
  }

  async #facetAnswers(of: Sample, brief: Brief, plan: Plan): Promise<readonly FacetAnswer[]> {
    const right = facetAnswersOf(of)
    const answers: FacetAnswer[] = []
    for (const query of plan.facets) {
      const ask = this.#drafting.facet(brief, query)
      const answer = ask.parse((await this.#infer(ask.request)).text)
      answers.push({ facet: query.facet, answer })
      this.facets.asked++
      if (right.some((one) => one.facet === query.facet && one.answer === answer)) this.facets.right++
    }
    return answers
  }
}

/** Whether two plans ask the same facets of the same personas, in whatever words. */
function asksAlike(one: Plan, other: Plan): boolean {
  const asked = ({ memory, artifact, facets }: Plan) =>
    JSON.stringify([memory, artifact, facets.map(({ persona, facet }) => `${persona} ${facet}`)])
  return asked(one) === asked(other)
}

const briefOf = ({ brief }: Sample): Brief => ({
  ...brief,
  slots: Object.entries(brief.slots).map(([name, value]) => ({ name, value })),
})

/** The guardian's verdict, then a run on the message and its witnesses. */
function refusalOf({ brief }: Sample, source: string): Refusal | undefined {
  const verdict = auditMethod(source, { name: brief.selector, arity: brief.args.length })
  if (!verdict.ok) return { by: 'guardian', report: reportLines(verdict) }
  for (const { args, ...witness } of [brief, ...(brief.witnesses ?? [])]) {
    try {
      const run = runSource(source, brief.slots, args)
      if (!('expected' in witness)) continue
      const wanted = witness.expected as Value
      const got = run.answer === '<undefined>' ? null : (JSON.parse(run.answer) as Value)
      if (!sameAnswer(got, wanted))
        return { by: 'trial', report: [`answer ${run.answer} not ${formatLiteral(wanted)}`] }
    } catch (thrown) {
      return { by: 'trial', report: [`threw ${thrown instanceof Error ? thrown.message : String(thrown)}`] }
    }
  }
  return undefined
}
