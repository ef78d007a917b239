// The flow of assignments: where a part of the state is changed, where a local container is stored into it, where the
// flag is set. Assignments to a slot of `self` are taken not to raise: what the slot cannot hold is refused before it
// changes.
import { nameOf } from './constants.ts'
import { type Context, isSelf, type Walk } from './flow-walk.ts'
import { isPart } from './layers.ts'
import type { AnyNode, AssignmentExpression, MemberExpression } from './parse.ts'

export interface Writes {
  /** Follows an assignment from a point. */
  assign(from: number, node: AssignmentExpression, c: Context): number
  /** A value is taken into a pattern. */
  assignTo(from: number, pattern: AnyNode, c: Context): number
  /** Writing to a member, whose object and key have been visited. */
  write(from: number, member: MemberExpression, c: Context): number
  /** The object and the key of a member that is about to be read, written or deleted. */
  reference(from: number, member: MemberExpression, c: Context): number
  /** Notes that a local container is stored into the state at this point, where one is. */
  storing(from: number, at: AnyNode, c: Context): number
}

export function writesOf({ graph, scopes, reached, late, visit, mayRaise, skip }: Walk): Writes {
  const assign = (from: number, node: AssignmentExpression, c: Context): number => {
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
    const isFlag = isSelf(left.object, scopes) && nameOf(left, scopes) === '_p_changed'
    if (isFlag && operator === '=' && right.type === 'Literal' && right.value === true)
      return graph.emit(at, { kind: 'flag', fn: c.fn.index })
    return write(at, left, c)
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

  const write = (from: number, member: MemberExpression, c: Context): number => {
    if (late.valueFrom(member.object).self && nameOf(member, scopes) === '_p_changed') return from
    const at = isSelf(member.object, scopes) ? from : mayRaise(from, c)
    return storing(changing(at, member, c), member, c)
  }
  const changing = (from: number, at: MemberExpression, c: Context): number => {
    const now = reached.valueFrom(at.object)
    if (isPart(now) || now.self) return graph.emit(from, { kind: 'change', fn: c.fn.index, at })
    const then = late.valueFrom(at.object)
    if (isPart(then) || then.self) return graph.emit(from, { kind: 'change', fn: c.fn.index, at, late: true })
    return from
  }
  const storing = (from: number, at: AnyNode, c: Context): number =>
    late.stores.has(at) ? graph.emit(from, { kind: 'step', fn: c.fn.index, store: true }) : from

  const reference = (from: number, member: MemberExpression, c: Context): number => {
    const object = visit(from, member.object, c)
    if (member.optional) skip(object)
    return member.computed ? mayRaise(visit(object, member.property, c), c) : object
  }

  return { assign, assignTo, write, reference, storing }
}

const isLogical = (operator: string): boolean =>
  operator === '||=' || operator === '&&=' || operator === '??='
