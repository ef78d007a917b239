// What an object is at one moment: its slots, by name, in order. States are never changed once made; a transaction that
// changes an object makes a new one.
import type { Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'

export type Slots = ReadonlyMap<string, Value>

export interface ObjectState {
  readonly oid: Oid
  readonly slots: Slots
}

/** The object that holds the names of the root objects as its slots. */
export const ROOT: Oid = 'obj:0'

/** Whether the slot `name` holds the parents that lookup goes on to. */
export const isParentSlot = (name: string): boolean => name.endsWith('*')

/** Whether the slot `name` lives with the process only and is never written. */
export const isVolatileSlot = (name: string): boolean => name.startsWith('_v_')
