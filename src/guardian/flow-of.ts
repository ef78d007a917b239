// Builds the flow of a method from its syntax: each statement and expression is followed in the order in which the
// language evaluates it, and a point of the graph is handed from one to the next. Writes, calls and blocks that can be
// left early have files of their own.
//
// Approximations, all on the safe side: any condition may go either way (but `while (true)` ends by `break` only);
// a callback handed to a call runs any number of times during it; whatever may raise an exception, does, too.
import { unwrapped } from './callee.ts'
import { type Flow, FlowGraph, NOWHERE } from './flow.ts'
import { blocksOf } from './flow-blocks.ts'
import { callsOf } from './flow-calls.ts'
import { type Context, type FlowInput, isSelf, type Walk } from './flow-walk.ts'
import { writesOf } from './flow-writes.ts'
import type { AnyNode } from './parse.ts'

/** How deep `finally` blocks may be nested; each level multiplies the copies. */
export const MAX_FINALLY = 3

export function flowOf(input: FlowInput): Flow {
  const { scopes, late } = input
  const graph = new FlowGraph()
  const ANY = scopes.fns.length
  const LATER = ANY + 1
  const unseen = new Set([...late.escaped].map((fn) => fn.index))
  const unawaited = new Set<number>()
  let optional: number[] = [] // ways out of the optional chain being followed

  const visit = (from: number, node: AnyNode, c: Context): number => {
    if (from === NOWHERE) return NOWHERE
    const { index } = c.fn
    switch (node.type) {
      case 'BlockStatement':
        return visitAll(from, node.body, c)
      case 'ExpressionStatement':
      case 'ParenthesizedExpression':
        return visit(from, node.expression, c)
      case 'VariableDeclaration':
        return visitAll(from, node.declarations, c)
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
        jump(from, { kind: 'break', label: node.label?.name, at: node }, c)
        return NOWHERE
      case 'ContinueStatement':
        jump(from, { kind: 'continue', label: node.label?.name, at: node }, c)
        return NOWHERE
      case 'ReturnStatement':
        jump(visitAll(from, [node.argument], c), { kind: 'return', at: node }, c)
        return NOWHERE
      case 'ThrowStatement':
        graph.link(visit(from, node.argument, c), c.raise)
        return NOWHERE
      case 'TryStatement':
        return tryOf(from, node, c)
      case 'WithStatement':
        return visitAll(from, [node.object, node.body], c)

      case 'LogicalExpression': {
        const left = visit(from, node.left, c)
        return graph.merge(index, left, visit(left, node.right, c))
      }
      case 'SequenceExpression':
      case 'TemplateLiteral':
        return node.expressions.length > 0 && node.type === 'TemplateLiteral'
          ? mayRaise(visitAll(from, node.expressions, c), c)
          : visitAll(from, node.expressions, c)
      case 'ChainExpression': {
        const outer = optional
        optional = []
        const end = visit(from, node.expression, c)
        const merged = graph.merge(index, end, ...optional)
        optional = outer
        return merged
      }
      case 'AssignmentExpression':
        return assign(from, node, c)
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
        return isSelf(node.object, scopes) ? at : mayRaise(at, c)
      }
      case 'CallExpression':
      case 'NewExpression':
        return call(from, node, false, c)
      case 'AwaitExpression': {
        const inner = unwrapped(node.argument)
        const at = inner.type === 'CallExpression' ? call(from, inner, true, c) : visit(from, inner, c)
        if (index > 0) graph.link(at, graph.functions[index]!.paused)
        return graph.emit(mayRaise(at, c), { kind: 'step', fn: index })
      }
      case 'YieldExpression': {
        const at = mayRaise(visitAll(from, [node.argument], c), c)
        graph.link(at, graph.functions[index]!.end)
        return graph.emit(at, { kind: 'step', fn: index })
      }
      case 'TaggedTemplateExpression':
        return runMany(
          mayRaise(visitAll(from, [node.tag, node.quasi], c), c),
          late.valueFrom(node.tag).fns,
          false,
          c,
        )
      case 'ArrayExpression':
        return visitAll(from, node.elements, c)
      case 'ObjectExpression':
        return visitAll(from, node.properties, c)
      case 'Property':
        return visitAll(from, [node.computed ? node.key : undefined, node.value], c)
      case 'SpreadElement':
        return mayRaise(visit(from, node.argument, c), c)
      default:
        return from // names, literals, functions where they are written: nothing happens yet
    }
  }

  const visitAll: Walk['visitAll'] = (from, nodes, c) =>
    nodes.reduce<number>((at, node) => (node ? visit(at, node, c) : at), from)
  const mayRaise = (from: number, c: Context): number => {
    const last = graph.nodes[from]
    if (from === NOWHERE || (last?.callee === ANY && last.raise === c.raise && last.next.length === 0))
      return from
    return graph.emit(from, { kind: 'call', fn: c.fn.index, callee: ANY, raise: c.raise })
  }
  const skip = (point: number): void => void optional.push(point)

  const walk: Walk = { ...input, graph, visit, visitAll, mayRaise, skip }
  const { assign, assignTo, write, reference, storing } = writesOf(walk)
  const { call, runMany } = callsOf({ ...walk, storing, unseen, unawaited })
  const { labelled, tryOf, jump, leave } = blocksOf({ ...walk, assignTo, later: LATER })

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
