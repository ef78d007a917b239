// How a person calls objects and Trees: by their names in the root, and Trees also by the slot of a named object that holds
// them (`genesis.friends`). What is damaged gives no names.
import type { Oid } from '../base/ids.ts'
import { Ref, TreeRef } from '../base/value.ts'
import { rawSlots } from './lazy-slots.ts'
import { ROOT, type Slots } from './object-state.ts'
import { soundly } from './soundly.ts'

/** Of how many named objects the Trees are looked up: it is done in one go. */
const HOLDERS = 500

/** What has a name, with it, as `slotsOf` has the slots of objects. What comes again has another name too. */
export function* namesIn(slotsOf: (oid: Oid) => Slots | undefined): Generator<readonly [Oid, string]> {
  const refsOf = function* (oid: Oid) {
    for (const [slot, value] of rawSlots(soundly(() => slotsOf(oid)) ?? new Map()))
      if (value instanceof Ref || value instanceof TreeRef) yield [slot, value] as const
  }
  const holders = new Map<Oid, string>()
  yield [ROOT, 'root']
  for (const [name, value] of refsOf(ROOT)) {
    yield [value.oid, name]
    if (value instanceof Ref && holders.size < HOLDERS && !holders.has(value.oid))
      holders.set(value.oid, name)
  }
  for (const [holder, name] of holders) {
    for (const [slot, value] of refsOf(holder))
      if (value instanceof TreeRef) yield [value.oid, `${name}.${slot}`]
  }
}
