// Which values of a method may be part of the state of `self`: a may-alias analysis without order (what a name may
// hold at any time), in the manner of Andersen, over one number a value.
//
// The lattice is finite and joining only lowers, so the constraints settle when repeated until nothing changes; after
// a bounded number of rounds everything is taken as reached.
//
// Parameters of the method and the answers of messages are CLEAN: what comes by message is plain data of its own or
// a reference, and the state of another object is that object's to keep (the amnesia check at commit sees it).
// A local value that is stored into the state is part of it from then on: `late` values answer with these too.
import { MUTATORS, STATIC_MUTATORS } from './builtins.ts'
import { calleeOf } from './callee.ts'
import { constraintsOf } from './constraints.ts'
import { expressionsOver } from './expressions.ts'
import { KnownValues } from './known-values.ts'
import { isPart, type Value } from './layers.ts'
import type { AnyNode, CallExpression } from './parse.ts'
import type { Fn, Scopes } from './scope.ts'

const MAX_ROUNDS = 24

export interface Reached {
  valueFrom(node: AnyNode): Value
  /** Functions that got out of sight (into containers, away as answers) and may be called by anything. */
  readonly escaped: ReadonlySet<Fn>
  /** Nodes that store a local container into the state. */
  readonly stores: ReadonlySet<AnyNode>
}

/**
 * Solves the method's constraints twice over: what the values are by themselves (`now`), and then, going on from
 * there, with what is stored into the state on the way (`late`; the same where nothing is).
 */
export function reachedFrom(scopes: Scopes): { readonly now: Reached; readonly late: Reached } {
  const known = new KnownValues(scopes)
  const expressions = expressionsOver(scopes, known)
  let isLate = false
  const constraints = constraintsOf({ ...expressions, scopes, known, isLate: () => isLate })

  const solve = (): void => {
    for (let round = 0; ; round++) {
      known.changed = false
      for (const constrain of constraints) constrain()
      if (!known.changed) return
      if (round === MAX_ROUNDS) {
        known.giveUp()
        for (const fn of scopes.fns) known.escaped.add(fn)
        for (const constrain of constraints) constrain() // once more for the stores
        return
      }
    }
  }
  solve()
  const { valueFrom } = expressions
  const late = { valueFrom, escaped: known.escaped, stores: known.stores }
  if (known.stores.size === 0) return { now: late, late }
  const before = known.copy()
  const now = { ...before, valueFrom: expressionsOver(scopes, before).valueFrom }
  isLate = true
  solve()
  return { now, late }
}

/** Whether a call changes a part of the state through its receiver or first argument; the node of that part. */
export function mutatedBy(call: CallExpression, scopes: Scopes, reached: Reached): AnyNode | undefined {
  const callee = calleeOf(call, scopes)
  if (callee.kind === 'method' && callee.name !== undefined && MUTATORS.has(callee.name))
    return isPart(reached.valueFrom(callee.receiver)) ? callee.receiver : undefined
  const target = call.arguments[0]
  if (callee.kind === 'static' && STATIC_MUTATORS.has(callee.name) && target) {
    const value = reached.valueFrom(target)
    return isPart(value) || value.self ? target : undefined
  }
  return undefined
}
