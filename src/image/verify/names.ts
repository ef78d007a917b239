// How a person calls objects and Trees at a moment, looked up when the first fault needs it: by the names in the root, and
// Trees also by the slot of a named object that holds them (`genesis.friends`).
import type { Oid } from '../../base/ids.ts'
import { Ref, TreeRef, type Value } from '../../base/value.ts'
import { ROOT, type Slots } from '../object-state.ts'
import { Revisions } from '../revisions.ts'
import { soundly } from '../soundly.ts'
import type { Store } from '../store.ts'

/** Of how many named objects the Trees are looked up: it is done in one go. */
const HOLDERS = 500

export class Names {
  readonly #store: Store
  readonly #moment: number
  #paths: Map<Oid, string> | undefined

  constructor(store: Store, moment: number) {
    this.#store = store
    this.#moment = moment
  }

  /** `genesis`, or `obj:12` where it has no name. */
  of(oid: Oid): string {
    this.#paths ??= this.#collect()
    return this.#paths.get(oid) ?? oid
  }

  /** `genesis.config`; a slot of the root by its name alone. */
  ofSlot(oid: Oid, slot: string): string {
    return oid === ROOT ? slot : `${this.of(oid)}.${slot}`
  }

  #collect(): Map<Oid, string> {
    const revisions = new Revisions(this.#store, { limit: 1, sole: false })
    const slotsOf = (oid: Oid): Slots => {
      const revision = soundly(() => revisions.at(oid, this.#moment))
      return revision?.kind === 'object' ? revision.slots : new Map()
    }
    const paths = new Map<Oid, string>([[ROOT, 'root']])
    const holders: Oid[] = []
    for (const [name, value] of readableSlots(slotsOf(ROOT))) {
      if (!(value instanceof Ref || value instanceof TreeRef) || paths.has(value.oid)) continue
      paths.set(value.oid, name)
      if (value instanceof Ref && holders.length < HOLDERS) holders.push(value.oid)
    }
    for (const holder of holders) {
      for (const [slot, value] of readableSlots(slotsOf(holder))) {
        if (value instanceof TreeRef && !paths.has(value.oid))
          paths.set(value.oid, `${paths.get(holder)}.${slot}`)
      }
    }
    return paths
  }
}

function* readableSlots(slots: Slots): Generator<readonly [string, Value | undefined]> {
  for (const slot of slots.keys()) yield [slot, soundly(() => slots.get(slot))]
}
