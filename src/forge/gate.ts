// The gate's decision on a new adapter, from its answers and those of what serves now, to the same questions with the same
// seeds. It is let in when it is better on the held-out set of its task (McNemar's exact test, one-sided, p below the
// limit) and not worse on the regression suite by more than the limit in points. Pure: the verdict is a value, kept with the
// candidate's record, and tells all that it was made of.
import { BatError } from '../base/errors.ts'
import type { Answer } from './evaluation.ts'
import { pairedBetter } from './exact-test.ts'

export interface GateLimits {
  /** The held-out gain must be less likely than this by chance. */
  readonly p: number
  /** How many of 100 answers fewer may be right on the regression suite. */
  readonly points: number
}

export const gateLimits: GateLimits = { p: 0.05, points: 2 }

/** Two candidates on the same questions: how many each got right, and on how many only one did. */
export interface Comparison {
  readonly asked: number
  readonly serving: number
  readonly candidate: number
  /** Right with the candidate only, and with what serves only. */
  readonly gained: number
  readonly lost: number
}

export type Verdict = {
  readonly limits: GateLimits
} & (
  | {
      readonly passed: boolean
      readonly reason: 'better' | 'not-better' | 'regressed'
      readonly heldOut: Comparison & { readonly p: number }
      /** `points`: right answers of 100 that were lost; below 0 when some were gained. */
      readonly regression: Comparison & { readonly points: number }
    }
  /** It was never scored to the end: its file was refused, or it ended the process that tried it. */
  | { readonly passed: false; readonly reason: 'invalid' | 'died'; readonly problem: string }
)

/** Fewer examples than this can never show a gain at `p`. */
export const leastExamples = ({ p }: GateLimits): number => Math.floor(Math.log2(1 / p)) + 1

/** What two scores of the same examples say together. */
export function compare(serving: readonly Answer[], candidate: readonly Answer[]): Comparison {
  const pairs = serving.map((mine, i) => {
    const other = candidate[i]
    if (other?.id !== mine.id || other.seed !== mine.seed || candidate.length !== serving.length)
      throw new BatError('E_INTERNAL', { reason: 'two scores of different examples were compared' })
    return [mine.right, other.right] as const
  })
  const count = (wanted: (mine: boolean, other: boolean) => boolean): number =>
    pairs.filter(([mine, other]) => wanted(mine, other)).length
  return {
    asked: pairs.length,
    serving: count((mine) => mine),
    candidate: count((_, other) => other),
    gained: count((mine, other) => other && !mine),
    lost: count((mine, other) => mine && !other),
  }
}

/** Whether the candidate is let in, and why. */
export function verdictOf(
  heldOut: Comparison,
  regression: Comparison,
  limits: GateLimits = gateLimits,
): Verdict {
  const p = pairedBetter(heldOut.gained, heldOut.lost)
  const fewer = regression.serving - regression.candidate
  const reason =
    p >= limits.p ? 'not-better' : 100 * fewer > limits.points * regression.asked ? 'regressed' : 'better'
  const points = regression.asked === 0 ? 0 : (100 * fewer) / regression.asked
  return {
    passed: reason === 'better',
    reason,
    heldOut: { ...heldOut, p },
    regression: { ...regression, points },
    limits,
  }
}

/** The verdict in one line for a person. */
export function verdictLine(verdict: Verdict): string {
  if (!('heldOut' in verdict)) return `${why[verdict.reason]}: ${verdict.problem}`
  const { reason, heldOut, regression } = verdict
  const counts = ({ serving, candidate, asked }: Comparison) => `${serving} → ${candidate} of ${asked}`
  return `${why[reason]}: held-out ${counts(heldOut)} (p = ${short(heldOut.p)}), regression ${counts(regression)}`
}

/** The verdict in a few lines for a person. */
export function verdictText(verdict: Verdict): string {
  const lines = [`${verdict.passed ? 'let in' : 'kept out'}: ${why[verdict.reason]}`]
  if (!('heldOut' in verdict)) return [...lines, verdict.problem].join('\n')
  const { heldOut, regression, limits } = verdict
  const row = (name: string, { asked, serving, candidate, gained, lost }: Comparison, tail: string) =>
    `${name.padEnd(11)} ${serving} → ${candidate} of ${asked} right (${gained} gained, ${lost} lost), ${tail}`
  const { points } = regression
  const change =
    points === 0 ? 'as before' : `${Math.abs(points).toFixed(1)} points ${points > 0 ? 'worse' : 'better'}`
  return [
    ...lines,
    row('held-out', heldOut, `p = ${short(heldOut.p)}, to be below ${limits.p}`),
    row('regression', regression, `${change}, at most ${limits.points} worse`),
  ].join('\n')
}

const short = (p: number): string => String(Number(p.toPrecision(2)))

const why: Readonly<Record<Verdict['reason'], string>> = {
  better: 'it is better',
  'not-better': 'it is not shown to be better on its own task',
  regressed: 'it does worse what went well before',
  invalid: 'it cannot be used',
  died: 'it ended the inference process',
}
