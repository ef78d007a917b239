// Builds the flow of a method from its syntax: each statement and expression is followed in the order in which the
// language evaluates it, and a point of the graph is handed from one to the next.
//
// Approximations, all on the safe side: any condition may go either way (but `while (true)` ends by `break` only);
// a callback handed to a call runs any number of times during it; whatever may raise an exception, does, too. What a
// `finally` block guards gets a copy of the block for each way of leaving it.
// Assignments to a slot of `self` are taken not to raise: what the slot cannot hold is refused before it changes.

import { unwrapped } from './callee.ts'
import { nameOf } from './constants.ts'
import { type Flow, FlowGraph, NOWHERE } from './flow.ts'
import { type Context, callsOf, type Frame } from './flow-calls.ts'
import { isPart } from './layers.ts'
import type { AnyNode, TryStatement } from './parse.ts'
import type { Reached } from './reached.ts'
import type { Scopes } from './scope.ts'

export interface FlowInput {
  readonly scopes: Scopes
  readonly reached: Reached
  /** The same with what is stored into the state on the way. */
  readonly late: Reached
}

/** How deep `finally` blocks may be nested; each level multiplies the copies. */
export const MAX_FINALLY = 3

export function flowOf({ scopes, reached, late }: FlowInput): Flow {
  const graph = new FlowGraph()
  const ANY = scopes.fns.length
  const LATER = ANY + 1
  const unseen = new Set([...late.escaped].map((fn) => fn.index))
  const unawaited = new Set<number>()
  let optional: number[] = [] // ways out of the optional chain being followed

  // ---- small steps
  const mayRaise = (from: number, c: Context): number => {
    const last = graph.nodes[from]
    if (from === NOWHERE || (last?.callee === ANY && last.raise === c.raise && last.next.length === 0))
      return from
    return graph.emit(from, { kind: 'call', fn: c.fn.index, callee: ANY, raise: c.raise })
  }
  const all = (from: number, nodes: readonly (AnyNode | null | undefined)[], c: Context): number =>
    nodes.reduce<number>((at, node) => (node ? visit(at, node, c) : at), from)

  const isSelf = (node: AnyNode): boolean => {
    const inner = unwrapped(node)
    const binding = inner.type === 'Identifier' ? scopes.bindingOf.get(inner) : undefined
    if (!binding) return false
    if (binding.kind === 'self') return binding.writes === 0
    return (
      binding.kind === 'const' && binding.init !== undefined && binding.init !== inner && isSelf(binding.init)
    )
  }
  const changing = (from: number, at: AnyNode, object: AnyNode, c: Context): number => {
    const now = reached.valueFrom(object)
    if (isPart(now) || now.self) return graph.emit(from, { kind: 'change', fn: c.fn.index, at })
    const then = late.valueFrom(object)
    if (isPart(then) || then.self) return graph.emit(from, { kind: 'change', fn: c.fn.index, at, late: true })
    return from
  }
  const storing = (from: number, at: AnyNode, c: Context): number =>
    late.stores.has(at) ? graph.emit(from, { kind: 'step', fn: c.fn.index, store: true }) : from

  // Writing to a member, whose object and key have been visited.
  const write = (
    from: number,
    member: Extract<AnyNode, { type: 'MemberExpression' }>,
    c: Context,
  ): number => {
    if (late.valueFrom(member.object).self && nameOf(member, scopes) === '_p_changed') return from
    const at = isSelf(member.object) ? from : mayRaise(from, c)
    return storing(changing(at, member, member.object, c), member, c)
  }
  const assignTo = (from: number, pattern: AnyNode, c: Context): number => {
    switch (pattern.type) {
      case 'MemberExpression':
        return write(reference(from, pattern, c), pattern, c)
      case 'ObjectPattern':
        return pattern.properties.reduce(
          (at, p) =>
            p.type === 'Property'
              ? assignTo(p.computed ? visit(at, p.key, c) : at, p.value, c)
              : assignTo(at, p.argument, c),
          mayRaise(from, c),
        )
      case 'ArrayPattern':
        return pattern.elements.reduce<number>((at, e) => (e ? assignTo(at, e, c) : at), mayRaise(from, c))
      case 'AssignmentPattern':
        return assignTo(graph.merge(c.fn.index, from, visit(from, pattern.right, c)), pattern.left, c)
      case 'RestElement':
        return assignTo(from, pattern.argument, c)
      case 'VariableDeclaration':
        return assignTo(from, pattern.declarations[0]!.id, c)
      default:
        return from
    }
  }
  // The object and the key of a member that is about to be written, deleted or called.
  const reference = (
    from: number,
    member: Extract<AnyNode, { type: 'MemberExpression' }>,
    c: Context,
  ): number => {
    const object = visit(from, member.object, c)
    if (member.optional) optional.push(object)
    return member.computed ? mayRaise(visit(object, member.property, c), c) : object
  }

  const { call, runMany } = callsOf({
    graph,
    scopes,
    reached,
    late,
    unseen,
    unawaited,
    mayRaise,
    storing,
    visit: (from, node, c) => visit(from, node, c),
    skip: (point) => {
      optional.push(point)
    },
  })

  // ---- leaving blocks
  const jump = (
    from: number,
    kind: 'break' | 'continue' | 'return',
    label: string | undefined,
    c: Context,
    at: AnyNode,
  ): void => {
    let point = from
    for (let i = c.frames.length - 1; i >= 0 && point !== NOWHERE; i--) {
      const frame = c.frames[i]!
      if (frame.kind === 'finally') {
        const key = `${kind} ${label ?? ''}`
        const copy = frame.copies.get(key)
        if (copy !== undefined) {
          graph.link(point, copy)
          return
        }
        point = graph.emit(point, { kind: 'step', fn: c.fn.index })
        if (point !== NOWHERE) frame.copies.set(key, point)
        point = visit(point, frame.block, frame.outer)
        continue
      }
      if (kind === 'return') continue
      const named =
        label === undefined
          ? kind === 'break'
            ? frame.breakable
            : frame.again !== undefined
          : frame.labels.includes(label)
      if (!named) continue
      if (kind === 'break') frame.breaks.push(point)
      else graph.link(point, frame.again ?? NOWHERE)
      return
    }
    if (kind === 'return') leave(point, c, at)
  }
  const leave = (from: number, c: Context, at: AnyNode): void => {
    const done =
      c.fn.index === 0 ? graph.emit(from, { kind: 'call', fn: 0, callee: LATER, raise: c.raise }) : from
    const exit = graph.emit(done, { kind: 'step', fn: c.fn.index, at })
    graph.link(exit, graph.functions[c.fn.index]!.end)
  }

  const tryOf = (from: number, node: TryStatement, c: Context): number => {
    const { index } = c.fn
    const start = graph.emit(from, { kind: 'step', fn: index })
    if (start === NOWHERE) return NOWHERE
    let guarded = c
    const { finalizer, handler } = node
    if (finalizer) {
      const raised = graph.emit(start, { kind: 'step', fn: index })
      graph.link(visit(raised, finalizer, c), c.raise)
      guarded = {
        ...c,
        raise: raised,
        frames: [...c.frames, { kind: 'finally', block: finalizer, outer: c, copies: new Map() }],
      }
    }
    let caught = NOWHERE
    let end: number
    if (handler) {
      const raised = graph.emit(start, { kind: 'step', fn: index })
      end = visit(start, node.block, { ...guarded, raise: raised })
      const bound = handler.param ? assignTo(raised, handler.param, guarded) : raised
      caught = visit(bound, handler.body, guarded)
    } else end = visit(start, node.block, guarded)
    const done = graph.merge(index, end, caught)
    return finalizer ? visit(done, finalizer, c) : done
  }

  const isAlways = (test: AnyNode | null | undefined): boolean =>
    !test || (test.type === 'Literal' && (test.value === true || test.value === 1))
  const loop = (
    from: number,
    parts: {
      readonly labels: readonly string[]
      readonly test?: AnyNode | null | undefined
      readonly update?: AnyNode | null | undefined
      readonly body: AnyNode
      /** The body comes before the test. */
      readonly bodyFirst?: boolean
      /** An iteration: each round takes a value into this. */
      readonly each?: AnyNode
    },
    c: Context,
  ): number => {
    const { index } = c.fn
    const head = graph.emit(from, { kind: 'step', fn: index })
    if (head === NOWHERE) return NOWHERE
    const again = graph.add({ kind: 'step', fn: index })
    const breaks: number[] = []
    const inner: Context = {
      ...c,
      frames: [...c.frames, { kind: 'target', labels: parts.labels, breakable: true, breaks, again }],
    }
    const test = (point: number) => (parts.each ? mayRaise(point, c) : all(point, [parts.test], c))
    const endless = !parts.each && isAlways(parts.test)
    const begin = parts.bodyFirst ? head : test(head)
    const entered = parts.each ? assignTo(begin, parts.each, c) : begin
    graph.link(visit(entered, parts.body, inner), again)
    const next = parts.bodyFirst ? test(again) : all(again, [parts.update], c)
    graph.link(next, head)
    return graph.merge(index, ...breaks, endless ? NOWHERE : parts.bodyFirst ? next : begin)
  }

  // ---- statements and expressions
  const labelled = (from: number, node: AnyNode, labels: readonly string[], c: Context): number => {
    switch (node.type) {
      case 'LabeledStatement':
        return labelled(from, node.body, [...labels, node.label.name], c)
      case 'WhileStatement':
        return loop(from, { labels, test: node.test, body: node.body }, c)
      case 'DoWhileStatement':
        return loop(from, { labels, test: node.test, body: node.body, bodyFirst: true }, c)
      case 'ForStatement':
        return loop(
          all(from, [node.init], c),
          { labels, test: node.test, update: node.update, body: node.body },
          c,
        )
      case 'ForInStatement':
      case 'ForOfStatement':
        return loop(mayRaise(visit(from, node.right, c), c), { labels, each: node.left, body: node.body }, c)
      default: {
        const breaks: number[] = []
        const frame: Frame = { kind: 'target', labels, breakable: node.type === 'SwitchStatement', breaks }
        const inner = { ...c, frames: [...c.frames, frame] }
        const end = node.type === 'SwitchStatement' ? switchOf(from, node, inner) : visit(from, node, inner)
        return graph.merge(c.fn.index, end, ...breaks)
      }
    }
  }
  const switchOf = (
    from: number,
    node: Extract<AnyNode, { type: 'SwitchStatement' }>,
    c: Context,
  ): number => {
    let testing = visit(from, node.discriminant, c)
    const entries = node.cases.map((branch) => {
      if (branch.test) testing = visit(testing, branch.test, c)
      return testing
    })
    let running = NOWHERE
    node.cases.forEach((branch, i) => {
      running = graph.merge(c.fn.index, running, branch.test ? entries[i]! : testing)
      running = all(running, branch.consequent, c)
    })
    const hasDefault = node.cases.some((branch) => !branch.test)
    return graph.merge(c.fn.index, running, hasDefault ? NOWHERE : testing)
  }

  const visit = (from: number, node: AnyNode, c: Context): number => {
    if (from === NOWHERE) return NOWHERE
    const { index } = c.fn
    switch (node.type) {
      case 'BlockStatement':
        return all(from, node.body, c)
      case 'ExpressionStatement':
      case 'ParenthesizedExpression':
        return visit(from, node.expression, c)
      case 'VariableDeclaration':
        return all(from, node.declarations, c)
      case 'VariableDeclarator':
        return node.init ? assignTo(visit(from, node.init, c), node.id, c) : from
      case 'IfStatement':
      case 'ConditionalExpression': {
        const test = visit(from, node.test, c)
        const yes = visit(test, node.consequent, c)
        return graph.merge(index, yes, node.alternate ? visit(test, node.alternate, c) : test)
      }
      case 'LabeledStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'SwitchStatement':
        return labelled(from, node, [], c)
      case 'BreakStatement':
        jump(from, 'break', node.label?.name, c, node)
        return NOWHERE
      case 'ContinueStatement':
        jump(from, 'continue', node.label?.name, c, node)
        return NOWHERE
      case 'ReturnStatement':
        jump(all(from, [node.argument], c), 'return', undefined, c, node)
        return NOWHERE
      case 'ThrowStatement':
        graph.link(visit(from, node.argument, c), c.raise)
        return NOWHERE
      case 'TryStatement':
        return tryOf(from, node, c)
      case 'WithStatement':
        return all(from, [node.object, node.body], c)

      case 'LogicalExpression': {
        const left = visit(from, node.left, c)
        return graph.merge(index, left, visit(left, node.right, c))
      }
      case 'SequenceExpression':
      case 'TemplateLiteral':
        return node.expressions.length > 0 && node.type === 'TemplateLiteral'
          ? mayRaise(all(from, node.expressions, c), c)
          : all(from, node.expressions, c)
      case 'ChainExpression': {
        const outer = optional
        optional = []
        const end = visit(from, node.expression, c)
        const merged = graph.merge(index, end, ...optional)
        optional = outer
        return merged
      }
      case 'AssignmentExpression':
        return assignment(from, node, c)
      case 'UpdateExpression':
        return node.argument.type === 'MemberExpression'
          ? write(mayRaise(reference(from, node.argument, c), c), node.argument, c)
          : mayRaise(visit(from, node.argument, c), c)
      case 'UnaryExpression': {
        const argument = unwrapped(node.argument)
        if (node.operator === 'delete' && argument.type === 'MemberExpression') {
          const at = reference(from, argument, c)
          return graph.merge(index, write(at, argument, c), argument === node.argument ? NOWHERE : at)
        }
        const at = visit(from, node.argument, c)
        return node.operator === '!' || node.operator === 'typeof' || node.operator === 'void'
          ? at
          : mayRaise(at, c)
      }
      case 'BinaryExpression': {
        const at = visit(visit(from, node.left, c), node.right, c)
        return node.operator === '===' || node.operator === '!==' ? at : mayRaise(at, c)
      }
      case 'MemberExpression': {
        const at = reference(from, node, c)
        return isSelf(node.object) ? at : mayRaise(at, c)
      }
      case 'CallExpression':
        return call(from, node, false, c)
      case 'NewExpression':
        return call(from, node, false, c)
      case 'AwaitExpression': {
        const inner = unwrapped(node.argument)
        const at = inner.type === 'CallExpression' ? call(from, inner, true, c) : visit(from, inner, c)
        if (index > 0) graph.link(at, graph.functions[index]!.paused)
        return graph.emit(mayRaise(at, c), { kind: 'step', fn: index })
      }
      case 'YieldExpression': {
        const at = mayRaise(all(from, [node.argument], c), c)
        graph.link(at, graph.functions[index]!.end)
        return graph.emit(at, { kind: 'step', fn: index })
      }
      case 'TaggedTemplateExpression':
        return runMany(
          mayRaise(all(from, [node.tag, node.quasi], c), c),
          late.valueFrom(node.tag).fns,
          false,
          c,
        )
      case 'ArrayExpression':
        return all(from, node.elements, c)
      case 'ObjectExpression':
        return all(from, node.properties, c)
      case 'Property':
        return all(from, [node.computed ? node.key : undefined, node.value], c)
      case 'SpreadElement':
        return mayRaise(visit(from, node.argument, c), c)
      default:
        return from // names, literals, functions where they are written: nothing happens yet
    }
  }

  const assignment = (
    from: number,
    node: Extract<AnyNode, { type: 'AssignmentExpression' }>,
    c: Context,
  ): number => {
    const { left, right, operator } = node
    if (left.type !== 'MemberExpression') {
      const at = visit(from, right, c)
      if (isLogical(operator)) return graph.merge(c.fn.index, at, from)
      return operator === '=' ? assignTo(at, left, c) : mayRaise(at, c)
    }
    const target = reference(from, left, c)
    if (isLogical(operator)) return graph.merge(c.fn.index, target, write(visit(target, right, c), left, c))
    let at = visit(target, right, c)
    if (operator !== '=') at = mayRaise(at, c)
    const isFlag = isSelf(left.object) && nameOf(left, scopes) === '_p_changed'
    if (isFlag && operator === '=' && right.type === 'Literal' && right.value === true)
      return graph.emit(at, { kind: 'flag', fn: c.fn.index })
    return write(at, left, c)
  }

  // ---- all functions
  for (let i = 0; i < scopes.fns.length; i++) graph.openFunction(i)
  graph.openFunction(ANY)
  graph.openFunction(LATER)
  for (const fn of scopes.fns) {
    const { entry, thrown } = graph.functions[fn.index]!
    const c: Context = { fn, raise: thrown, frames: [] }
    const bound = fn.node.params.reduce((at, param) => assignTo(at, param, c), entry)
    const end = visit(bound, fn.node.body, c)
    leave(end, c, fn.node)
  }
  for (const index of unawaited) unseen.add(index)
  graph.addUnknown(ANY, unseen)
  graph.addUnknown(LATER, unawaited)
  return { nodes: graph.nodes, functions: graph.functions, unawaited }
}

const isLogical = (operator: string): boolean =>
  operator === '||=' || operator === '&&=' || operator === '??='
