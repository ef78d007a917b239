// What is known of the values of a method while the constraints on them are solved (reached.ts): it only grows, and tells
// whether it has.
import type { Facts } from './expressions.ts'
import { clean, isSame, join, NO_FNS, type Value } from './layers.ts'
import type { AnyNode } from './parse.ts'
import type { Binding, Fn, Scopes } from './scope.ts'
import { Sharing } from './sharing.ts'

export class KnownValues implements Facts {
  readonly values = new Map<Binding, Value>()
  readonly answers = new Map<Fn, Value>()
  readonly escaped = new Set<Fn>()
  /** Nodes that store a local container into the state. */
  readonly stores = new Set<AnyNode>()
  readonly sharing = new Sharing()
  /** What may be thrown in the method, and the names whose containers that may be. */
  thrown = clean
  readonly thrownRoots: Binding[] = []
  gaveUp = false
  changed = false
  readonly #scopes: Scopes
  readonly #names: readonly Binding[]

  constructor(scopes: Scopes) {
    this.#scopes = scopes
    this.#names = [...new Set(scopes.bindingOf.values())].filter(
      (b): b is Binding => b !== undefined && b.kind !== 'self',
    )
  }

  /** The names whose containers an expression may be or hold. */
  rootsOf(node: AnyNode): readonly Binding[] {
    return this.sharing.rootsOf(node, this.#scopes)
  }

  /** A name may hold `value`. */
  raise(binding: Binding, value: Value): void {
    if (binding.kind === 'self') return
    const old = this.values.get(binding) ?? clean
    const next = join(old, value)
    if (isSame(old, next)) return
    this.values.set(binding, next)
    this.changed = true
  }

  /** So may the names that may reach the insides of `bindings`. */
  raiseGroup(bindings: readonly Binding[], valueFor: (binding: Binding) => Value): void {
    const groups = new Set(bindings.map((b) => this.sharing.groupOf(b)))
    for (const name of this.#names)
      if (groups.has(this.sharing.groupOf(name))) this.raise(name, { ...valueFor(name), fns: NO_FNS })
  }

  /** The names may share containers, because of the syntax `at`. */
  share(bindings: readonly Binding[], at: AnyNode): void {
    if (this.sharing.link(bindings, at)) this.changed = true
  }

  /** A function may answer `value`. */
  answer(fn: Fn, value: Value): void {
    const old = this.answers.get(fn) ?? clean
    const next = join(old, value)
    if (isSame(old, next)) return
    this.answers.set(fn, next)
    this.changed = true
  }

  /** A value gets out of sight: what functions it may be may be called by anything. */
  letOut({ fns }: Value): void {
    for (const fn of fns)
      if (!this.escaped.has(fn)) {
        this.escaped.add(fn)
        this.changed = true
      }
  }

  /** A value is thrown, from the containers of `roots`. */
  throwOut(value: Value, roots: readonly Binding[]): void {
    this.letOut(value)
    const next = join(this.thrown, value)
    if (!isSame(next, this.thrown)) this.changed = true
    this.thrown = next
    this.thrownRoots.push(...roots.filter((b) => !this.thrownRoots.includes(b)))
  }

  /** From here on every name may hold anything. */
  giveUp(): void {
    if (this.gaveUp) return
    this.gaveUp = true
    this.changed = true
  }

  /** What is known by now, which grows no more. */
  copy(): Facts & { readonly stores: ReadonlySet<AnyNode> } {
    return {
      values: new Map(this.values),
      answers: new Map(this.answers),
      escaped: new Set(this.escaped),
      stores: new Set(this.stores),
      gaveUp: this.gaveUp,
    }
  }
}
