// What an object understands: its own slots and those it inherits, the nearest holder first, as lookup finds them.
import type { Oid } from '../src/base/ids.ts'
import { Ref, type Value } from '../src/base/value.ts'
import type { Obj } from '../src/image/object.ts'

export interface Understood {
  readonly name: string
  readonly value: Value
  readonly holder: Obj
}

/** The name that the root has for an object; its oid where it has none. */
export function nameOf(root: Obj, oid: Oid): string {
  for (const [name, value] of root.slots()) if (value instanceof Ref && value.oid === oid) return name
  return oid
}

/** Every slot that lookup on `object` can find, each name once. */
export function understood(object: Obj): Understood[] {
  const found = new Map<string, Understood>()
  const seen = new Set<string>()
  const visit = (holder: Obj) => {
    if (seen.has(holder.oid)) return
    seen.add(holder.oid)
    for (const [name, value] of holder.slots()) {
      if (!found.has(name)) found.set(name, { name, value, holder })
    }
    for (const parent of holder.parents()) visit(parent)
  }
  visit(object)
  return [...found.values()]
}
