// Which names may hold or share the same containers: the names in one group may reach one another's insides, so what
// is put into one of them may be found through another (Steensgaard, "Points-to analysis in almost linear time",
// POPL 1996: assignments unify).
//
// A group is entangled when two of its names are linked in more than one way; only then can a container lie inside
// itself.
import { ANSWERS } from './builtins.ts'
import { calleeOf } from './callee.ts'
import { nameOf } from './constants.ts'
import { type AnyNode, childrenOf } from './parse.ts'
import { type Binding, type Fn, isFunction, type Scopes } from './scope.ts'

export class Sharing {
  readonly #parent = new Map<Binding, Binding>()
  readonly #entangled = new Set<Binding>()
  readonly #links = new Map<AnyNode, Map<Binding, Set<Binding>>>()
  readonly #roots = new Map<AnyNode, readonly Binding[]>()
  readonly #answers = new Map<Fn, Binding>()

  groupOf(binding: Binding): Binding {
    let root = binding
    for (let next = this.#parent.get(root); next; next = this.#parent.get(root)) root = next
    if (root !== binding) this.#parent.set(binding, root)
    return root
  }

  isEntangled(binding: Binding): boolean {
    return this.#entangled.has(this.groupOf(binding))
  }

  /** Unifies the names, because of the syntax `at` (which counts once); whether that changed anything. */
  link(bindings: readonly Binding[], at: AnyNode): boolean {
    const [first, ...rest] = new Set(bindings)
    if (!first) return false
    const known = this.#links.get(at) ?? new Map<Binding, Set<Binding>>()
    this.#links.set(at, known)
    const linked = known.get(first) ?? new Set<Binding>()
    known.set(first, linked)
    let changed = false
    for (const other of rest) {
      if (linked.has(other)) continue
      linked.add(other)
      const [a, b] = [this.groupOf(first), this.groupOf(other)]
      const entangled = a === b || this.#entangled.has(a) || this.#entangled.has(b)
      if (a !== b) this.#parent.set(b, a)
      changed ||= a !== b || (entangled && !this.#entangled.has(a))
      if (entangled) this.#entangled.add(a)
    }
    return changed
  }

  /** A name for what a function answers, so that its callers share with what it returns. */
  answerOf(fn: Fn): Binding {
    const known = this.#answers.get(fn)
    if (known) return known
    const binding: Binding = { name: 'answer', kind: 'let', writes: 0 }
    this.#answers.set(fn, binding)
    return binding
  }

  /** The names whose containers an expression may be or hold; `self` is none of them. */
  rootsOf(node: AnyNode, scopes: Scopes): readonly Binding[] {
    const known = this.#roots.get(node)
    if (known) return known
    const found = this.#findRoots(node, scopes)
    this.#roots.set(node, found)
    return found
  }

  #findRoots(node: AnyNode, scopes: Scopes): readonly Binding[] {
    const roots = (inner: AnyNode): readonly Binding[] => this.rootsOf(inner, scopes)
    switch (node.type) {
      case 'Identifier': {
        const binding = scopes.bindingOf.get(node)
        if (!binding || binding.kind === 'self') return []
        const fn = binding.init && isFunction(binding.init) ? scopes.fnOf.get(binding.init) : undefined
        return fn ? [binding, this.answerOf(fn)] : [binding]
      }
      case 'FunctionExpression':
      case 'ArrowFunctionExpression': {
        const fn = scopes.fnOf.get(node)
        return fn ? [this.answerOf(fn)] : []
      }
      case 'BinaryExpression':
      case 'TemplateLiteral':
      case 'UnaryExpression':
      case 'UpdateExpression':
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
}
