// Which values of a method may be part of the state of `self`: a may-alias analysis without order (what a name may
// hold at any time), in the manner of Andersen, over one number a value.
//
// The number says how many fresh layers lie over a part of the state:
//   0      the value may be a part of the state itself: writing into it changes the state
//   1..3   a fresh container; what is read from it is one layer nearer (3 stands for three or more)
//   CLEAN  no part of the state can be reached from it
// So `self.items` is 0, `[...self.items]` is 1 and its elements are 0; `self.items.length` is CLEAN. The smaller
// number is the safer one, and joining takes the smaller: the lattice has five levels, so the constraints, solved by
// repeating them until nothing changes, settle fast; after a bounded number of rounds everything is taken as 0.
//
// Parameters of the method and the answers of messages are CLEAN: what comes by message is plain data of its own or
// a reference, and the state of another object is that object's to keep (the amnesia check at commit sees it).
// A local value that is stored into the state is part of it from then on: `late` values answer with these too.
import { ANSWERS, CALLBACK_PARAMETERS, MUTATORS, STATIC_MUTATORS, TAKES_ARGUMENTS } from './builtins.ts'
import { nameOf } from './constants.ts'
import { type AnyNode, type CallExpression, childrenOf, type NewExpression } from './parse.ts'
import { type Binding, type Fn, isFunction, type Scopes } from './scope.ts'

export const CLEAN = 9
const DEEPEST = 3
const MAX_ROUNDS = 24

export interface Value {
  readonly layers: number
  /** It may be `self` itself. */
  readonly self: boolean
  /** The functions of this method it may be. */
  readonly fns: ReadonlySet<Fn>
}

export interface Reached {
  valueOf(node: AnyNode): Value
  /** Functions that got out of sight (into containers, away as answers) and may be called by anything. */
  readonly escaped: ReadonlySet<Fn>
  /** Nodes that store a local container into the state. */
  readonly stores: ReadonlySet<AnyNode>
}

const NO_FNS: ReadonlySet<Fn> = new Set()
const clean: Value = { layers: CLEAN, self: false, fns: NO_FNS }
const part: Value = { layers: 0, self: false, fns: NO_FNS }

export const isPart = (value: Value): boolean => value.layers === 0

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

/** Solves the method's constraints; `late` also follows what is stored into the state. */
export function reachedFrom(scopes: Scopes, late: boolean): Reached {
  const values = new Map<Binding, Value>()
  const answers = new Map<Fn, Value>()
  const escaped = new Set<Fn>()
  const stores = new Set<AnyNode>()
  const groups = new Map<Binding, Binding>()
  let thrown = clean
  let changed = false
  let given = false // gave up: everything is a part

  const group = (binding: Binding): Binding => {
    let root = binding
    for (let next = groups.get(root); next; next = groups.get(root)) root = next
    if (root !== binding) groups.set(binding, root)
    return root
  }
  const share = (a: readonly Binding[], b: readonly Binding[]) => {
    const [first, ...rest] = [...a, ...b].filter((x) => x.kind !== 'self').map(group)
    for (const other of rest)
      if (first && group(other) !== group(first)) {
        groups.set(group(other), group(first))
        changed = true
      }
  }

  const raise = (binding: Binding, value: Value): void => {
    if (binding.kind === 'self') return
    const old = values.get(binding) ?? clean
    const next = join(old, value)
    if (same(old, next)) return
    values.set(binding, next)
    changed = true
  }
  const raiseGroup = (bindings: readonly Binding[], value: Value): void => {
    if (value.layers === CLEAN && !value.self) return
    const roots = new Set(bindings.map(group))
    for (const binding of known) if (roots.has(group(binding))) raise(binding, { ...value, fns: NO_FNS })
  }
  const known = new Set(
    [...scopes.bindingOf.values()].filter((b) => b !== undefined && b.kind !== 'self') as Binding[],
  )

  const escape = (value: Value): void => {
    for (const fn of value.fns)
      if (!escaped.has(fn)) {
        escaped.add(fn)
        changed = true
      }
  }
  const answer = (fn: Fn, value: Value): void => {
    const old = answers.get(fn) ?? clean
    const next = join(old, value)
    if (same(old, next)) return
    answers.set(fn, next)
    changed = true
  }

  // ---- what an expression may be
  const valueOf = (node: AnyNode): Value => {
    switch (node.type) {
      case 'Identifier': {
        const binding = scopes.bindingOf.get(node)
        if (!binding) return clean
        if (binding.kind === 'self') return { layers: CLEAN, self: true, fns: NO_FNS }
        const value = values.get(binding) ?? clean
        const { init } = binding
        const fns = init && isFunction(init) ? new Set([...value.fns, scopes.fnOf.get(init)!]) : value.fns
        return given ? { layers: 0, self: true, fns: allFns } : { ...value, fns }
      }
      case 'ThisExpression':
        return part // of an inner function: whatever it was called on
      case 'MemberExpression': {
        const object = valueOf(node.object)
        const name = nameOf(node, scopes)
        return name === 'length' || name === 'size' ? clean : read(object)
      }
      case 'ArrayExpression':
        return containing(...node.elements.map((e) => (e ? spreadOr(e) : clean)))
      case 'ObjectExpression':
        return containing(
          ...node.properties.map((p) => (p.type === 'Property' ? valueOf(p.value) : spreadOr(p))),
        )
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression': {
        const fn = scopes.fnOf.get(node)
        return fn ? { ...clean, fns: new Set([fn]) } : clean
      }
      case 'ConditionalExpression':
        return join(valueOf(node.consequent), valueOf(node.alternate))
      case 'LogicalExpression':
        // What `&&` answers from its left side is falsy, and so not a container.
        return node.operator === '&&' ? valueOf(node.right) : join(valueOf(node.left), valueOf(node.right))
      case 'SequenceExpression':
        return valueOf(node.expressions.at(-1)!)
      case 'AssignmentExpression': {
        if (node.operator === '=') return valueOf(node.right)
        const logical = node.operator === '||=' || node.operator === '&&=' || node.operator === '??='
        return logical ? join(valueOf(node.left), valueOf(node.right)) : clean
      }
      case 'AwaitExpression':
        return valueOf(node.argument)
      case 'ChainExpression':
      case 'ParenthesizedExpression':
        return valueOf(node.expression)
      case 'SpreadElement':
        return spreadOr(node)
      case 'YieldExpression':
        return part
      case 'NewExpression': {
        const args = node.arguments.map(spreadOr)
        const callee = unwrapped(node.callee)
        if (callee.type === 'Identifier' && NEW_CLEAN.test(callee.name)) return clean
        return containing(...args.map((a) => join(a, read(a))))
      }
      case 'TaggedTemplateExpression':
        return anyOf(node.quasi.expressions.map(valueOf))
      case 'CallExpression':
        return callValue(node)
      default:
        return clean
    }
  }
  const spreadOr = (node: AnyNode): Value =>
    node.type === 'SpreadElement' ? read(valueOf(node.argument)) : valueOf(node)
  const anyOf = (args: readonly Value[]): Value => {
    const joined = args.reduce(join, clean)
    const local = [...escaped].reduce((v, fn) => join(v, answerOf(fn)), clean)
    return joined.layers === CLEAN && !joined.self ? local : join(part, local)
  }
  const answerOf = (fn: Fn): Value => {
    const value = answers.get(fn) ?? clean
    return fn.node.generator ? containing(value) : value
  }
  const answersOf = (value: Value): Value => [...value.fns].reduce((v, fn) => join(v, answerOf(fn)), clean)

  const callValue = (call: CallExpression): Value => {
    const callee = calleeOf(call, scopes)
    const args = call.arguments.map(spreadOr)
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
        const receiver = valueOf(callee.receiver)
        const inside = callee.args.map(spreadOr)
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
            return containing(read(receiver), read(read(receiver)), ...inside.map((a) => join(a, read(a))))
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
        const fn = valueOf(target)
        return fn.fns.size > 0 ? answersOf(fn) : anyOf(args)
      }
    }
  }

  // ---- who shares what: the names whose containers a value may be or hold
  const roots = (node: AnyNode): Binding[] => {
    switch (node.type) {
      case 'Identifier': {
        const binding = scopes.bindingOf.get(node)
        return binding && binding.kind !== 'self' ? [binding] : []
      }
      case 'BinaryExpression':
      case 'TemplateLiteral':
      case 'UnaryExpression':
      case 'UpdateExpression':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'FunctionDeclaration':
        return []
      case 'MemberExpression': {
        const name = nameOf(node, scopes)
        return name === 'length' || name === 'size' ? [] : roots(node.object)
      }
      case 'ConditionalExpression':
        return [...roots(node.consequent), ...roots(node.alternate)]
      case 'Property':
        return roots(node.value)
      case 'CallExpression': {
        const callee = calleeOf(node, scopes)
        if (callee.kind === 'method' && callee.name !== undefined && ANSWERS.get(callee.name) === 'primitive')
          return []
        if (
          callee.kind === 'static' &&
          /^(Math|JSON|Number|String|Date|BigInt|Symbol)\.|keys$/.test(callee.name)
        )
          return []
        return childrenOf(node).flatMap(roots)
      }
      default:
        return childrenOf(node).flatMap(roots)
    }
  }

  // ---- constraints
  const constraints: (() => void)[] = []
  const bind = (pattern: AnyNode, value: Value, from: readonly Binding[]): void => {
    switch (pattern.type) {
      case 'Identifier': {
        const binding = scopes.bindingOf.get(pattern)
        if (!binding) return
        raise(binding, value)
        if (from.length > 0) share([binding], from)
        return
      }
      case 'MemberExpression':
        return put(pattern, value, from, pattern)
      case 'ObjectPattern':
        for (const p of pattern.properties)
          if (p.type === 'Property') bind(p.value, read(value), from)
          else bind(p.argument, containing(read(value)), from)
        return
      case 'ArrayPattern':
        for (const element of pattern.elements)
          if (element?.type === 'RestElement') bind(element.argument, containing(read(value)), from)
          else if (element) bind(element, read(value), from)
        return
      case 'AssignmentPattern':
        return bind(pattern.left, join(value, valueOf(pattern.right)), [...from, ...roots(pattern.right)])
      case 'RestElement':
        return bind(pattern.argument, containing(value), from)
      case 'VariableDeclaration':
        return bind(pattern.declarations[0]!.id, value, from)
    }
  }
  // `value` is put into the container that `target` names (a member) or is.
  const put = (target: AnyNode, value: Value, from: readonly Binding[], at: AnyNode): void => {
    const container = unwrapped(target.type === 'MemberExpression' ? target.object : target)
    const into = valueOf(container)
    escape(value)
    if (into.self || into.layers === 0) {
      if (from.length === 0) return
      stores.add(at)
      if (late) raiseGroup(from, part)
      return
    }
    const owners = roots(container)
    share(owners, from)
    raiseGroup(owners, containing(value))
  }
  const pass = (fn: Fn, args: readonly Value[], from: readonly Binding[]): void =>
    fn.node.params.forEach((param, i) => {
      if (param.type === 'RestElement') bind(param.argument, containing(...args.slice(i)), from)
      else bind(param, args[i] ?? clean, from)
    })
  const callbacks = (call: CallExpression | NewExpression): void => {
    const args = call.arguments
    const callee = calleeOf(call, scopes)
    const values = args.map(spreadOr)
    const everything = values.reduce((v, a) => join(v, join(a, read(a))), { ...clean, fns: NO_FNS })
    const from = args.flatMap(roots)
    if (callee.kind === 'value') {
      const target = valueOf(callee.callee)
      const hasSpread = args.some((a) => a.type === 'SpreadElement')
      for (const fn of target.fns) pass(fn, hasSpread ? fn.node.params.map(() => everything) : values, from)
      if (target.fns.size > 0) return
    }
    const receiver =
      callee.kind === 'method'
        ? valueOf(callee.receiver)
        : callee.kind === 'static'
          ? (values[0] ?? clean)
          : clean
    const sharers = callee.kind === 'method' ? roots(callee.receiver) : from
    const name = callee.kind === 'method' ? callee.name : callee.kind === 'static' ? callee.name : undefined
    const spec =
      name === undefined
        ? undefined
        : name === 'Array.from'
          ? (['element'] as const)
          : CALLBACK_PARAMETERS.get(name)
    const any = join(join(everything, receiver), read(receiver))
    for (const value of values)
      for (const fn of value.fns) {
        const results = spec?.[0] === 'result' ? join(answerOf(fn), values[1] ?? clean) : clean
        pass(
          fn,
          fn.node.params.map((_, i) => {
            switch (spec?.[i]) {
              case 'element':
                return read(receiver)
              case 'receiver':
                return receiver
              case 'result':
                return join(results, read(receiver))
              case 'primitive':
                return clean
              default:
                return any
            }
          }),
          [...sharers, ...(spec ? [] : from)],
        )
      }
    const isBuiltIn =
      spec !== undefined || callee.kind === 'static' || (name !== undefined && ANSWERS.has(name))
    if (!isBuiltIn) {
      for (const value of values) escape(value)
      const isMessage = callee.kind === 'method' && receiver.self && receiver.layers === CLEAN
      if (!isMessage)
        for (const fn of escaped)
          pass(
            fn,
            fn.node.params.map(() => any),
            [...sharers, ...from],
          )
    }
  }

  const collect = (node: AnyNode, owner: Fn): void => {
    const inner = isFunction(node) ? (scopes.fnOf.get(node) ?? owner) : owner
    switch (node.type) {
      case 'VariableDeclarator':
        if (node.init) {
          const { id, init } = node
          constraints.push(() => bind(id, valueOf(init), roots(init)))
        }
        break
      case 'AssignmentExpression':
        if (node.operator === '=' || /^(\|\||&&|\?\?)=$/.test(node.operator))
          constraints.push(() => bind(node.left, valueOf(node.right), roots(node.right)))
        break
      case 'ForOfStatement':
        constraints.push(() => bind(node.left, read(valueOf(node.right)), roots(node.right)))
        break
      case 'AssignmentPattern':
        constraints.push(() => bind(node.left, valueOf(node.right), roots(node.right)))
        break
      case 'ReturnStatement':
      case 'YieldExpression': {
        const { argument } = node
        if (argument)
          constraints.push(() => {
            const value = valueOf(argument)
            answer(owner, node.type === 'YieldExpression' && node.delegate ? read(value) : value)
            escape(owner.index === 0 ? value : { ...value, fns: NO_FNS })
          })
        break
      }
      case 'ThrowStatement':
        constraints.push(() => {
          const value = valueOf(node.argument)
          escape(value)
          const next = join(thrown, value)
          if (!same(next, thrown)) changed = true
          thrown = next
        })
        break
      case 'CatchClause':
        if (node.param) {
          const { param } = node
          constraints.push(() => bind(param, thrown, []))
        }
        break
      case 'ArrayExpression':
        constraints.push(() => {
          for (const element of node.elements) if (element) escape(valueOf(element))
        })
        break
      case 'ObjectExpression':
        constraints.push(() => {
          for (const p of node.properties) if (p.type === 'Property') escape(valueOf(p.value))
        })
        break
      case 'TaggedTemplateExpression':
        constraints.push(() => escape(valueOf(node.tag)))
        break
      case 'ArrowFunctionExpression':
        if (node.expression) constraints.push(() => answer(inner, valueOf(node.body)))
        break
      case 'NewExpression':
        constraints.push(() => callbacks(node))
        break
      case 'CallExpression':
        constraints.push(() => {
          callbacks(node)
          const callee = calleeOf(node, scopes)
          if (callee.kind === 'method' && callee.name !== undefined && TAKES_ARGUMENTS.has(callee.name)) {
            const receiver = valueOf(callee.receiver)
            if (!(receiver.self && receiver.layers === CLEAN))
              for (const a of callee.args) put(callee.receiver, spreadOr(a), roots(a), node)
          }
          const [target, ...rest] = node.arguments
          if (callee.kind === 'static' && STATIC_MUTATORS.has(callee.name) && target)
            for (const a of rest) put(target, join(valueOf(a), read(valueOf(a))), roots(a), node)
        })
        break
      case 'ClassBody':
        return // classes are refused elsewhere
    }
    for (const child of childrenOf(node)) collect(child, inner)
  }

  const allFns = new Set(scopes.fns)
  const method = scopes.fns[0]!
  collect(method.node, method)
  for (let round = 0; ; round++) {
    changed = false
    for (const constrain of constraints) constrain()
    if (!changed) break
    if (round === MAX_ROUNDS) {
      given = true
      for (const fn of allFns) escaped.add(fn)
      for (const constrain of constraints) constrain() // once more for the stores
      break
    }
  }
  return { valueOf, escaped, stores }
}

/** Whether a call changes a part of the state through its receiver or first argument; the node of that part. */
export function mutatedBy(call: CallExpression, scopes: Scopes, reached: Reached): AnyNode | undefined {
  const callee = calleeOf(call, scopes)
  if (callee.kind === 'method' && callee.name !== undefined && MUTATORS.has(callee.name))
    return isPart(reached.valueOf(callee.receiver)) ? callee.receiver : undefined
  const target = call.arguments[0]
  if (callee.kind === 'static' && STATIC_MUTATORS.has(callee.name) && target) {
    const value = reached.valueOf(target)
    return isPart(value) || value.self ? target : undefined
  }
  return undefined
}

/** Without the wrappers that only group. */
export function unwrapped(node: AnyNode): AnyNode {
  let inner = node
  while (inner.type === 'ChainExpression' || inner.type === 'ParenthesizedExpression')
    inner = inner.expression
  return inner
}

const NEW_CLEAN = /^(Date|\w*Error|RegExp|Number|String|Boolean|Uint8Array|ArrayBuffer)$/

const elementsOf = (node: AnyNode | undefined): AnyNode[] =>
  node?.type === 'ArrayExpression'
    ? (node.elements.filter((e) => e !== null) as AnyNode[])
    : node
      ? [node]
      : []

function join(a: Value, b: Value): Value {
  if (b === clean || a === b) return a
  if (a === clean) return b
  return {
    layers: Math.min(a.layers, b.layers),
    self: a.self || b.self,
    fns: b.fns.size === 0 ? a.fns : a.fns.size === 0 ? b.fns : new Set([...a.fns, ...b.fns]),
  }
}

const same = (a: Value, b: Value): boolean =>
  a.layers === b.layers && a.self === b.self && a.fns.size === b.fns.size

// What is read out of a value.
function read(value: Value): Value {
  if (value.self || value.layers === 0) return part
  return value.layers === CLEAN ? clean : { layers: value.layers - 1, self: false, fns: NO_FNS }
}

// A fresh container of the values.
function containing(...values: readonly Value[]): Value {
  const nearest = values.reduce((layers, v) => Math.min(layers, v.self ? 0 : v.layers), CLEAN)
  return nearest === CLEAN ? clean : { layers: Math.min(nearest + 1, DEEPEST), self: false, fns: NO_FNS }
}
