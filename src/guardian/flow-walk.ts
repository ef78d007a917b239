// What the parts of the construction of a flow (flow-of.ts) share while they walk over the syntax of a method: the graph
// that grows, what is known of values, and the steps that they take in turn. A part hands a point of the graph on to
// `visit` wherever there is syntax that it does not know itself.
import { unwrapped } from './callee.ts'
import type { FlowGraph } from './flow.ts'
import type { AnyNode } from './parse.ts'
import type { Reached } from './reached.ts'
import type { Fn, Scopes } from './scope.ts'

export interface FlowInput {
  readonly scopes: Scopes
  readonly reached: Reached
  /** The same with what is stored into the state on the way. */
  readonly late: Reached
}

export interface Walk extends FlowInput {
  readonly graph: FlowGraph
  /** Follows a statement or an expression from a point. */
  readonly visit: (from: number, node: AnyNode, c: Context) => number
  /** Follows these one after the other; those that are not there are passed over. */
  readonly visitAll: (from: number, nodes: readonly (AnyNode | null | undefined)[], c: Context) => number
  /** Here an exception may be raised, or unknown code may run. */
  readonly mayRaise: (from: number, c: Context) => number
  /** From here an optional chain may be left. */
  readonly skip: (point: number) => void
}

/** Where the construction is: in which function, where exceptions go, what is to be left by a jump. */
export interface Context {
  readonly fn: Fn
  readonly raise: number
  readonly frames: readonly Frame[]
}

export type Frame =
  | {
      readonly kind: 'target'
      readonly labels: readonly string[]
      /** Plain `break` ends it. */
      readonly breakable: boolean
      readonly breaks: number[]
      /** Where `continue` goes, of a loop. */
      readonly again?: number
    }
  | {
      readonly kind: 'finally'
      readonly block: AnyNode
      readonly outer: Context
      readonly copies: Map<string, number>
    }

/** Whether an expression is `self`, or a constant that is. */
export function isSelf(node: AnyNode, scopes: Scopes): boolean {
  const inner = unwrapped(node)
  const binding = inner.type === 'Identifier' ? scopes.bindingOf.get(inner) : undefined
  if (!binding) return false
  if (binding.kind === 'self') return binding.writes === 0
  const { kind, init } = binding
  return kind === 'const' && init !== undefined && init !== inner && isSelf(init, scopes)
}
