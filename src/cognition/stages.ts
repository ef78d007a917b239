// What each state does with a thought. A stage does its work and names the state that comes next; it never moves the
// cycle itself, and whatever it throws takes the thought to FAILED (see cycle.ts).
import { BatError } from '../base/errors.ts'
import { Method, type Provenance } from '../base/value.ts'
import { auditMethod, reportLines } from '../guardian/audit.ts'
import { briefOf } from './brief.ts'
import type { FacetQuery } from './drafting.ts'
import { codeOf, drawDraft } from './draw-draft.ts'
import type { StateName } from './states.ts'
import { promptHash } from './think.ts'
import type { Faculties, Refusal, Thought } from './thought.ts'
import { tryMethod } from './trial.ts'
import { whatHelps } from './what-helps.ts'

export type Stage = (thought: Thought, faculties: Faculties) => Promise<StateName>

/** The stages by the names of the primitives that the states' `process_` slots hold. */
export const stages: Readonly<Record<string, Stage>> = {
  'state.idle': async () => 'DECOMPOSING',
  'state.decomposing': decompose,
  'state.reasoning': reason,
  'state.delegating': delegate,
  'state.synthesizing': synthesize,
  'state.validating': validate,
}

/** Asks BRICK for a plan: which facets of which personas are to be asked what. */
async function decompose(thought: Thought, { drafting, think, prefetch }: Faculties): Promise<StateName> {
  const ask = drafting.plan(briefOf(thought))
  const { text } = await think(ask.request, thought)
  const plan = ask.parse(text)
  thought.plan = plan
  prefetch(plan.facets.map(({ persona }) => persona))
  thought.note('plan', { ...plan, facets: plan.facets.map((facet) => ({ ...facet })) })
  thought.observe({ kind: 'plan', plan })
  return plan.memory ? 'REASONING' : 'DELEGATING'
}

/** Looks in memory for what the plan wants to know. There is no memory yet beyond the image itself: nothing is found. */
async function reason(thought: Thought): Promise<StateName> {
  thought.observe({ kind: 'retrieval', found: [] })
  return 'DELEGATING'
}

/** Asks the facets of the plan, all at once. */
async function delegate(thought: Thought, faculties: Faculties): Promise<StateName> {
  const facets = thought.plan?.facets ?? []
  const answers = await Promise.all(facets.map((facet) => askFacet(thought, faculties, facet)))
  thought.answers.push(...answers)
  thought.note(
    'answers',
    answers.map((answer) => ({ ...answer })),
  )
  return 'SYNTHESIZING'
}

async function askFacet(thought: Thought, { drafting, think }: Faculties, facet: FacetQuery) {
  const ask = drafting.facet(briefOf(thought), facet)
  const answer = ask.parse((await think(ask.request, thought)).text)
  thought.observe({ kind: 'facet', persona: facet.persona, facet: facet.facet, answer })
  return { persona: facet.persona, facet: facet.facet, answer }
}

/** Writes the next draft (draw-draft.ts). */
async function synthesize(thought: Thought, { drafting, think }: Faculties): Promise<StateName> {
  const { drafts, answers, signal, observe } = thought
  const given = { brief: briefOf(thought), answers, refused: drafts }
  const { source, request, result } = await drawDraft(drafting, given, (asked) =>
    think(asked, { signal, observe, stream: true }),
  )
  const { model, adapter } = result
  const attempt = drafts.length + 1
  drafts.push({ attempt, source, prompt: promptHash(request), model, ...(adapter ? { adapter } : {}) })
  observe({ kind: 'draft', attempt, source })
  return 'VALIDATING'
}

/** The guardian's audit, then a trial run, then the user's word where it was asked for. */
async function validate(thought: Thought, faculties: Faculties): Promise<StateName> {
  const { draft } = thought
  const refusal =
    refusedAlready(thought) ??
    audit(thought) ??
    (await trial(thought, faculties)) ??
    (await approval(thought, faculties))
  if (!refusal) return 'COMPLETE'
  draft.refusal = refusal
  if (thought.drafts.length < faculties.tries) return 'SYNTHESIZING'
  throw notWritten(thought, faculties)
}

/** Code that was refused once is not looked at again. */
function refusedAlready({ drafts, draft, observe }: Thought): Refusal | undefined {
  const code = codeOf(draft.source)
  const same = drafts.find(({ source, refusal }) => refusal !== undefined && codeOf(source) === code)
  if (!same) return undefined
  observe({
    kind: 'trial',
    attempt: draft.attempt,
    ok: false,
    code: 'same',
    message: `the code of draft ${same.attempt} again`,
  })
  return same.refusal
}

function audit(thought: Thought): Refusal | undefined {
  const { draft, mission } = thought
  const verdict = auditMethod(draft.source, { name: mission.selector, arity: mission.args.length })
  const violations = verdict.violations.map(({ code, line, column, message }) => ({
    code,
    line,
    column,
    message,
  }))
  thought.observe({ kind: 'verdict', attempt: draft.attempt, ok: verdict.ok, violations })
  if (verdict.ok) return undefined
  const [first] = violations
  return {
    by: 'guardian',
    message: `${first!.code} at ${first!.line}:${first!.column}: ${first!.message}`,
    report: reportLines(verdict),
  }
}

async function trial(thought: Thought, { invoke, clock }: Faculties): Promise<Refusal | undefined> {
  const { draft, mission, transaction, target } = thought
  const setting = { transaction, invoke, target, selector: mission.selector }
  const fault = await tryMethod(methodOf(thought, clock.now()), thought.witnesses, setting)
  thought.observe({
    kind: 'trial',
    attempt: draft.attempt,
    ok: fault === undefined,
    ...(fault ? { code: fault.code, message: fault.message } : {}),
  })
  if (!fault) return undefined
  return { by: 'trial', message: fault.message, report: [`${fault.code} ${fault.brief}`], fault }
}

/** The user's word; a method that is not wanted is written again only where the user says what should be different. */
async function approval(thought: Thought, faculties: Faculties): Promise<Refusal | undefined> {
  const { draft, mission, signal } = thought
  if (!mission.approve) return undefined
  thought.observe({ kind: 'proposal', attempt: draft.attempt, source: draft.source })
  const { verdict, comment } = await faculties.approval(mission.cycle, signal)
  if (verdict === 'good') return undefined
  const { receiver, selector } = mission
  if (comment === '') throw new BatError('E_NOT_APPROVED', { receiver, selector })
  thought.wish = comment
  return { by: 'user', message: comment, report: [comment] }
}

/** The method that the current draft would be, with its provenance. */
export function methodOf(thought: Thought, now: number): Method {
  const { draft, mission, answers } = thought
  const purpose = answers.find(({ facet }) => facet === 'purpose')?.answer
  const intent = thought.wish ?? mission.intent
  const provenance: Provenance = {
    author: 'BRICK',
    user: mission.user,
    cycle: mission.cycle,
    time: now,
    state: 'provisional',
    model: draft.model,
    ...(draft.adapter ? { adapter: draft.adapter } : {}),
    prompt: draft.prompt,
    ...(purpose ? { purpose } : {}),
    ...(intent ? { intent } : {}),
    witnesses: thought.witnesses,
    tries: thought.drafts.length,
  }
  return new Method({ source: draft.source, provenance })
}

function notWritten({ mission, drafts }: Thought, { drafting }: Faculties): BatError {
  const { receiver, selector } = mission
  return new BatError('E_NOT_WRITTEN', {
    receiver,
    selector,
    tries: drafts.length,
    reason: drafts.at(-1)?.refusal?.message ?? 'no draft',
    report: drafts.map(({ source, refusal }) => ({ source, refusal: refusal?.message ?? '' })),
    hint: whatHelps(mission, drafting.profile),
  })
}
