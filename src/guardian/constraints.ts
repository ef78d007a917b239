// The constraints that the syntax of a method puts on its values, one for each place where a value goes somewhere. Each is
// a step that adds to what is known what follows from what is known so far; they are repeated until nothing new follows.
import { type AssigningInput, assigningIn } from './assigning.ts'
import { STATIC_MUTATORS, TAKES_ARGUMENTS } from './builtins.ts'
import { passToCallbacks } from './callbacks.ts'
import { calleeOf } from './callee.ts'
import type { Expressions } from './expressions.ts'
import { CLEAN, join, NO_FNS, read, type Value } from './layers.ts'
import { type AnyNode, type CallExpression, childrenOf } from './parse.ts'
import { type Fn, isFunction } from './scope.ts'

export function constraintsOf(input: AssigningInput & Expressions): readonly (() => void)[] {
  const { scopes, known, valueFrom, elementOf } = input
  const { bind, put, pass } = assigningIn(input)
  const calling = { ...input, pass }
  const constraints: (() => void)[] = []

  /** `pattern` is given what is taken from `source`. */
  const give = (pattern: AnyNode, source: AnyNode, at: AnyNode, taken = valueFrom): void => {
    constraints.push(() => bind(pattern, { value: taken(source), from: known.rootsOf(source), at }))
  }
  /** A function answers `value`, which `source` is. */
  const answer = (fn: Fn, value: Value, source: AnyNode, at: AnyNode): void => {
    known.answer(fn, value)
    known.share([known.sharing.answerOf(fn), ...known.rootsOf(source)], at)
  }
  const called = (node: CallExpression): void => {
    const callee = calleeOf(node, scopes)
    if (callee.kind === 'method' && callee.name !== undefined && TAKES_ARGUMENTS.has(callee.name)) {
      const receiver = valueFrom(callee.receiver)
      if (!(receiver.self && receiver.layers === CLEAN))
        for (const a of callee.args)
          put(callee.receiver, { value: elementOf(a), from: known.rootsOf(a), at: node })
    }
    const [target, ...rest] = node.arguments
    if (callee.kind === 'static' && STATIC_MUTATORS.has(callee.name) && target)
      for (const a of rest) {
        const value = join(valueFrom(a), read(valueFrom(a)))
        put(target, { value, from: known.rootsOf(a), at: node })
      }
  }

  const collect = (node: AnyNode, owner: Fn): void => {
    const inner = isFunction(node) ? (scopes.fnOf.get(node) ?? owner) : owner
    switch (node.type) {
      case 'VariableDeclarator':
        if (node.init) give(node.id, node.init, node)
        break
      case 'AssignmentExpression':
        if (node.operator === '=' || /^(\|\||&&|\?\?)=$/.test(node.operator))
          give(node.left, node.right, node)
        break
      case 'ForOfStatement':
        give(node.left, node.right, node, (each) => read(valueFrom(each)))
        break
      case 'AssignmentPattern':
        give(node.left, node.right, node)
        break
      case 'ReturnStatement':
      case 'YieldExpression': {
        const { argument } = node
        const isSpread = node.type === 'YieldExpression' && node.delegate
        if (argument)
          constraints.push(() => {
            const value = valueFrom(argument)
            answer(owner, isSpread ? read(value) : value, argument, node)
            known.letOut(owner.index === 0 ? value : { ...value, fns: NO_FNS })
          })
        break
      }
      case 'ThrowStatement':
        constraints.push(() => known.throwOut(valueFrom(node.argument), known.rootsOf(node.argument)))
        break
      case 'CatchClause': {
        const { param } = node
        if (param)
          constraints.push(() => bind(param, { value: known.thrown, from: known.thrownRoots, at: node }))
        break
      }
      case 'ArrayExpression':
        constraints.push(() => {
          for (const element of node.elements) if (element) known.letOut(valueFrom(element))
        })
        break
      case 'ObjectExpression':
        constraints.push(() => {
          for (const p of node.properties) if (p.type === 'Property') known.letOut(valueFrom(p.value))
        })
        break
      case 'TaggedTemplateExpression':
        constraints.push(() => known.letOut(valueFrom(node.tag)))
        break
      case 'ArrowFunctionExpression':
        if (node.expression) constraints.push(() => answer(inner, valueFrom(node.body), node.body, node))
        break
      case 'NewExpression':
        constraints.push(() => passToCallbacks(node, calling))
        break
      case 'CallExpression':
        constraints.push(() => {
          passToCallbacks(node, calling)
          called(node)
        })
        break
      case 'ClassBody':
        return // classes are refused elsewhere
    }
    for (const child of childrenOf(node)) collect(child, inner)
  }

  const method = scopes.fns[0]!
  collect(method.node, method)
  return constraints
}
