// For `batos guard FILE`: judges the text of a file, taking the name and the arity from the function itself. The
// name must be a selector: each argument's part ends in `_` (`greet_`, `add_to_`), a unary one has none at its end.
import { type AuditOptions, auditMethod } from './audit.ts'
import { declarationOf, positionsOf } from './parse.ts'
import type { Verdict, Violation } from './verdict.ts'

/** The verdict on a text whose only function tells what it wants to be. */
export function guardText(source: string, uses: AuditOptions['uses'] = []): Verdict {
  const found = declarationOf(source)
  if (found.kind === 'refused') return { ok: false, violations: found.violations }
  const { id } = found.method
  const verdict = auditMethod(source, { name: id.name, arity: arityOf(id.name), uses })
  if (isSelector(id.name)) return verdict
  const misnamed: Violation = {
    code: 'shape',
    ...positionsOf(source)(id.start),
    message: `${id.name} is no selector; name it like size, greet_ or add_to_`,
    subject: id.name,
  }
  return { ok: false, violations: [misnamed, ...verdict.violations] }
}

/** The number of arguments a selector takes: its parts, when it ends in `_`; none otherwise. */
export const arityOf = (selector: string): number =>
  selector.endsWith('_') ? selector.split('_').filter((part) => part !== '').length : 0

const isSelector = (name: string): boolean => /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*_?$/.test(name)
