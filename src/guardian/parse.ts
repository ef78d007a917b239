// From text to the syntax tree of one method. The only importer of acorn; the language is ECMAScript 2023, what the
// sandbox's engine accepts (it judges the syntax a second time).
//
// A method is exactly one function declaration with the name of its selector, `self` and as many plain parameters
// as the message has arguments; comments may stand around it, code may not.
//
// Texts come from a model or from anybody: nothing here throws. Length and nesting are bounded before any recursive
// pass sees the tree, so that the passes after this one may recurse freely and stay linear.
import { type AnyNode, type FunctionDeclaration, type Node, parse } from 'acorn'
import { CHILD_KEYS } from './syntax-keys.ts'
import type { Violation } from './verdict.ts'

export type {
  AnyNode,
  ArrowFunctionExpression,
  AssignmentExpression,
  CallExpression,
  Expression,
  FunctionDeclaration,
  FunctionExpression,
  Identifier,
  MemberExpression,
  NewExpression,
  Node,
  Pattern,
  Property,
  SpreadElement,
  Statement,
  Super,
  TryStatement,
} from 'acorn'

/** The longest text of a method, in UTF-16 code units. */
export const MAX_LENGTH = 65_536
/** The deepest syntax tree of a method. */
export const MAX_DEPTH = 400

export interface Expected {
  readonly name: string
  /** Parameters after `self`. */
  readonly arity: number
}

export type Parsed =
  | {
      readonly kind: 'method'
      readonly method: FunctionDeclaration
      readonly violations: readonly Violation[]
    }
  | { readonly kind: 'refused'; readonly violations: readonly Violation[] }

/** Parses a method; refused when no function is there to judge further, else with the violations of its shape. */
export function parseMethod(source: string, expected: Expected): Parsed {
  const found = declarationOf(source)
  if (found.kind === 'refused') return found
  const at = positionsOf(source)
  const { method } = found
  const violations = [...found.violations]
  const shape = (node: Node, message: string, subject?: string) =>
    violations.push({
      code: 'shape',
      ...at(node.start),
      message,
      ...(subject === undefined ? {} : { subject }),
    })

  const { id, params } = method
  if (id.name !== expected.name)
    shape(id, `the function is named ${id.name} and must be named ${expected.name}`, id.name)
  if (method.generator) shape(method, 'a method is a plain or an async function, not a generator (no `*`)')
  const wanted = 1 + expected.arity
  if (params.length !== wanted)
    shape(
      params[wanted] ?? id,
      `the function has ${count(params.length)} and must have ${count(wanted)}: self` +
        (expected.arity > 0 ? ` and ${expected.arity} for the arguments of the message` : ' alone'),
    )
  const seen = new Set<string>()
  params.forEach((param, index) => {
    if (param.type !== 'Identifier') {
      shape(param, `parameter ${index + 1} must be a plain name, with no pattern, default or rest`)
      return
    }
    if (index === 0 && param.name !== 'self')
      shape(param, 'the first parameter must be named self', param.name)
    if (seen.has(param.name)) shape(param, `two parameters are named ${param.name}`, param.name)
    seen.add(param.name)
  })
  return { kind: 'method', method, violations }
}

/** The one function declaration of a text, whatever its name and parameters are. */
export function declarationOf(source: string): Parsed {
  if (source.length > MAX_LENGTH)
    return refused(
      'shape',
      1,
      1,
      `the method has ${source.length} characters; at most ${MAX_LENGTH} are judged`,
    )
  const at = positionsOf(source)
  let body: readonly AnyNode[]
  try {
    body = parse(source, { ecmaVersion: 2023, sourceType: 'script', allowHashBang: false }).body
  } catch (thrown) {
    return refusedSyntax(source, thrown)
  }
  const method = body.find((node): node is FunctionDeclaration => node.type === 'FunctionDeclaration')
  if (!method)
    return refused('shape', 1, 1, 'the text must be one function declaration: function name(self) { … }')
  const deep = tooDeep(method)
  if (deep)
    return refused(
      'shape',
      at(deep.start).line,
      at(deep.start).column,
      'the code is nested too deeply to be judged',
    )
  const others = body.filter((node) => node !== method)
  return {
    kind: 'method',
    method,
    violations: others.slice(0, 3).map((node) => ({
      code: 'shape',
      ...at(node.start),
      message: 'only one function declaration may be here; remove the code before and after it',
    })),
  }
}

/** A function from an offset to its line and column, both counted from 1 (columns in UTF-16 code units). */
export function positionsOf(source: string): (offset: number) => { line: number; column: number } {
  const starts = [0]
  for (const match of source.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(match.index + match[0].length)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }
}

/** The direct children of a syntax node, in source order. */
export function childrenOf(node: AnyNode): readonly AnyNode[] {
  const keys = CHILD_KEYS.get(node.type)
  if (!keys) return NONE
  const found: AnyNode[] = []
  for (const key of keys) {
    const value: unknown = node[key as keyof AnyNode]
    if (Array.isArray(value)) {
      for (const item of value) if (item !== null) found.push(item as AnyNode)
    } else if (value) found.push(value as AnyNode)
  }
  return found
}
const NONE: readonly AnyNode[] = []

/** Every node below and including `node`, parents first. */
export function eachNode(node: AnyNode, visit: (node: AnyNode, parents: readonly AnyNode[]) => void): void {
  const parents: AnyNode[] = []
  const go = (current: AnyNode) => {
    visit(current, parents)
    parents.push(current)
    for (const child of childrenOf(current)) go(child)
    parents.pop()
  }
  go(node)
}

// Without recursion: the tree is not known to be shallow yet.
function tooDeep(root: AnyNode): AnyNode | undefined {
  let level: AnyNode[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return level[0]
    const below: AnyNode[] = []
    for (const node of level) below.push(...childrenOf(node))
    level = below
  }
  return undefined
}

function refusedSyntax(source: string, thrown: unknown): Parsed {
  const at = positionsOf(source)
  if (!(thrown instanceof SyntaxError && 'pos' in thrown && typeof thrown.pos === 'number'))
    return refused('shape', 1, 1, 'the code is nested too deeply to be judged')
  const { line, column } = at(thrown.pos)
  // Prose or a code fence before the function is the commonest slip of a model; it is told as what it is.
  const start = /(?:^|\n)[ \t]*(?:async[ \t]+)?function\b/.exec(source)
  const before = start ? source.slice(0, start.index).trim() : ''
  if (start && before !== '' && !before.startsWith('/') && thrown.pos <= start.index + start[0].length)
    return refused('shape', 1, 1, 'there is text before the function; the answer must be the function alone')
  const after = textAfter(source, thrown.pos)
  if (after !== undefined)
    return refused('shape', at(after).line, at(after).column, 'there is text after the function; remove it')
  const what = thrown.message.replace(/ \(\d+:\d+\)$/, '')
  return refused('syntax', line, column, `${what.charAt(0).toLowerCase()}${what.slice(1)}`)
}

/** Where text begins after a function that is complete, when the parser stopped there. */
function textAfter(source: string, stopped: number): number | undefined {
  const end = source.lastIndexOf('}', stopped - 1) + 1
  if (end === 0) return undefined
  try {
    const { body } = parse(source.slice(0, end), { ecmaVersion: 2023, sourceType: 'script' })
    if (body.length !== 1 || body[0]?.type !== 'FunctionDeclaration') return undefined
  } catch {
    return undefined // not a whole function: a plain syntax error
  }
  return end + source.slice(end).search(/\S|$/)
}

const refused = (code: Violation['code'], line: number, column: number, message: string): Parsed => ({
  kind: 'refused',
  violations: [{ code, line, column, message }],
})

const count = (parameters: number): string => `${parameters} parameter${parameters === 1 ? '' : 's'}`
