// The flow of calls: which functions of the method run at a call, how often, and where what they throw goes.
//
// A call of a name that can only be one function runs that function; of a name that may be several, one of them or
// none. Callbacks run any number of times. A function that is not waited for (an async one whose call nobody awaits,
// a handler of such a promise) may go on at any time, and what it throws is lost.
import { calleeOf, unwrapped } from './callee.ts'
import { NOWHERE } from './flow.ts'
import type { Context, Walk } from './flow-walk.ts'
import type { AnyNode, CallExpression, NewExpression } from './parse.ts'
import { mutatedBy } from './reached.ts'
import type { Fn } from './scope.ts'

export interface CallsInput extends Walk {
  /** Indexes of functions that unknown code may run, and of those that nobody waits for; both grow. */
  readonly unseen: Set<number>
  readonly unawaited: Set<number>
  readonly storing: (from: number, at: AnyNode, c: Context) => number
}

export interface Calls {
  /** Follows a call from a point; `awaited` when the method waits for what it answers. */
  call(from: number, node: CallExpression | NewExpression, awaited: boolean, c: Context): number
  /** Runs callbacks any number of times. */
  runMany(from: number, fns: ReadonlySet<Fn>, awaited: boolean, c: Context): number
}

export function callsOf(input: CallsInput): Calls {
  const { graph, scopes, reached, late, unseen, unawaited, visit, mayRaise, storing, skip } = input
  const isAwaitable = (fn: Fn) => fn.node.async && !fn.node.generator
  // One of `fns` runs; or perhaps none, when it is not certain that it is one of these.
  const runOne = (
    from: number,
    fns: Iterable<Fn>,
    certain: boolean,
    awaited: boolean,
    c: Context,
  ): number => {
    const ways: number[] = []
    let sure = certain
    for (const fn of fns) {
      if (fn.node.generator) unseen.add(fn.index)
      else if (isAwaitable(fn) && !awaited) unawaited.add(fn.index)
      if (fn.node.generator || (isAwaitable(fn) && !awaited)) sure = false
      ways.push(graph.emit(from, { kind: 'call', fn: c.fn.index, callee: fn.index, raise: c.raise }))
    }
    return graph.merge(c.fn.index, ...ways, ...(sure && ways.length > 0 ? [] : [from]))
  }
  // Callbacks run any number of times.
  const runMany = (from: number, fns: ReadonlySet<Fn>, waited: boolean, c: Context): number => {
    if (fns.size === 0 || from === NOWHERE) return from
    const head = graph.emit(from, { kind: 'step', fn: c.fn.index })
    graph.link(runOne(head, fns, true, waited, c), head)
    return graph.emit(head, { kind: 'step', fn: c.fn.index })
  }
  const isCertain = (callee: AnyNode): boolean => {
    if (callee.type !== 'Identifier') return true // the function itself, called where it is written
    const binding = scopes.bindingOf.get(callee)
    return binding?.init !== undefined && binding.writes === 0 && scopes.fnOf.has(binding.init)
  }

  const call = (from: number, node: CallExpression | NewExpression, awaited: boolean, c: Context): number => {
    const callee = calleeOf(node, scopes)
    const name = callee.kind === 'value' ? undefined : callee.name
    // Promise.all waits for all, unless one fails early and somebody goes on after that.
    const waitsForArguments =
      awaited &&
      (name === 'Promise.allSettled' || (name === 'Promise.all' && c.raise === graph.functions[0]!.thrown))
    const isPromiseMethod = name === 'then' || name === 'catch' || name === 'finally'
    const waitsForReceiver = awaited && isPromiseMethod
    // What is thrown inside ends there, and the method goes on.
    const isCaught =
      name === 'catch' || (name === 'then' && node.arguments.length > 1) || name === 'Promise.allSettled'
    const caught = isCaught ? graph.add({ kind: 'step', fn: c.fn.index }) : NOWHERE
    const inner = isCaught ? { ...c, raise: caught } : c
    const target = unwrapped(node.callee)
    let at = from
    if (target.type === 'MemberExpression') {
      const object = unwrapped(target.object)
      at =
        waitsForReceiver && object.type === 'CallExpression'
          ? call(at, object, true, inner)
          : visit(at, target.object, inner)
      if (target.optional) skip(at)
      if (target.computed) at = visit(at, target.property, c)
    } else if (target.type !== 'Identifier') at = visit(at, target, c)
    if (node.type === 'CallExpression' && node.optional) skip(at)
    for (const argument of node.arguments) at = argumentOf(at, argument, waitsForArguments, inner)
    at = mayRaise(at, c)
    if (callee.kind === 'value') at = runOne(at, late.valueFrom(target).fns, isCertain(target), awaited, c)
    const isExecutor = target.type === 'Identifier' && target.name === 'Promise'
    for (const argument of node.arguments) {
      const { fns } = late.valueFrom(argument.type === 'SpreadElement' ? argument.argument : argument)
      if ((isPromiseMethod && !awaited) || isExecutor) for (const fn of fns) unawaited.add(fn.index)
      at = runMany(at, fns, awaited, inner)
    }
    if (isCaught) {
      graph.link(caught, c.raise)
      at = graph.merge(c.fn.index, at, caught)
    }
    if (node.type === 'CallExpression') {
      const now = mutatedBy(node, scopes, reached)
      const then = now ?? mutatedBy(node, scopes, late)
      if (then)
        at = graph.emit(at, { kind: 'change', fn: c.fn.index, at: node, ...(now ? {} : { late: true }) })
    }
    return storing(at, node, c)
  }
  const argumentOf = (from: number, argument: AnyNode, waited: boolean, c: Context): number => {
    const inner = unwrapped(argument)
    if (waited && inner.type === 'CallExpression') return call(from, inner, true, c)
    if (waited && inner.type === 'ArrayExpression')
      return inner.elements.reduce<number>((at, e) => (e ? argumentOf(at, e, true, c) : at), from)
    return visit(from, argument, c)
  }
  return { call, runMany }
}
