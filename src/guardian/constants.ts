// What text an expression surely is, or must look like: enough constant folding to see `'con' + 'structor'` for
// what it is. A text that is not wholly known is a pattern: known pieces with holes between.
//
//   'a' + 'b'          ['ab']
//   `k${i}`            ['k', HOLE]
//   a + 1              [HOLE]           (a sum with a number is an index far more often than a name)
import type { AnyNode } from './parse.ts'
import type { Scopes } from './scope.ts'

export const HOLE = Symbol('hole')
export type TextPattern = readonly (string | typeof HOLE)[]

type Constant = string | number | boolean | null | undefined | readonly Constant[]
type Known = { readonly value: Constant }

const MAX_TEXT = 1000
const MAX_STEPS = 20 // nesting and following of constants; bounds the doubling of `const b = a + a`
const MAX_CHOICES = 8

/** The name a member or a property key has, when it is certain. */
export function nameOf(
  node: Extract<AnyNode, { type: 'MemberExpression' | 'Property' }>,
  scopes: Scopes,
): string | undefined {
  const key = node.type === 'MemberExpression' ? node.property : node.key
  if (!node.computed) {
    if (key.type === 'Identifier') return key.name
    if (key.type === 'PrivateIdentifier') return `#${key.name}`
  }
  const known = constantOf(key, scopes)
  return known && !Array.isArray(known.value) ? String(known.value) : undefined
}

/** The texts an expression may be, one pattern for each choice it has. */
export function patternsOf(node: AnyNode, scopes: Scopes, steps = MAX_STEPS): TextPattern[] {
  const known = constantOf(node, scopes, steps)
  if (known) return [[String(known.value)]]
  if (steps <= 0) return [[HOLE]]
  const inner = (child: AnyNode) => patternsOf(child, scopes, steps - 1)
  switch (node.type) {
    case 'ConditionalExpression':
      return [...inner(node.consequent), ...inner(node.alternate)].slice(0, MAX_CHOICES)
    case 'LogicalExpression':
      return [...inner(node.left), ...inner(node.right)].slice(0, MAX_CHOICES)
    case 'SequenceExpression':
      return inner(node.expressions.at(-1)!)
    case 'AssignmentExpression':
      return inner(node.right)
    case 'TemplateLiteral': {
      let texts: TextPattern[] = [[]]
      node.quasis.forEach((quasi, i) => {
        texts = texts.map((text) => [...text, quasi.value.cooked ?? ''])
        const hole = node.expressions[i]
        if (hole) texts = product(texts, inner(hole))
      })
      return texts
    }
    case 'BinaryExpression': {
      if (
        node.operator !== '+' ||
        isNumber(node.left) ||
        isNumber(node.right) ||
        node.left.type === 'PrivateIdentifier'
      )
        return [[HOLE]]
      return product(inner(node.left), inner(node.right))
    }
    case 'CallExpression': {
      const callee = node.callee
      if (callee.type !== 'MemberExpression') return [[HOLE]]
      const method = nameOf(callee, scopes)
      if (method === 'join' && callee.object.type === 'ArrayExpression') {
        const separator = node.arguments[0] ? inner(node.arguments[0]) : [[',']]
        let texts: TextPattern[] = [[]]
        callee.object.elements.forEach((element, i) => {
          if (i > 0) texts = product(texts, separator)
          texts = product(texts, element ? inner(element) : [['']])
        })
        return texts
      }
      if (method === 'concat' && callee.object.type !== 'Super') {
        return node.arguments.reduce((texts, part) => product(texts, inner(part)), inner(callee.object))
      }
      return [[HOLE]]
    }
    default:
      return [[HOLE]]
  }
}

/** The value of an expression that needs nothing but itself and constants. */
export function constantOf(node: AnyNode, scopes: Scopes, steps = MAX_STEPS): Known | undefined {
  if (steps <= 0) return undefined
  const inner = (child: AnyNode) => constantOf(child, scopes, steps - 1)
  switch (node.type) {
    case 'Literal':
      return node.regex || typeof node.value === 'bigint' ? undefined : { value: node.value as Constant }
    case 'TemplateLiteral': {
      let text = ''
      for (const [i, quasi] of node.quasis.entries()) {
        text += quasi.value.cooked ?? ''
        const hole = node.expressions[i]
        const known = hole && inner(hole)
        if (hole && !known) return undefined
        if (known) text += String(known.value)
      }
      return bounded(text)
    }
    case 'BinaryExpression': {
      if (node.operator !== '+' || node.left.type === 'PrivateIdentifier') return undefined
      const left = inner(node.left)
      const right = left && inner(node.right)
      if (!left || !right) return undefined
      if (typeof left.value === 'number' && typeof right.value === 'number')
        return { value: left.value + right.value }
      return bounded(String(left.value) + String(right.value))
    }
    case 'Identifier': {
      const binding = scopes.bindingOf.get(node)
      if (!binding?.init || binding.writes > 0 || binding.kind === 'function') return undefined
      return inner(binding.init)
    }
    case 'ArrayExpression': {
      const items: Constant[] = []
      for (const element of node.elements) {
        const known = element && inner(element)
        if (!known) return undefined
        items.push(known.value)
      }
      return { value: items }
    }
    case 'MemberExpression': {
      const object = inner(node.object)
      const index = node.computed ? inner(node.property) : undefined
      if (!object || typeof index?.value !== 'number') return undefined
      if (typeof object.value !== 'string' && !Array.isArray(object.value)) return undefined
      return { value: object.value[index.value] as Constant }
    }
    case 'CallExpression':
      return callOf(node, scopes, inner)
    default:
      return undefined
  }
}

// The ways to spell a name with calls that are worth following. Patterns of regular expressions are not run.
function callOf(
  node: Extract<AnyNode, { type: 'CallExpression' }>,
  scopes: Scopes,
  inner: (node: AnyNode) => Known | undefined,
): Known | undefined {
  const args: Constant[] = []
  for (const argument of node.arguments) {
    const known = inner(argument)
    if (!known) return undefined
    args.push(known.value)
  }
  const { callee } = node
  if (callee.type === 'Identifier')
    return callee.name === 'String' && !scopes.bindingOf.get(callee)
      ? { value: String(args[0] ?? '') }
      : undefined
  if (callee.type !== 'MemberExpression') return undefined
  const method = nameOf(callee, scopes)
  if (callee.object.type === 'Identifier' && callee.object.name === 'String') {
    if (method !== 'fromCharCode' && method !== 'fromCodePoint') return undefined
    return bounded(args.map((code) => String.fromCharCode(Number(code))).join(''))
  }
  const object = inner(callee.object)
  if (!object) return undefined
  const receiver = object.value
  if (typeof receiver === 'string') {
    const plain = args.every((a) => typeof a === 'string' || typeof a === 'number')
    if (!plain) return undefined
    const [a, b] = args
    switch (method) {
      case 'toString':
      case 'valueOf':
        return { value: receiver }
      case 'trim':
        return { value: receiver.trim() }
      case 'toLowerCase':
        return { value: receiver.toLowerCase() }
      case 'toUpperCase':
        return { value: receiver.toUpperCase() }
      case 'concat':
        return bounded(receiver + args.join(''))
      case 'slice':
        return { value: receiver.slice(Number(a), b === undefined ? undefined : Number(b)) }
      case 'substring':
        return { value: receiver.substring(Number(a), b === undefined ? undefined : Number(b)) }
      case 'substr':
        return { value: receiver.slice(Number(a)).slice(0, b === undefined ? undefined : Number(b)) }
      case 'charAt':
      case 'at':
        return { value: receiver.at(Number(a)) ?? '' }
      case 'replace':
        return typeof a === 'string' ? bounded(receiver.replace(a, () => String(b))) : undefined
      case 'replaceAll':
        return typeof a === 'string' ? bounded(receiver.replaceAll(a, () => String(b))) : undefined
      case 'split':
        return typeof a === 'string' && receiver.length < MAX_TEXT ? { value: receiver.split(a) } : undefined
      default:
        return undefined
    }
  }
  if (Array.isArray(receiver)) {
    const items = receiver as readonly Constant[]
    if (method === 'join') return bounded(items.join(args[0] === undefined ? ',' : String(args[0])))
    if (method === 'reverse' || method === 'toReversed') return { value: [...items].reverse() }
    if (method === 'slice') return { value: items.slice(Number(args[0] ?? 0)) }
    if (method === 'concat' && items.length < MAX_TEXT)
      return { value: [...items, ...args.flat()].slice(0, MAX_TEXT) as Constant[] }
  }
  return undefined
}

/** Whether a text of this pattern can be exactly `name`, told from at least three known letters of it. */
export function canSpell(pattern: TextPattern, name: string): boolean {
  if (pattern.every((piece) => piece !== HOLE)) return pattern.join('') === name
  const known = pattern.reduce((sum, piece) => sum + (piece === HOLE ? 0 : piece.length), 0)
  if (known < 3) return false
  let at = 0
  let loose = false
  for (const [i, piece] of pattern.entries()) {
    if (piece === HOLE) {
      loose = true
      continue
    }
    const isLast = i === pattern.length - 1
    const found = isLast && loose ? name.lastIndexOf(piece) : loose ? name.indexOf(piece, at) : at
    if (found < at || !name.startsWith(piece, found)) return false
    at = found + piece.length
    loose = false
  }
  return loose || at === name.length
}

const bounded = (text: string): Known | undefined => (text.length > MAX_TEXT ? undefined : { value: text })

const isNumber = (node: AnyNode): boolean => node.type === 'Literal' && typeof node.value === 'number'

const product = (heads: readonly TextPattern[], tails: readonly TextPattern[]): TextPattern[] =>
  heads.flatMap((head) => tails.map((tail) => [...head, ...tail])).slice(0, MAX_CHOICES)
