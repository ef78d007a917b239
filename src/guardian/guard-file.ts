// For `batos guard FILE`: judges the text of a file, taking the name and the arity from the function itself. The
// name must be a selector (`size`, `greet_`, `add_to_`). One that ends in `_` takes an argument or more, at most one
// for each of its parts (`increment_by_` may be `increment_by: 1`, or `increment: 1 by: 2`); a unary one takes none.
import { type AuditOptions, auditMethod } from './audit.ts'
import { declarationOf, positionsOf } from './parse.ts'
import type { Verdict, Violation } from './verdict.ts'

/** The verdict on a text whose only function tells what it wants to be. */
export function guardText(source: string, uses: AuditOptions['uses'] = []): Verdict {
  const found = declarationOf(source)
  if (found.kind === 'refused') return { ok: false, violations: found.violations }
  const { id, params } = found.method
  const verdict = auditMethod(source, { name: id.name, arity: arityOf(id.name, params.length - 1), uses })
  if (isSelector(id.name)) return verdict
  const misnamed: Violation = {
    code: 'shape',
    ...positionsOf(source)(id.start),
    message: `${id.name} is no selector; name it like size, greet_ or add_to_`,
    subject: id.name,
  }
  return { ok: false, violations: [misnamed, ...verdict.violations] }
}

/** How many arguments a selector takes, being given so many: that number, or the nearest that fits. */
export function arityOf(selector: string, given: number): number {
  if (!selector.endsWith('_')) return 0
  const parts = selector.split('_').filter((part) => part !== '').length
  return Math.max(1, Math.min(given, parts))
}

const isSelector = (name: string): boolean => /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*_?$/.test(name)
