// The names inside an object that belong to the image: `_slots` and everything that begins with `_p_` or `_v_`.
// A method uses none of them, on any object, but the flag: `_p_changed` may be read, and assigned the literal `true`.
import { canSpell, HOLE, nameOf, patternsOf } from './constants.ts'
import { type AnyNode, eachNode, positionsOf } from './parse.ts'
import type { Scopes } from './scope.ts'
import type { Violation } from './verdict.ts'

const FLAG = '_p_changed'
const isInternal = (name: string): boolean => name === '_slots' || (/^_[pv]_/.test(name) && name !== FLAG)

/** Direct uses of internal storage, and flags set to anything but `true`. */
export function storageViolations(source: string, scopes: Scopes): Violation[] {
  const at = positionsOf(source)
  const found: Violation[] = []
  const say = (code: 'storage' | 'flag', node: AnyNode, message: string, subject: string): void => {
    found.push({ code, ...at(node.start), message, subject })
  }
  const flag = (node: AnyNode, how: string) =>
    say('flag', node, `${how}; write self._p_changed = true;`, FLAG)
  const internal = (node: AnyNode, name: string) =>
    say('storage', node, `${name} belongs to the image; use the slot itself (self.name)`, name)

  const key = (node: Extract<AnyNode, { type: 'MemberExpression' | 'Property' }>): void => {
    const place = node.type === 'Property' ? node.key : node.property
    const known = nameOf(node, scopes)
    if (known !== undefined) {
      if (isInternal(known)) internal(place, known)
      return
    }
    for (const pattern of patternsOf(place, scopes)) {
      const [head] = pattern
      if (pattern.includes(HOLE) && typeof head === 'string' && /^_[pv]_/.test(head)) {
        internal(place, `${head}…`)
        return
      }
      if (canSpell(pattern, '_slots')) {
        internal(place, '_slots')
        return
      }
    }
  }

  eachNode(scopes.fns[0]!.node, (node, parents) => {
    const parent = parents.at(-1)
    if (node.type === 'Property') {
      const isPattern = parent?.type === 'ObjectPattern'
      if (isPattern) key(node)
      else if (nameOf(node, scopes) === FLAG) flag(node, 'a flag inside an object literal does not count')
    }
    if (node.type !== 'MemberExpression') return
    key(node)
    if (nameOf(node, scopes) !== FLAG) return
    switch (parent?.type) {
      case 'AssignmentExpression':
        if (parent.left !== node) return
        if (parent.operator !== '=') return flag(node, `${parent.operator} does not set the flag for certain`)
        if (parent.right.type !== 'Literal' || parent.right.value !== true)
          flag(node, `the flag is set to ${source.slice(parent.right.start, parent.right.end).slice(0, 40)}`)
        return
      case 'UpdateExpression':
        return flag(node, `${parent.operator} does not set the flag`)
      case 'UnaryExpression':
        if (parent.operator === 'delete') flag(node, 'the flag may not be deleted')
        return
      case 'ForInStatement':
      case 'ForOfStatement':
        if (parent.left === node) flag(node, 'a loop does not set the flag for certain')
        return
      case 'ArrayPattern':
      case 'RestElement':
        return flag(node, 'a pattern does not set the flag for certain')
      case 'AssignmentPattern':
        if (parent.left === node) flag(node, 'a pattern does not set the flag for certain')
        return
      case 'Property':
        if (parents.at(-2)?.type === 'ObjectPattern')
          flag(node, 'a pattern does not set the flag for certain')
        return
    }
  })
  return found
}
