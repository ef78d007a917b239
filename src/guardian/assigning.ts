// Where a value goes when it is assigned: into the names of a pattern, into a container, to the parameters of a function.
// What is put into a container may be found through every name that shares it (sharing.ts); what is put into the state
// is stored there, and a part of it from then on.
import { unwrapped } from './callee.ts'
import type { Expressions } from './expressions.ts'
import type { KnownValues } from './known-values.ts'
import { clean, containing, isClean, isPart, join, part, read, type Value } from './layers.ts'
import type { AnyNode } from './parse.ts'
import type { Binding, Fn, Scopes } from './scope.ts'

/** A value, the names whose containers it may be or hold, and the syntax that hands it over. */
export interface Handed {
  readonly value: Value
  readonly from: readonly Binding[]
  readonly at: AnyNode
}

export interface Assigning {
  /** Into a pattern. */
  bind(pattern: AnyNode, handed: Handed): void
  /** Into the container that `target` is. */
  put(target: AnyNode, handed: Handed): void
  /** To the parameters of a function; all share with `from`. */
  pass(fn: Fn, args: readonly Value[], handed: Omit<Handed, 'value'>): void
}

export interface AssigningInput extends Pick<Expressions, 'valueFrom'> {
  readonly scopes: Scopes
  readonly known: KnownValues
  /** Whether what is stored into the state is a part of it already. */
  readonly isLate: () => boolean
}

export function assigningIn({ scopes, known, valueFrom, isLate }: AssigningInput): Assigning {
  const bind = (pattern: AnyNode, handed: Handed): void => {
    const { value, from, at } = handed
    switch (pattern.type) {
      case 'Identifier': {
        const binding = scopes.bindingOf.get(pattern)
        if (!binding) return
        known.raise(binding, value)
        if (from.length > 0) known.share([binding, ...from], at)
        return
      }
      case 'MemberExpression':
        put(pattern.object, { value, from, at: pattern })
        return
      case 'ObjectPattern':
        for (const p of pattern.properties)
          if (p.type === 'Property') bind(p.value, { value: read(value), from, at })
          else bind(p.argument, { value: containing(read(value)), from, at })
        return
      case 'ArrayPattern':
        for (const element of pattern.elements)
          if (element?.type === 'RestElement')
            bind(element.argument, { value: containing(read(value)), from, at })
          else if (element) bind(element, { value: read(value), from, at })
        return
      case 'AssignmentPattern': {
        const { left, right } = pattern
        bind(left, { value: join(value, valueFrom(right)), from: [...from, ...known.rootsOf(right)], at })
        return
      }
      case 'RestElement':
        bind(pattern.argument, { value: containing(value), from, at })
        return
      case 'VariableDeclaration':
        bind(pattern.declarations[0]!.id, handed)
        return
    }
  }

  const put = (target: AnyNode, { value, from, at }: Handed): void => {
    const container = unwrapped(target)
    const into = valueFrom(container)
    known.letOut(value)
    if (into.self || isPart(into)) {
      // whose `this` it is, nobody knows
      if (container.type === 'ThisExpression' && !isClean(value)) known.giveUp()
      if (from.length === 0) return
      known.stores.add(at)
      if (isLate()) known.raiseGroup(from, () => part)
      return
    }
    const owners = known.rootsOf(container)
    known.share([...owners, ...from], at)
    if (isClean(value)) return
    // What lies inside an inner container of a name is two layers below that name, unless it may lie in itself.
    const outer = container.type === 'MemberExpression' ? ownerOf(container) : undefined
    known.raiseGroup(owners, (name) =>
      name === outer && !known.sharing.isEntangled(name) ? containing(containing(value)) : containing(value),
    )
  }
  const ownerOf = (member: AnyNode): Binding | undefined => {
    let inner = member
    while (inner.type === 'MemberExpression') inner = unwrapped(inner.object)
    return inner.type === 'Identifier' ? scopes.bindingOf.get(inner) : undefined
  }

  const pass = (fn: Fn, args: readonly Value[], handed: Omit<Handed, 'value'>): void =>
    fn.node.params.forEach((param, i) => {
      if (param.type === 'RestElement')
        bind(param.argument, { ...handed, value: containing(...args.slice(i)) })
      else bind(param, { ...handed, value: args[i] ?? clean })
    })

  return { bind, put, pass }
}
