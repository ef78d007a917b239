// Who owns a name: every identifier of a method resolved to the binding that declares it, or to none (a free name).
// Bindings of `var` and of parameters live in their function, the others in their block; a function declared inside
// a block is known in that block only, as in strict code.
import { type AnyNode, childrenOf, type FunctionDeclaration, type Identifier } from './parse.ts'

export type BindingKind = 'self' | 'param' | 'var' | 'let' | 'const' | 'function' | 'catch'

export interface Binding {
  readonly name: string
  readonly kind: BindingKind
  /** The value it is declared with, where it is a plain name with one. */
  readonly init?: AnyNode
  /** How many assignments it has after its declaration. */
  writes: number
}

export interface Fn {
  readonly node: FunctionNode
  readonly index: number
  readonly isArrow: boolean
}

export type FunctionNode = Extract<
  AnyNode,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>

export interface Scopes {
  /** The functions of the text; the first is the method. */
  readonly fns: readonly Fn[]
  readonly fnOf: ReadonlyMap<AnyNode, Fn>
  /** Identifiers that name a variable (not property names or labels) and their bindings; undefined: free. */
  readonly bindingOf: ReadonlyMap<AnyNode, Binding | undefined>
  readonly self: Binding | undefined
}

type Scope = {
  readonly names: Map<string, Binding>
  readonly parent: Scope | undefined
}

export const isFunction = (node: AnyNode): node is FunctionNode =>
  node.type === 'FunctionDeclaration' ||
  node.type === 'FunctionExpression' ||
  node.type === 'ArrowFunctionExpression'

/** Resolves all names of a method. */
export function scopesOf(method: FunctionDeclaration): Scopes {
  const fns: Fn[] = []
  const fnOf = new Map<AnyNode, Fn>()
  const bindingOf = new Map<AnyNode, Binding | undefined>()
  let self: Binding | undefined

  const open = (parent: Scope | undefined): Scope => ({ names: new Map(), parent })
  const declare = (scope: Scope, id: Identifier, kind: BindingKind, init?: AnyNode | null): Binding => {
    const known = scope.names.get(id.name)
    if (known) known.writes++ // a second `var` of the same name writes the first
    const binding: Binding = known ?? { name: id.name, kind, writes: 0, ...(init ? { init } : {}) }
    scope.names.set(id.name, binding)
    return binding
  }
  const lookup = (scope: Scope | undefined, name: string): Binding | undefined => {
    for (let s = scope; s; s = s.parent) {
      const binding = s.names.get(name)
      if (binding) return binding
    }
    return undefined
  }

  // First the declarations (names are known before their line is reached), then the references: `var` anywhere in
  // the function, the other declarations among the statements of their block.
  const declareVars = (node: AnyNode, scope: Scope): void => {
    if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return
    if (node.type === 'VariableDeclaration' && node.kind === 'var')
      for (const { id, init } of node.declarations)
        for (const name of namesIn(id)) declare(scope, name, 'var', id === name ? init : undefined)
    for (const child of childrenOf(node)) declareVars(child, scope)
  }
  const declareHere = (node: AnyNode, scope: Scope): void => {
    if (node.type === 'VariableDeclaration' && node.kind !== 'var')
      for (const { id, init } of node.declarations)
        for (const name of namesIn(id))
          declare(scope, name, node.kind === 'let' ? 'let' : 'const', id === name ? init : undefined)
    if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id)
      declare(scope, node.id, 'function', node)
  }
  const hoistBlock = (statements: readonly AnyNode[], scope: Scope) => {
    for (const statement of statements) declareHere(unlabelled(statement), scope)
  }

  const visitFunction = (node: FunctionNode, outer: Scope | undefined): void => {
    const fn: Fn = { node, index: fns.length, isArrow: node.type === 'ArrowFunctionExpression' }
    fns.push(fn)
    fnOf.set(node, fn)
    let scope = open(outer)
    if (node.type === 'FunctionExpression' && node.id) {
      bindingOf.set(node.id, declare(scope, node.id, 'function', node))
      scope = open(scope)
    }
    for (const param of node.params)
      for (const name of namesIn(param)) {
        const isSelf = fn.index === 0 && param === name && name.name === 'self'
        const binding = declare(scope, name, isSelf ? 'self' : 'param')
        if (isSelf) self ??= binding
      }
    for (const param of node.params) visit(param, scope)
    if (node.body.type === 'BlockStatement') {
      // `var` of the body shares the scope of the parameters; close enough to the language for plain code.
      declareVars(node.body, scope)
      hoistBlock(node.body.body, scope)
      for (const statement of node.body.body) visit(statement, scope)
    } else visit(node.body, scope)
  }

  const visitAll = (nodes: readonly (AnyNode | null | undefined)[], scope: Scope) => {
    for (const node of nodes) if (node) visit(node, scope)
  }

  const visit = (node: AnyNode, scope: Scope): void => {
    switch (node.type) {
      case 'FunctionDeclaration':
        if (node.id) bindingOf.set(node.id, lookup(scope, node.id.name))
        {
          visitFunction(node, scope)
          return
        }
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        visitFunction(node, scope)
        return
      case 'Identifier':
        bindingOf.set(node, lookup(scope, node.name))
        return
      case 'MemberExpression':
        visitAll([node.object, node.computed ? node.property : undefined], scope)
        return
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        visitAll([node.computed ? node.key : undefined, node.value], scope)
        return
      case 'LabeledStatement':
        visit(node.body, scope)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return
      case 'AssignmentExpression':
        for (const name of namesIn(node.left)) count(scope, name)
        {
          visitAll([node.left, node.right], scope)
          return
        }
      case 'UpdateExpression':
        for (const name of namesIn(node.argument)) count(scope, name)
        {
          visit(node.argument, scope)
          return
        }
      case 'BlockStatement':
      case 'StaticBlock': {
        const inner = open(scope)
        hoistBlock(node.body, inner)
        visitAll(node.body, inner)
        return
      }
      case 'SwitchStatement': {
        visit(node.discriminant, scope)
        const inner = open(scope)
        for (const branch of node.cases) hoistBlock(branch.consequent, inner)
        for (const branch of node.cases) visitAll([branch.test, ...branch.consequent], inner)
        return
      }
      case 'ForStatement': {
        const inner = open(scope)
        if (node.init) declareHere(node.init, inner)
        visitAll([node.init, node.test, node.update, node.body], inner)
        return
      }
      case 'ForInStatement':
      case 'ForOfStatement': {
        const inner = open(scope)
        declareHere(node.left, inner)
        const names =
          node.left.type === 'VariableDeclaration'
            ? node.left.declarations.flatMap((d) => namesIn(d.id))
            : namesIn(node.left)
        for (const name of names) count(inner, name) // the loop writes it, whatever its init says
        visitAll([node.left, node.right, node.body], inner)
        return
      }
      case 'CatchClause': {
        const inner = open(scope)
        if (node.param) for (const name of namesIn(node.param)) declare(inner, name, 'catch')
        if (node.param) visit(node.param, inner)
        visit(node.body, inner)
        return
      }
      default:
        visitAll(childrenOf(node), scope)
        return
    }
  }
  const count = (scope: Scope, name: Identifier) => {
    const binding = lookup(scope, name.name)
    if (binding) binding.writes++
  }

  visitFunction(method, undefined)
  return { fns, fnOf, bindingOf, self }
}

/** The names that a pattern declares or assigns. */
export function namesIn(pattern: AnyNode): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern]
    case 'ObjectPattern':
      return pattern.properties.flatMap((p) => namesIn(p.type === 'Property' ? p.value : p.argument))
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? namesIn(element) : []))
    case 'AssignmentPattern':
      return namesIn(pattern.left)
    case 'RestElement':
      return namesIn(pattern.argument)
    default:
      return []
  }
}

function unlabelled(node: AnyNode): AnyNode {
  let inner = node
  while (inner.type === 'LabeledStatement') inner = inner.body
  return inner
}
