// The persistence guardian: the judgement of a method's text before anything is run. Pure; the answer is a value.
//
// Every rule looks at the same tree and reports all it finds; the verdict is in the order of the source. It never
// throws: texts that cannot be judged (too long, too deep, not JavaScript) are refused.
import { covenantViolations } from './covenant.ts'
import { MAX_FINALLY } from './flow-of.ts'
import { eachNode, type FunctionDeclaration, parseMethod, positionsOf } from './parse.ts'
import { reachViolations } from './reach.ts'
import { scopesOf } from './scope.ts'
import { storageViolations } from './storage.ts'
import type { Verdict, Violation } from './verdict.ts'

export { formatReport, reportLines, type Verdict, type Violation, type ViolationCode } from './verdict.ts'

/** A verdict names no more violations than this. */
export const MAX_VIOLATIONS = 50

export interface AuditOptions {
  /** The selector the function must be named after. */
  readonly name: string
  /** Parameters after `self`. */
  readonly arity: number
  /** Granted capabilities: clock, random, fetch, mind, memory (`fetch:host` grants the name `fetch`). */
  readonly uses?: readonly string[]
}

/** Judges a method's text; lines and columns count from 1 in `source`. */
export function auditMethod(source: string, { name, arity, uses = [] }: AuditOptions): Verdict {
  try {
    const parsed = parseMethod(source, { name, arity })
    if (parsed.kind === 'refused') return verdictOf(parsed.violations)
    const scopes = scopesOf(parsed.method)
    const guarded = tooManyFinally(source, parsed.method)
    return verdictOf([
      ...parsed.violations,
      ...reachViolations(source, scopes, uses),
      ...storageViolations(source, scopes),
      ...(guarded ? [guarded] : covenantViolations(source, scopes)),
    ])
  } catch (thrown) {
    // The bounds of the parser keep the passes within the stack; should one of them fail on some text all the same,
    // that text has not been judged, and what has not been judged is refused.
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return verdictOf([
      { code: 'shape', line: 1, column: 1, message: `the method cannot be judged: ${reason}` },
    ])
  }
}

function verdictOf(found: readonly Violation[]): Verdict {
  const once = new Map(found.map((v) => [`${v.line}:${v.column}:${v.code}:${v.subject}`, v]))
  const violations = [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column)
  return { ok: violations.length === 0, violations: violations.slice(0, MAX_VIOLATIONS) }
}

function tooManyFinally(source: string, method: FunctionDeclaration): Violation | undefined {
  let found: Violation | undefined
  eachNode(method, (node, parents) => {
    if (found || node.type !== 'TryStatement' || !node.finalizer) return
    const around = parents.filter((p) => p.type === 'TryStatement' && p.finalizer).length
    if (around >= MAX_FINALLY)
      found = {
        code: 'shape',
        ...positionsOf(source)(node.start),
        message: `finally may be nested ${MAX_FINALLY} deep; take the inner part out`,
      }
  })
  return found
}
