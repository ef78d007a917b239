// Delegation: a slot that an object does not have is looked for in the objects of its parent slots (names ending in `*`, one
// object or a list each), in slot order, depth first. An object is visited once, so circles end.
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import { Ref, type Value } from '../base/value.ts'
import type { Obj } from './object.ts'
import { isParentSlot } from './object-state.ts'

export interface Found {
  readonly holder: Obj
  readonly value: Value
}

/** The first holder of `name` among `start` and its parents. */
export function findSlot(start: Obj, name: string): Found | undefined {
  const visited = new Set<Oid>()
  const visit = (object: Obj): Found | undefined => {
    if (visited.has(object.oid)) return undefined
    visited.add(object.oid)
    const value = object.get(name)
    if (value !== undefined) return { holder: object, value }
    for (const parent of parentsOf(object)) {
      const found = visit(parent)
      if (found) return found
    }
    return undefined
  }
  return visit(start)
}

export function parentsOf(object: Obj): Obj[] {
  const parents: Obj[] = []
  for (const slot of object.own.keys()) {
    if (!isParentSlot(slot)) continue
    const value = object.own.get(slot)!
    for (const parent of Array.isArray(value) ? (value as readonly Value[]) : [value]) {
      if (parent instanceof Ref) parents.push(parentOf(object, slot, parent))
    }
  }
  return parents
}

function parentOf(object: Obj, slot: string, { oid }: Ref): Obj {
  try {
    return object.view.get(oid)
  } catch (error) {
    if (!(error instanceof BatError && error.code === 'E_NO_OBJECT')) throw error
    const path = object.view.pathOf(object.oid, slot)
    throw new BatError('E_DANGLING', { path, missing: oid }, { cause: error })
  }
}
