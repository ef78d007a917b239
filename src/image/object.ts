// A prototype object as one View sees it. It holds no state of its own: a cheap handle, as many as one likes for one oid,
// all of them seeing the same slots. What it can find by delegation is remembered until something in the View changes.

import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import { Ref, type Value } from '../base/value.ts'
import { admit } from './admit.ts'
import { cloneObject, deepCloneObject } from './clone.ts'
import { type Found, findSlot, parentsOf } from './delegation.ts'
import { isVolatileSlot, type Slots } from './object-state.ts'
import type { View } from './view.ts'

const NO_SLOTS: Slots = new Map()

export class Obj {
  readonly oid: Oid
  readonly view: View
  #slots: Slots = NO_SLOTS
  #edition = -1
  #found: Map<string, Found | undefined> | undefined
  #foundAt = -1

  /** `slots`: as the View has them now, where it is known. */
  constructor(view: View, oid: Oid, slots?: Slots) {
    this.view = view
    this.oid = oid
    if (!slots) return
    this.#slots = slots
    this.#edition = view.edition
  }

  get ref(): Ref {
    return new Ref(this.oid)
  }

  /** The object's own slots. Throws E_NO_OBJECT when it has ceased to be (a savepoint was rolled back). */
  get own(): Slots {
    if (this.#edition !== this.view.edition) {
      const slots = this.view.slotsOf(this.oid)
      if (!slots) throw new BatError('E_NO_OBJECT', { receiver: this.oid })
      this.#slots = slots
      this.#edition = this.view.edition
    }
    return this.#slots
  }

  /** The value of the object's own slot; undefined where it has none of that name. */
  get(slot: string): Value | undefined {
    return isVolatileSlot(slot) ? this.#volatile?.get(slot) : this.own.get(slot)
  }

  has(slot: string): boolean {
    return isVolatileSlot(slot) ? (this.#volatile?.has(slot) ?? false) : this.own.has(slot)
  }

  /** Puts a copy of `value` in a slot. Throws E_VALUE with its path when the image cannot hold it. */
  set(slot: string, value: Value): this {
    if (isVolatileSlot(slot)) this.#setVolatile(slot, value)
    else
      this.view.setSlot(
        this.oid,
        slot,
        admit(value, () => this.view.pathOf(this.oid, slot)),
      )
    return this
  }

  /** Takes a slot away; answers whether it was there. */
  delete(slot: string): boolean {
    if (isVolatileSlot(slot)) return this.#volatile?.delete(slot) ?? false
    return this.view.deleteSlot(this.oid, slot)
  }

  /** The object's own slots in order, without the volatile ones. */
  slots(): Iterable<[string, Value]> {
    return this.own.entries()
  }

  /** The objects in the parent slots, in slot order. Throws E_DANGLING where one is not there. */
  parents(): Obj[] {
    return parentsOf(this)
  }

  /** The slot `name` of this object or of the first that has it among its parents, depth first. */
  lookup(name: string): Found | undefined {
    const own = this.get(name)
    if (own !== undefined) return { holder: this, value: own }
    if (this.#foundAt !== this.view.changeCount || !this.#found) {
      this.#found = new Map()
      this.#foundAt = this.view.changeCount
    }
    const known = this.#found.get(name)
    if (known || this.#found.has(name)) return known
    const found = findSlot(this, name)
    this.#found.set(name, found)
    return found
  }

  /** A new object with the same plain values and references; each Tree in it is copied to one of its own. */
  clone(): Obj {
    return cloneObject(this)
  }

  /** A copy of this object and of all it refers to, except through parent slots. */
  deepClone(): Obj {
    return deepCloneObject(this)
  }

  get #volatile(): Map<string, Value> | undefined {
    return this.view.source.volatile.get(this.oid)
  }

  #setVolatile(slot: string, value: Value): void {
    const slots = this.#volatile ?? new Map<string, Value>()
    this.view.source.volatile.set(this.oid, slots.set(slot, value))
  }
}
