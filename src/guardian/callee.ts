// What a call calls, told from its spelling: a function of a namespace (`Object.keys(x)`), a method of a receiver
// (`x.push(1)`, also as `x.push.call(x, 1)`), or a value.
import { nameOf } from './constants.ts'
import type { AnyNode, CallExpression, NewExpression } from './parse.ts'
import type { Scopes } from './scope.ts'

/** How a call names what it calls. */
export type Callee =
  | { readonly kind: 'static'; readonly name: string }
  /** `receiver.name(…)`, or the same spelt `.call`/`.apply`, whose arguments are then `args`. */
  | {
      readonly kind: 'method'
      readonly name: string | undefined
      readonly receiver: AnyNode
      readonly args: readonly AnyNode[]
    }
  | { readonly kind: 'value'; readonly callee: AnyNode }

const STATIC_OWNERS = new Set([
  'Object',
  'Array',
  'Reflect',
  'Math',
  'JSON',
  'Number',
  'String',
  'Promise',
  'Date',
  'BigInt',
  'Symbol',
])

export function calleeOf(call: CallExpression | NewExpression, scopes: Scopes): Callee {
  const known = callees.get(call)
  if (known) return known
  const found = findCallee(call, scopes)
  callees.set(call, found)
  return found
}
const callees = new WeakMap<CallExpression | NewExpression, Callee>()

function findCallee(call: CallExpression | NewExpression, scopes: Scopes): Callee {
  const callee = unwrapped(call.callee)
  if (callee.type !== 'MemberExpression') return { kind: 'value', callee }
  const name = nameOf(callee, scopes)
  const object = unwrapped(callee.object)
  if (object.type === 'Identifier' && STATIC_OWNERS.has(object.name) && !scopes.bindingOf.get(object))
    return { kind: 'static', name: `${object.name}.${name ?? '?'}` }
  if ((name === 'call' || name === 'apply') && object.type === 'MemberExpression' && call.arguments[0]) {
    const args = name === 'call' ? call.arguments.slice(1) : elementsOf(call.arguments[1])
    return { kind: 'method', name: nameOf(object, scopes), receiver: call.arguments[0], args }
  }
  return { kind: 'method', name, receiver: object, args: call.arguments }
}

/** Without the wrappers that only group. */
export function unwrapped(node: AnyNode): AnyNode {
  let inner = node
  while (inner.type === 'ChainExpression' || inner.type === 'ParenthesizedExpression')
    inner = inner.expression
  return inner
}

const elementsOf = (node: AnyNode | undefined): AnyNode[] =>
  node?.type === 'ArrayExpression'
    ? (node.elements.filter((e) => e !== null) as AnyNode[])
    : node
      ? [node]
      : []
