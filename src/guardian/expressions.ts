// What an expression may be, given what the names may hold.
import { ANSWERS } from './builtins.ts'
import { calleeOf, unwrapped } from './callee.ts'
import { nameOf } from './constants.ts'
import { CLEAN, clean, containing, isClean, join, NO_FNS, part, read, type Value } from './layers.ts'
import type { AnyNode, CallExpression } from './parse.ts'
import { type Binding, type Fn, isFunction, type Scopes } from './scope.ts'

/** What is known so far; it only grows. */
export interface Facts {
  readonly values: ReadonlyMap<Binding, Value>
  /** What functions of the method may answer. */
  readonly answers: ReadonlyMap<Fn, Value>
  /** Functions that got out of sight (into containers, away as answers) and may be called by anything. */
  readonly escaped: ReadonlySet<Fn>
  /** The solver ran out of rounds: every name may hold anything. */
  readonly gaveUp: boolean
}

export interface Expressions {
  valueFrom(node: AnyNode): Value
  /** Of an argument or element: what a spread one spreads. */
  elementOf(node: AnyNode): Value
  answerOf(fn: Fn): Value
}

/** The reading of expressions under facts that may grow meanwhile. */
export function expressionsOver(scopes: Scopes, facts: Facts): Expressions {
  const valueFrom = (node: AnyNode): Value => {
    switch (node.type) {
      case 'Identifier': {
        const binding = scopes.bindingOf.get(node)
        if (!binding) return clean
        if (binding.kind === 'self') return { layers: CLEAN, self: true, fns: NO_FNS }
        const value = facts.values.get(binding) ?? clean
        const { init } = binding
        const fns = init && isFunction(init) ? new Set([...value.fns, scopes.fnOf.get(init)!]) : value.fns
        return facts.gaveUp ? { layers: 0, self: true, fns: new Set(scopes.fns) } : { ...value, fns }
      }
      case 'ThisExpression':
        return part // of an inner function: whatever it was called on
      case 'MemberExpression': {
        const object = valueFrom(node.object)
        const name = nameOf(node, scopes)
        return name === 'length' || name === 'size' ? clean : read(object)
      }
      case 'ArrayExpression':
        return containing(...node.elements.map((e) => (e ? elementOf(e) : clean)))
      case 'ObjectExpression':
        return containing(
          ...node.properties.map((p) => (p.type === 'Property' ? valueFrom(p.value) : elementOf(p))),
        )
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression': {
        const fn = scopes.fnOf.get(node)
        return fn ? { ...clean, fns: new Set([fn]) } : clean
      }
      case 'ConditionalExpression':
        return join(valueFrom(node.consequent), valueFrom(node.alternate))
      case 'LogicalExpression':
        // What `&&` answers from its left side is falsy, and so not a container.
        return node.operator === '&&'
          ? valueFrom(node.right)
          : join(valueFrom(node.left), valueFrom(node.right))
      case 'SequenceExpression':
        return valueFrom(node.expressions.at(-1)!)
      case 'AssignmentExpression': {
        if (node.operator === '=') return valueFrom(node.right)
        const logical = node.operator === '||=' || node.operator === '&&=' || node.operator === '??='
        return logical ? join(valueFrom(node.left), valueFrom(node.right)) : clean
      }
      case 'AwaitExpression':
        return valueFrom(node.argument)
      case 'ChainExpression':
      case 'ParenthesizedExpression':
        return valueFrom(node.expression)
      case 'SpreadElement':
        return elementOf(node)
      case 'YieldExpression':
        return part
      case 'NewExpression': {
        const args = node.arguments.map(elementOf)
        const callee = unwrapped(node.callee)
        if (callee.type === 'Identifier' && NEW_CLEAN.test(callee.name)) return clean
        return containing(...args.map((a) => join(join(a, read(a)), read(read(a))))) // of pairs, too
      }
      case 'TaggedTemplateExpression':
        return anyOf(node.quasi.expressions.map(valueFrom))
      case 'CallExpression':
        return callValue(node)
      default:
        return clean
    }
  }
  const elementOf = (node: AnyNode): Value =>
    node.type === 'SpreadElement' ? read(valueFrom(node.argument)) : valueFrom(node)
  const anyOf = (args: readonly Value[]): Value => {
    const joined = args.reduce(join, clean)
    const local = [...facts.escaped].reduce((v, fn) => join(v, answerOf(fn)), clean)
    return joined.layers === CLEAN && !joined.self ? local : join(part, local)
  }
  const answerOf = (fn: Fn): Value => {
    const value = facts.answers.get(fn) ?? clean
    return fn.node.generator ? containing(value) : value
  }
  const answersOf = (value: Value): Value => [...value.fns].reduce((v, fn) => join(v, answerOf(fn)), clean)

  const callValue = (call: CallExpression): Value => {
    const callee = calleeOf(call, scopes)
    const args = call.arguments.map(elementOf)
    const first = args[0] ?? clean
    switch (callee.kind) {
      case 'static':
        switch (callee.name) {
          case 'Object.assign':
          case 'Object.freeze':
          case 'Promise.resolve':
          case 'Object.create':
            return args.slice(1).reduce((v, a) => join(v, containing(read(a))), first)
          case 'Object.values':
          case 'Array.of':
          case 'Promise.all':
          case 'Promise.race':
          case 'Promise.any':
            return containing(...args.map((a) => join(a, read(a))))
          case 'Array.from':
            return args[1] ? containing(answersOf(args[1])) : containing(read(first))
          case 'Object.entries':
          case 'Promise.allSettled':
            return containing(containing(read(first)))
          case 'Object.fromEntries':
          case 'Object.groupBy':
            return containing(read(read(first)), read(first))
          case 'Object.keys':
          case 'Array.isArray':
          case 'Object.is':
          case 'Object.hasOwn':
            return clean
          default:
            return /^(Math|JSON|Number|String|Date|BigInt|Symbol)\./.test(callee.name) ? clean : anyOf(args)
        }
      case 'method': {
        const { name } = callee
        const receiver = valueFrom(callee.receiver)
        const inside = callee.args.map(elementOf)
        const results = inside.reduce((v, a) => join(v, answersOf(a)), clean)
        switch (name === undefined ? undefined : ANSWERS.get(name)) {
          case 'element':
            return join(
              join(read(receiver), results),
              name?.startsWith('reduce') ? (inside[1] ?? clean) : clean,
            )
          case 'receiver':
            return receiver
          case 'copy':
            return name === 'flat' && !isClean(receiver)
              ? containing(part)
              : containing(read(receiver), ...inside.map((a) => join(a, read(a))))
          case 'pairs':
            return containing(containing(read(receiver)))
          case 'mapped':
            return name === 'map' ? containing(results) : containing(results, read(results))
          case 'promise':
            return join(receiver, results)
          case 'primitive':
            return clean
          default: {
            // A message: selectors with arguments end in `_`, and only objects, not their data, are sent others.
            const isMessage =
              name === 'send' || name?.endsWith('_') || (receiver.self && receiver.layers === CLEAN)
            if (isMessage) return clean
            return receiver.layers < CLEAN || receiver.self ? part : anyOf([])
          }
        }
      }
      case 'value': {
        const { callee: target } = callee
        if (target.type === 'Identifier' && !scopes.bindingOf.get(target))
          return target.name === 'Object' ? first : clean
        const fn = valueFrom(target)
        return fn.fns.size > 0 ? answersOf(fn) : anyOf(args)
      }
    }
  }

  return { valueFrom, elementOf, answerOf }
}

const NEW_CLEAN = /^(Date|\w*Error|RegExp|Number|String|Boolean|Uint8Array|ArrayBuffer)$/
