// Which values of a method may be part of the state of `self`: a may-alias analysis without order (what a name may
// hold at any time), in the manner of Andersen, over one number a value.
//
// The lattice is finite and joining only lowers, so the constraints settle when repeated until nothing changes; after
// a bounded number of rounds everything is taken as reached.
//
// Parameters of the method and the answers of messages are CLEAN: what comes by message is plain data of its own or
// a reference, and the state of another object is that object's to keep (the amnesia check at commit sees it).
// A local value that is stored into the state is part of it from then on: `late` values answer with these too.
import { ANSWERS, CALLBACK_PARAMETERS, MUTATORS, STATIC_MUTATORS, TAKES_ARGUMENTS } from './builtins.ts'
import { calleeOf, unwrapped } from './callee.ts'
import { expressionsOver } from './expressions.ts'
import {
  CLEAN,
  clean,
  containing,
  isClean,
  isPart,
  isSame,
  join,
  NO_FNS,
  part,
  read,
  type Value,
} from './layers.ts'
import { type AnyNode, type CallExpression, childrenOf, type NewExpression } from './parse.ts'
import { type Binding, type Fn, isFunction, type Scopes } from './scope.ts'
import { Sharing } from './sharing.ts'

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
  const facts = {
    values: new Map<Binding, Value>(),
    answers: new Map<Fn, Value>(),
    escaped: new Set<Fn>(),
    gaveUp: false,
  }
  const { valueFrom, elementOf, answerOf } = expressionsOver(scopes, facts)
  const sharing = new Sharing()
  const rootsOf = (node: AnyNode): readonly Binding[] => sharing.rootsOf(node, scopes)
  const names = [...new Set(scopes.bindingOf.values())].filter(
    (b): b is Binding => b !== undefined && b.kind !== 'self',
  )
  const stores = new Set<AnyNode>()
  let thrown = clean
  const thrownRoots: Binding[] = []
  let changed = false
  let late = false

  const share = (bindings: readonly Binding[], at: AnyNode): void => {
    if (sharing.link(bindings, at)) changed = true
  }
  const raise = (binding: Binding, value: Value): void => {
    if (binding.kind === 'self') return
    const old = facts.values.get(binding) ?? clean
    const next = join(old, value)
    if (isSame(old, next)) return
    facts.values.set(binding, next)
    changed = true
  }
  // The names that may reach the insides of `bindings`.
  const raiseGroup = (bindings: readonly Binding[], valueFor: (binding: Binding) => Value): void => {
    const groups = new Set(bindings.map((b) => sharing.groupOf(b)))
    for (const name of names)
      if (groups.has(sharing.groupOf(name))) raise(name, { ...valueFor(name), fns: NO_FNS })
  }
  const letOut = (value: Value): void => {
    for (const fn of value.fns)
      if (!facts.escaped.has(fn)) {
        facts.escaped.add(fn)
        changed = true
      }
  }
  const answer = (fn: Fn, value: Value): void => {
    const old = facts.answers.get(fn) ?? clean
    const next = join(old, value)
    if (isSame(old, next)) return
    facts.answers.set(fn, next)
    changed = true
  }

  // ---- constraints
  const constraints: (() => void)[] = []
  const bind = (pattern: AnyNode, value: Value, from: readonly Binding[], at: AnyNode): void => {
    switch (pattern.type) {
      case 'Identifier': {
        const binding = scopes.bindingOf.get(pattern)
        if (!binding) return
        raise(binding, value)
        if (from.length > 0) share([binding, ...from], at)
        return
      }
      case 'MemberExpression':
        put(pattern.object, value, from, pattern)
        return
      case 'ObjectPattern':
        for (const p of pattern.properties)
          if (p.type === 'Property') bind(p.value, read(value), from, at)
          else bind(p.argument, containing(read(value)), from, at)
        return
      case 'ArrayPattern':
        for (const element of pattern.elements)
          if (element?.type === 'RestElement') bind(element.argument, containing(read(value)), from, at)
          else if (element) bind(element, read(value), from, at)
        return
      case 'AssignmentPattern':
        bind(pattern.left, join(value, valueFrom(pattern.right)), [...from, ...rootsOf(pattern.right)], at)
        return
      case 'RestElement':
        bind(pattern.argument, containing(value), from, at)
        return
      case 'VariableDeclaration':
        bind(pattern.declarations[0]!.id, value, from, at)
        return
    }
  }
  // `value` is put into the container that `target` is.
  const put = (target: AnyNode, value: Value, from: readonly Binding[], at: AnyNode): void => {
    const container = unwrapped(target)
    const into = valueFrom(container)
    letOut(value)
    if (into.self || isPart(into)) {
      if (container.type === 'ThisExpression' && !isClean(value) && !facts.gaveUp) {
        facts.gaveUp = true // whose `this` it is, nobody knows
        changed = true
      }
      if (from.length === 0) return
      stores.add(at)
      if (late) raiseGroup(from, () => part)
      return
    }
    const owners = rootsOf(container)
    share([...owners, ...from], at)
    if (isClean(value)) return
    // What lies inside an inner container of a name is two layers below that name, unless it may lie in itself.
    const outer = container.type === 'MemberExpression' ? ownerOf(container) : undefined
    raiseGroup(owners, (name) =>
      name === outer && !sharing.isEntangled(name) ? containing(containing(value)) : containing(value),
    )
  }
  const ownerOf = (member: AnyNode): Binding | undefined => {
    let inner = member
    while (inner.type === 'MemberExpression') inner = unwrapped(inner.object)
    return inner.type === 'Identifier' ? scopes.bindingOf.get(inner) : undefined
  }
  const pass = (fn: Fn, args: readonly Value[], from: readonly Binding[], at: AnyNode): void =>
    fn.node.params.forEach((param, i) => {
      if (param.type === 'RestElement') bind(param.argument, containing(...args.slice(i)), from, at)
      else bind(param, args[i] ?? clean, from, at)
    })
  const callbacks = (call: CallExpression | NewExpression): void => {
    const args = call.arguments
    const callee = calleeOf(call, scopes)
    const values = args.map(elementOf)
    const everything = values.reduce((v, a) => join(v, join(a, read(a))), { ...clean, fns: NO_FNS })
    const from = args.flatMap(rootsOf)
    if (callee.kind === 'value') {
      const target = valueFrom(callee.callee)
      const hasSpread = args.some((a) => a.type === 'SpreadElement')
      for (const fn of target.fns)
        pass(fn, hasSpread ? fn.node.params.map(() => everything) : values, from, call)
      if (target.fns.size > 0) return
    }
    const receiver =
      callee.kind === 'method'
        ? valueFrom(callee.receiver)
        : callee.kind === 'static'
          ? (values[0] ?? clean)
          : clean
    const sharers = callee.kind === 'method' ? rootsOf(callee.receiver) : from
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
          call,
        )
      }
    const isBuiltIn =
      spec !== undefined || callee.kind === 'static' || (name !== undefined && ANSWERS.has(name))
    if (!isBuiltIn) {
      for (const value of values) letOut(value)
      const isMessage = callee.kind === 'method' && receiver.self && receiver.layers === CLEAN
      if (!isMessage)
        for (const fn of facts.escaped)
          pass(
            fn,
            fn.node.params.map(() => any),
            [...sharers, ...from],
            call,
          )
    }
  }

  const collect = (node: AnyNode, owner: Fn): void => {
    const inner = isFunction(node) ? (scopes.fnOf.get(node) ?? owner) : owner
    switch (node.type) {
      case 'VariableDeclarator':
        if (node.init) {
          const { id, init } = node
          constraints.push(() => bind(id, valueFrom(init), rootsOf(init), node))
        }
        break
      case 'AssignmentExpression':
        if (node.operator === '=' || /^(\|\||&&|\?\?)=$/.test(node.operator))
          constraints.push(() => bind(node.left, valueFrom(node.right), rootsOf(node.right), node))
        break
      case 'ForOfStatement':
        constraints.push(() => bind(node.left, read(valueFrom(node.right)), rootsOf(node.right), node))
        break
      case 'AssignmentPattern':
        constraints.push(() => bind(node.left, valueFrom(node.right), rootsOf(node.right), node))
        break
      case 'ReturnStatement':
      case 'YieldExpression': {
        const { argument } = node
        if (argument)
          constraints.push(() => {
            const value = valueFrom(argument)
            answer(owner, node.type === 'YieldExpression' && node.delegate ? read(value) : value)
            share([sharing.answerOf(owner), ...rootsOf(argument)], node)
            letOut(owner.index === 0 ? value : { ...value, fns: NO_FNS })
          })
        break
      }
      case 'ThrowStatement':
        constraints.push(() => {
          const value = valueFrom(node.argument)
          letOut(value)
          const next = join(thrown, value)
          if (!isSame(next, thrown)) changed = true
          thrown = next
          thrownRoots.push(...rootsOf(node.argument).filter((b) => !thrownRoots.includes(b)))
        })
        break
      case 'CatchClause':
        if (node.param) {
          const { param } = node
          constraints.push(() => bind(param, thrown, thrownRoots, node))
        }
        break
      case 'ArrayExpression':
        constraints.push(() => {
          for (const element of node.elements) if (element) letOut(valueFrom(element))
        })
        break
      case 'ObjectExpression':
        constraints.push(() => {
          for (const p of node.properties) if (p.type === 'Property') letOut(valueFrom(p.value))
        })
        break
      case 'TaggedTemplateExpression':
        constraints.push(() => letOut(valueFrom(node.tag)))
        break
      case 'ArrowFunctionExpression':
        if (node.expression)
          constraints.push(() => {
            answer(inner, valueFrom(node.body))
            share([sharing.answerOf(inner), ...rootsOf(node.body)], node)
          })
        break
      case 'NewExpression':
        constraints.push(() => callbacks(node))
        break
      case 'CallExpression':
        constraints.push(() => {
          callbacks(node)
          const callee = calleeOf(node, scopes)
          if (callee.kind === 'method' && callee.name !== undefined && TAKES_ARGUMENTS.has(callee.name)) {
            const receiver = valueFrom(callee.receiver)
            if (!(receiver.self && receiver.layers === CLEAN))
              for (const a of callee.args) put(callee.receiver, elementOf(a), rootsOf(a), node)
          }
          const [target, ...rest] = node.arguments
          if (callee.kind === 'static' && STATIC_MUTATORS.has(callee.name) && target)
            for (const a of rest) put(target, join(valueFrom(a), read(valueFrom(a))), rootsOf(a), node)
        })
        break
      case 'ClassBody':
        return // classes are refused elsewhere
    }
    for (const child of childrenOf(node)) collect(child, inner)
  }

  const method = scopes.fns[0]!
  collect(method.node, method)
  const solve = (): void => {
    for (let round = 0; ; round++) {
      changed = false
      for (const constrain of constraints) constrain()
      if (!changed) return
      if (round === MAX_ROUNDS) {
        facts.gaveUp = true
        for (const fn of scopes.fns) facts.escaped.add(fn)
        for (const constrain of constraints) constrain() // once more for the stores
        return
      }
    }
  }
  solve()
  if (stores.size === 0) {
    const reached = { valueFrom, escaped: facts.escaped, stores }
    return { now: reached, late: reached }
  }
  const before = {
    ...facts,
    values: new Map(facts.values),
    answers: new Map(facts.answers),
    escaped: new Set(facts.escaped),
  }
  const now = {
    valueFrom: expressionsOver(scopes, before).valueFrom,
    escaped: before.escaped,
    stores: new Set(stores),
  }
  late = true
  solve()
  return { now, late: { valueFrom, escaped: facts.escaped, stores } }
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
