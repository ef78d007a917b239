// Reference bodies run in this process: they are our own. What the model wrote is run elsewhere, fenced (judge.ts).
import { formatLiteral } from '../../src/base/notation.ts'
import type { Value } from '../../src/base/value.ts'

export type Runnable = (self: Record<string, Value>, ...args: Value[]) => Value

export const compile = (source: string): Runnable => new Function(`return (${source})`)() as Runnable

/** The answer, or undefined when it is none that a person would type. */
export function outcome(
  run: Runnable,
  state: Record<string, Value>,
  args: readonly Value[],
): Value | undefined {
  const answer = run(structuredClone(state), ...(structuredClone(args) as Value[]))
  if (answer === undefined || answer === null) return undefined
  if (typeof answer === 'number' && (!Number.isFinite(answer) || Math.abs(answer) > 1e7)) return undefined
  const text = formatLiteral(answer)
  return text.length > 44 || /\.\d{5}|NaN|Infinity|undefined|e[+-]\d/.test(text) ? undefined : answer
}
