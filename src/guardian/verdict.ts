// What the guardian says of a method: every violation with its place, and the ways to say it to a person and to the
// seed mind. Verdicts are values; a refusal is an answer, not an error.

/**
 * syntax     not JavaScript
 * shape      not one function of the right name and parameters, or too large to judge
 * covenant   a change of state that an exit follows with no flag between
 * flag       `_p_changed` given anything but the literal `true`
 * reach      a name that is neither local, nor granted, nor a harmless global
 * forbidden  a construct that leads out of what can be judged
 * storage    the inside of an object touched directly
 */
export type ViolationCode = 'syntax' | 'shape' | 'covenant' | 'flag' | 'reach' | 'forbidden' | 'storage'

export interface Violation {
  readonly code: ViolationCode
  /** Counted from 1 in the source; of a covenant violation the change that no flag follows. */
  readonly line: number
  readonly column: number
  /** One sentence that says what is wrong and what to do. */
  readonly message: string
  /** The name it is about: an identifier, or the changed expression. */
  readonly subject?: string
}

export interface Verdict {
  readonly ok: boolean
  /** All of them, in the order of the source. */
  readonly violations: readonly Violation[]
}

/** For a person: `ok`, or one line a violation. */
export function formatReport(verdict: Verdict): string {
  if (verdict.ok) return 'ok: the method keeps the covenant'
  return verdict.violations.map((v) => `${v.line}:${v.column} ${v.code}: ${v.message}`).join('\n')
}

/**
 * For the seed mind: code and line (`covenant 2`), or code and name where the name is the point (`reach foo`);
 * at most `max` lines, none twice.
 */
export function reportLines(verdict: Verdict, max = 3): string[] {
  const lines = verdict.violations.map((v) =>
    v.code === 'reach' && v.subject !== undefined ? `reach ${v.subject}` : `${v.code} ${v.line}`,
  )
  return [...new Set(lines)].slice(0, max)
}
