// The next draft of a method. The first is written from the plan's answers, one that the guardian refused is repaired, the
// others are drawn. Code that has been refused before is no new try: it is drawn again, each time a little warmer, so that
// the bounded tries are spent on different code.
import type { FacetAnswer } from '../mind/briefs.ts'
import type { InferRequest } from '../mind/engine-messages.ts'
import type { Brief, Drafting, RefusedDraft } from './drafting.ts'

const REDRAWS = 5

export interface Drawn<Result> {
  readonly source: string
  readonly request: InferRequest
  readonly result: Result
}

/** What a draft does: its text without the lines that are comments. */
export const codeOf = (source: string): string => source.replace(/^\s*\/\/.*\n/gm, '')

/** Asks through `infer` until there is code that is not among `refused`, or the redraws are used up. */
export async function drawDraft<Result extends { readonly text: string }>(
  drafting: Drafting,
  given: {
    readonly brief: Brief
    readonly answers: readonly FacetAnswer[]
    readonly refused: readonly (RefusedDraft & { readonly source: string })[]
  },
  infer: (request: InferRequest) => Promise<Result>,
): Promise<Drawn<Result>> {
  const { brief, answers, refused } = given
  const attempt = refused.length
  const last = refused.at(-1)
  const repairs = last?.refusal !== undefined && drafting.shouldRepair(refused)
  for (let redraw = 0; ; redraw++) {
    const ask =
      repairs && redraw === 0
        ? drafting.repair(brief, { source: last.source, report: last.refusal!.report, attempt })
        : drafting.method(brief, { answers: attempt === 0 ? answers : [], attempt, redraw })
    const result = await infer(ask.request)
    const source = ask.parse(result.text)
    if (redraw === REDRAWS || !refused.some((draft) => codeOf(draft.source) === codeOf(source))) {
      return { source, request: ask.request, result }
    }
  }
}
