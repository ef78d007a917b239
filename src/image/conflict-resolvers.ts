// What becomes of an object that two transactions changed. Without a resolver the second one fails with E_CONFLICT and is
// done again. An object may name one in its slot `conflicts`, its own or inherited; then what both did is kept:
//
//   slots     changes of different slots; the same slot changed by both is a conflict
//   counter   and where both changed a number, what each added to it
//   log       and where both added to the end of a list, both ends, in the order of the commits
//
// A resolver judges one slot at a time and answers what is to be in it, or undefined to refuse. It is a pure function: it is
// called while commits are checked. One that refuses or throws, and a name that nobody knows, leave it at the conflict.
import type { Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import { admit } from './admit.ts'
import { copySlots } from './lazy-slots.ts'
import type { Slots } from './object-state.ts'
import { sameValue } from './same-value.ts'
import type { View } from './view.ts'

/** The slot that names the resolver. */
export const CONFLICTS = 'conflicts'

/** One slot that two transactions changed; undefined where it was not, or was taken away. */
export interface SlotConflict {
  readonly slot: string
  /** What both began with. */
  readonly base: Value | undefined
  /** What the first one left. */
  readonly committed: Value | undefined
  /** What the second one would leave. */
  readonly ours: Value | undefined
}

export type Resolver = (conflict: SlotConflict) => Value | undefined

export const builtInResolvers: Resolvers = {
  slots: () => undefined,
  counter: added,
  log: appended,
}

export type Resolvers = Readonly<Record<string, Resolver>>

/** The resolver that an object names, as `view` sees it. Throws E_DANGLING where a parent is not there. */
export function resolverOf(view: View, oid: Oid, resolvers: Resolvers): Resolver | undefined {
  const name = view.get(oid).lookup(CONFLICTS)?.value
  return typeof name === 'string' && Object.hasOwn(resolvers, name) ? resolvers[name] : undefined
}

export interface States {
  readonly base: Slots
  readonly committed: Slots
  readonly ours: Slots
}

/** What both transactions made of an object; undefined when the resolver refuses. Throws what the resolver throws. */
export function mergedSlots({ base, committed, ours }: States, resolve: Resolver): Slots | undefined {
  const merged = copySlots(committed)
  for (const slot of new Set([...base.keys(), ...ours.keys()])) {
    const conflict = { slot, base: base.get(slot), committed: committed.get(slot), ours: ours.get(slot) }
    if (sameValue(conflict.base, conflict.ours) || sameValue(conflict.committed, conflict.ours)) continue
    const isOursAlone = sameValue(conflict.base, conflict.committed)
    const value = isOursAlone ? conflict.ours : resolve(conflict)
    if (value !== undefined) merged.set(slot, isOursAlone ? value : admit(value, () => slot))
    else if (isOursAlone) merged.delete(slot)
    else return undefined
  }
  return merged
}

function added({ base, committed, ours }: SlotConflict): Value | undefined {
  if (typeof base === 'bigint' && typeof committed === 'bigint' && typeof ours === 'bigint') {
    return committed + (ours - base)
  }
  if (typeof base !== 'number' || typeof committed !== 'number' || typeof ours !== 'number') return undefined
  const sum = committed + (ours - base)
  return Number.isFinite(sum) ? sum : undefined
}

function appended({ base, committed, ours }: SlotConflict): Value | undefined {
  if (!Array.isArray(base) || !Array.isArray(committed) || !Array.isArray(ours)) return undefined
  const isStart = (list: readonly Value[]) => sameValue(list.slice(0, base.length), base)
  return isStart(committed) && isStart(ours) ? [...committed, ...ours.slice(base.length)] : undefined
}
