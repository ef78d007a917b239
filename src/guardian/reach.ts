// What a method may touch beyond its receiver: its own names, its parameters, what it was granted, and globals that
// can do no harm. The sandbox has no ambient authority and is the second wall; this one refuses before anything is
// run and says why.
//
//   reach      a name that is none of these; the clock and chance without a grant
//   forbidden  constructs whose effect cannot be judged from the text: eval, Function, import, with, debugger, class,
//              this, arguments, new.target, and ways to constructors and prototypes, also spelt in pieces
//
// Computed members: a key that folds to a constant is judged as that name. A key put together of constant pieces
// and unknown ones is refused where the pieces (three letters or more) can spell a refused name. A key that is
// wholly unknown is plain data access (`self.map[a]`, `a[i]`): what it finds may be read and written, not called,
// except in a literal table of this method (`const ops = { add: (x, y) => x + y }; ops[a](b, c)`), where one
// unknown step alone leads to no compiler of code.

import { unwrapped } from './callee.ts'
import { canSpell, nameOf, patternsOf } from './constants.ts'
import { type AnyNode, eachNode, positionsOf } from './parse.ts'
import { isFunction, namesIn, type Scopes } from './scope.ts'
import type { Violation } from './verdict.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** Globals that may be used in any way, also as values (`xs.map(Number)`). */
const HARMLESS = words(
  'undefined NaN Infinity Number String Boolean Array Map Set RegExp BigInt Promise Symbol Error TypeError ' +
    'RangeError SyntaxError ReferenceError EvalError URIError AggregateError parseInt parseFloat isNaN isFinite ' +
    'encodeURIComponent decodeURIComponent encodeURI decodeURI Uint8Array',
)
/** Globals of which only named members may be used; null: all of them. */
const NAMESPACES: ReadonlyMap<string, ReadonlySet<string> | null> = new Map([
  ['Math', null],
  ['JSON', null],
  ['Date', words('UTC parse now')],
  [
    'Object',
    words(
      'keys values entries fromEntries assign create freeze isFrozen is hasOwn groupBy seal isSealed prototype',
    ),
  ],
])
const REFUSED_NAMES = words('eval Function arguments')
const REFUSED_KEYS = words(
  'constructor __proto__ prototype __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__',
)
/** What stands in for names that a method may miss. */
const ADVICE: Readonly<Record<string, string>> = {
  console: 'return the text instead of printing it',
  setTimeout: 'a method cannot wait; send a message instead',
  setInterval: 'a method cannot wait; send a message instead',
  require: 'a method has no modules; send a message to the object that can do it',
  process: 'a method has no process; send a message to the object that can do it',
  globalThis: 'state belongs into slots of self',
  window: 'state belongs into slots of self',
  global: 'state belongs into slots of self',
  Reflect: 'use plain property access',
  Proxy: 'use plain objects',
  structuredClone: 'copy with { ...x } or [...x]',
}

type Member = Extract<AnyNode, { type: 'MemberExpression' }>

/** Names out of reach and constructs that are refused. */
export function reachViolations(source: string, scopes: Scopes, uses: readonly string[]): Violation[] {
  const at = positionsOf(source)
  const granted = new Set(uses.map((use) => use.split(':', 1)[0]!))
  const found: Violation[] = []
  const say = (code: 'reach' | 'forbidden', node: AnyNode, message: string, subject?: string): void => {
    found.push({ code, ...at(node.start), message, ...(subject === undefined ? {} : { subject }) })
  }
  const isGlobal = (node: AnyNode): node is Extract<AnyNode, { type: 'Identifier' }> =>
    node.type === 'Identifier' && scopes.bindingOf.has(node) && !scopes.bindingOf.get(node)

  // ---- free names
  const name = (node: Extract<AnyNode, { type: 'Identifier' }>, parents: readonly AnyNode[]): void => {
    if (REFUSED_NAMES.has(node.name)) {
      say('forbidden', node, `${node.name} is refused; write the code itself`, node.name)
      return
    }
    if (scopes.bindingOf.get(node) || granted.has(node.name) || HARMLESS.has(node.name)) return
    if (!NAMESPACES.has(node.name)) {
      const advice = ADVICE[node.name] ?? 'declare it, or use self, a parameter or a granted capability'
      say('reach', node, `${node.name} is not within reach of a method; ${advice}`, node.name)
      return
    }
    namespace(node, parents)
  }
  const namespace = (node: Extract<AnyNode, { type: 'Identifier' }>, parents: readonly AnyNode[]): void => {
    const parent = parents.at(-1)
    const use = node.name
    if (use === 'Date' && parent && 'callee' in parent && parent.callee === node) {
      const needsClock =
        parent.type === 'CallExpression' ||
        parent.arguments.length === 0 ||
        parent.arguments[0]!.type === 'SpreadElement'
      if (needsClock && !granted.has('clock'))
        say(
          'reach',
          parent,
          'the time of day needs the capability clock; take the time as an argument',
          'Date',
        )
      return
    }
    if (parent?.type === 'BinaryExpression' && parent.operator === 'instanceof' && parent.right === node)
      return
    const isObjectCall = use === 'Object' && parent && 'callee' in parent && parent.callee === node
    if (isObjectCall) return
    if (parent?.type !== 'MemberExpression' || parent.object !== node) {
      say('reach', node, `${use} may be used only as ${use}.name`, use)
      return
    }
    const key = nameOf(parent, scopes)
    if (key === undefined) {
      say('reach', parent, `${use}[…] with a computed name is out of reach`, use)
      return
    }
    const allowed = NAMESPACES.get(use)
    if (allowed && !allowed.has(key) && !REFUSED_KEYS.has(key))
      say('reach', parent, `${use}.${key} is out of reach of a method`, `${use}.${key}`)
    if (use === 'Math' && key === 'random' && !granted.has('random'))
      say('reach', parent, 'chance needs the capability random; take the value as an argument', 'Math.random')
    if (use === 'Date' && key === 'now' && !granted.has('clock'))
      say(
        'reach',
        parent,
        'the time of day needs the capability clock; take the time as an argument',
        'Date.now',
      )
  }

  // ---- members and keys
  const key = (node: AnyNode, text: string): void => {
    if (REFUSED_KEYS.has(text))
      say('forbidden', node, `${text} leads out of the data of an object and is refused`, text)
  }
  const member = (node: Member, parents: readonly AnyNode[]): void => {
    const known = nameOf(node, scopes)
    if (known !== undefined) {
      if (!(known === 'prototype' && isPrototypeCall(node, parents))) key(node.property, known)
      return
    }
    for (const refused of REFUSED_KEYS)
      if (patternsOf(node.property, scopes).some((pattern) => canSpell(pattern, refused))) {
        say('forbidden', node.property, `this key can spell ${refused} and is refused`, refused)
        return
      }
    const user = userOf(node, parents)
    if (user && !isTable(node.object))
      say('forbidden', node, 'a function found by a computed name may not be called; use self.send(name, …)')
  }
  // `Array.prototype.slice.call(…)`, `Object.prototype.hasOwnProperty.call(…)`
  const isPrototypeCall = (node: Member, parents: readonly AnyNode[]): boolean => {
    const [method, spelling, call] = [parents.at(-1), parents.at(-2), parents.at(-3)]
    return (
      isGlobal(node.object) &&
      method?.type === 'MemberExpression' &&
      method.object === node &&
      !REFUSED_KEYS.has(nameOf(method, scopes) ?? 'constructor') &&
      spelling?.type === 'MemberExpression' &&
      spelling.object === method &&
      /^(call|apply)$/.test(nameOf(spelling, scopes) ?? '') &&
      call?.type === 'CallExpression' &&
      call.callee === spelling
    )
  }
  // The call that an unknown member is the callee of, also through a name or `.call`.
  const userOf = (node: Member, parents: readonly AnyNode[]): AnyNode | undefined => {
    let inner: AnyNode = node
    for (let i = parents.length - 1; i >= 0; i--) {
      const parent = parents[i]!
      if (parent.type === 'ChainExpression' || parent.type === 'ParenthesizedExpression') inner = parent
      else if ('callee' in parent && parent.callee === inner) return parent
      else if (parent.type === 'TaggedTemplateExpression' && parent.tag === inner) return parent
      else if (parent.type === 'MemberExpression' && parent.object === inner)
        return /^(call|apply|bind)$/.test(nameOf(parent, scopes) ?? '') ? parent : undefined
      else return undefined
    }
    return undefined
  }
  const isTable = (object: AnyNode): boolean => {
    const inner = unwrapped(object)
    if (inner.type === 'ObjectExpression' || inner.type === 'ArrayExpression') return true
    const binding = inner.type === 'Identifier' ? scopes.bindingOf.get(inner) : undefined
    return binding?.kind === 'const' && /^(Object|Array)Expression$/.test(binding.init?.type ?? '')
  }
  // `const f = a[k]; f()`
  const calledName = (node: AnyNode): void => {
    const callee = unwrapped(node)
    const init = callee.type === 'Identifier' ? scopes.bindingOf.get(callee)?.init : undefined
    const target = init && unwrapped(init)
    if (
      target?.type === 'MemberExpression' &&
      nameOf(target, scopes) === undefined &&
      !isTable(target.object)
    )
      say(
        'forbidden',
        callee,
        'a function found by a computed name may not be called; use self.send(name, …)',
      )
  }

  // ---- writing to what is not the method's own
  const written = (target: AnyNode): void => {
    for (const id of namesIn(target)) {
      const binding = scopes.bindingOf.get(id)
      if (binding?.kind === 'self')
        say('forbidden', id, 'self is the receiver and may not be given another value')
      else if (isGlobal(id) && (HARMLESS.has(id.name) || NAMESPACES.has(id.name)))
        say('forbidden', id, `${id.name} is shared by all methods and may not be changed`, id.name)
    }
    eachTarget(target, (node) => {
      let root: AnyNode = node
      while (root.type === 'MemberExpression') root = unwrapped(root.object)
      if (isGlobal(root) && !granted.has(root.name))
        say('forbidden', node, `${root.name} is shared by all methods and may not be changed`, root.name)
    })
  }

  eachNode(scopes.fns[0]!.node, (node, parents) => {
    switch (node.type) {
      case 'Identifier':
        if (scopes.bindingOf.has(node)) name(node, parents)
        else if (parents.at(-1)?.type === 'FunctionDeclaration' && REFUSED_NAMES.has(node.name))
          name(node, parents)
        break
      case 'MemberExpression':
        member(node, parents)
        break
      case 'Property': {
        const isPattern = parents.at(-1)?.type === 'ObjectPattern'
        const known = nameOf(node, scopes)
        if (known !== undefined && (isPattern || known === '__proto__')) key(node.key, known)
        if (known === undefined && isPattern)
          for (const refused of REFUSED_KEYS)
            if (patternsOf(node.key, scopes).some((pattern) => canSpell(pattern, refused)))
              say('forbidden', node.key, `this key can spell ${refused} and is refused`, refused)
        break
      }
      case 'CallExpression':
      case 'NewExpression':
        calledName(node.callee)
        break
      case 'AssignmentExpression':
        written(node.left)
        break
      case 'UpdateExpression':
        written(node.argument)
        break
      case 'UnaryExpression':
        if (node.operator === 'delete') written(unwrapped(node.argument))
        break
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.left.type !== 'VariableDeclaration') written(node.left)
        break
      case 'ThisExpression':
        if (!parents.slice(1).some((p) => isFunction(p) && p.type !== 'ArrowFunctionExpression'))
          say('forbidden', node, 'this is refused; the receiver is self', 'this')
        break
      case 'MetaProperty':
        say('forbidden', node, 'new.target is refused', 'new.target')
        break
      case 'ImportExpression':
        say('forbidden', node, 'import is refused; a method has no modules', 'import')
        break
      case 'WithStatement':
        say('forbidden', node, 'with is refused; name the object', 'with')
        break
      case 'DebuggerStatement':
        say('forbidden', node, 'debugger is refused; remove it', 'debugger')
        break
      case 'ClassDeclaration':
      case 'ClassExpression':
        say('forbidden', node, 'a class is refused in a method; use plain objects and functions', 'class')
        break
    }
  })
  return found
}

// The members that a pattern writes.
function eachTarget(target: AnyNode, visit: (node: Member) => void): void {
  switch (target.type) {
    case 'MemberExpression':
      visit(target)
      return
    case 'ObjectPattern':
      for (const p of target.properties) eachTarget(p.type === 'Property' ? p.value : p.argument, visit)
      return
    case 'ArrayPattern':
      for (const element of target.elements) if (element) eachTarget(element, visit)
      return
    case 'AssignmentPattern':
      eachTarget(target.left, visit)
      return
    case 'RestElement':
      eachTarget(target.argument, visit)
      return
  }
}
