// The slots that an object is given by whoever makes it or writes it anew, as the image takes them over: without those that
// are undefined, which count as absent, and those that live with the process apart.
import type { Value } from '../base/value.ts'
import { isAtom } from './admit.ts'
import { isVolatileSlot } from './object-state.ts'

export type SlotList = Iterable<readonly [string, Value]> | Readonly<Record<string, Value>>

export interface TakenSlots {
  readonly kept: Map<string, Value>
  readonly volatile: Map<string, Value> | undefined
}

/** `own`: what is kept of a value that is more than an atom. */
export function takenSlots(slots: SlotList, own: (value: Value, slot: string) => Value): TakenSlots {
  const kept = new Map<string, Value>()
  let volatile: Map<string, Value> | undefined
  const take = (slot: string, value: Value) => {
    if (isVolatileSlot(slot)) volatile = (volatile ?? new Map<string, Value>()).set(slot, value)
    else if (value !== undefined) kept.set(slot, isAtom(value) ? value : own(value, slot))
  }
  if (Symbol.iterator in slots) for (const [slot, value] of slots) take(slot, value)
  else for (const slot of Object.keys(slots)) take(slot, slots[slot]!)
  return { kept, volatile }
}
