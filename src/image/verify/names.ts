// How a person calls objects and Trees at a moment, looked up when the first fault needs it.
import type { Oid } from '../../base/ids.ts'
import { namesIn } from '../names.ts'
import { ROOT } from '../object-state.ts'
import { Revisions } from '../revisions.ts'
import type { Store } from '../store.ts'

export class Names {
  readonly #store: Store
  readonly #moment: number
  #names: Map<Oid, string> | undefined

  constructor(store: Store, moment: number) {
    this.#store = store
    this.#moment = moment
  }

  /** `genesis`, or `obj:12` where it has no name. */
  of(oid: Oid): string {
    this.#names ??= this.#collect()
    return this.#names.get(oid) ?? oid
  }

  /** `genesis.config`; a slot of the root by its name alone. */
  ofSlot(oid: Oid, slot: string): string {
    return oid === ROOT ? slot : `${this.of(oid)}.${slot}`
  }

  #collect(): Map<Oid, string> {
    const revisions = new Revisions(this.#store, { limit: 1, sole: false })
    const names = new Map<Oid, string>()
    const slotsOf = (oid: Oid) => {
      const revision = revisions.at(oid, this.#moment)
      return revision?.kind === 'object' ? revision.slots : undefined
    }
    for (const [oid, name] of namesIn(slotsOf)) if (!names.has(oid)) names.set(oid, name)
    return names
  }
}
