// What an object understands: its own slots and those it inherits, the nearest holder first, as lookup finds them.
import type { Oid } from '../src/base/ids.ts'
import type { Value } from '../src/base/value.ts'
import type { Obj } from '../src/image/object.ts'

export interface Understood {
  readonly name: string
  readonly value: Value
  readonly holder: Obj
}

/** An object and all that it delegates to, each once, in the order of lookup. */
export function holdersOf(object: Obj): readonly Obj[] {
  const holders = new Map<Oid, Obj>()
  const visit = (holder: Obj) => {
    if (holders.has(holder.oid)) return
    holders.set(holder.oid, holder)
    holder.parents().forEach(visit)
  }
  visit(object)
  return [...holders.values()]
}

/** Every slot that lookup on `object` can find, each name once. */
export function understood(object: Obj): Understood[] {
  const found = new Map<string, Understood>()
  for (const holder of holdersOf(object)) {
    for (const [name, value] of holder.slots()) {
      if (!found.has(name)) found.set(name, { name, value, holder })
    }
  }
  return [...found.values()]
}
