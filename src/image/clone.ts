// Copies of objects. A clone shares what its original refers to; only Trees are copied, since two objects that add to one
// Tree would surprise. A deep clone copies what is referred to as well, once each, so that circles stay circles; what is
// behind parent slots is shared by both kinds.
import type { Oid } from '../base/ids.ts'
import { isPlainObject, Ref, TreeRef, type Value } from '../base/value.ts'
import type { Obj } from './object.ts'
import { isParentSlot } from './object-state.ts'

type Copy = (value: Ref | TreeRef) => Value

export function cloneObject(original: Obj): Obj {
  const copy = original.view.create()
  const trees = new Map<Oid, TreeRef>()
  for (const [slot, value] of original.own) {
    copy.set(
      slot,
      copied(value, (ref) => (ref instanceof TreeRef ? copyTree(original, ref, { trees, copy: same }) : ref)),
    )
  }
  return copy
}

const same: Copy = (ref) => ref

export function deepCloneObject(original: Obj): Obj {
  const { view } = original
  const objects = new Map<Oid, Obj>()
  const trees = new Map<Oid, TreeRef>()
  const waiting: Obj[] = []
  const copyOf = (object: Obj): Obj => {
    const known = objects.get(object.oid)
    if (known) return known
    const copy = view.create()
    objects.set(object.oid, copy)
    waiting.push(object)
    return copy
  }
  const copy: Copy = (ref) =>
    ref instanceof TreeRef ? copyTree(original, ref, { trees, copy }) : copyOf(view.get(ref.oid)).ref
  const result = copyOf(original)
  for (let object = waiting.pop(); object; object = waiting.pop()) {
    for (const [slot, value] of object.own) {
      objects.get(object.oid)!.set(slot, isParentSlot(slot) ? value : copied(value, copy))
    }
  }
  return result
}

function copyTree(
  { view }: Obj,
  ref: TreeRef,
  { trees, copy }: { readonly trees: Map<Oid, TreeRef>; readonly copy: Copy },
): TreeRef {
  const known = trees.get(ref.oid)
  if (known) return known
  const tree = view.createTree()
  trees.set(ref.oid, tree.ref)
  for (const [key, value] of view.tree(ref).entries()) tree.set(key, copied(value, copy))
  return tree.ref
}

/** `value` with every reference in it replaced by what `copy` makes of it. */
function copied(value: Value, copy: Copy): Value {
  if (value instanceof Ref || value instanceof TreeRef) return copy(value)
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => copied(item, copy))
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item as Value, copy)]))
}
