// What a slot holds, as far as prompts and grammars tell one from another.
import { isPlainObject, type Value } from '../base/value.ts'

export type SlotKind = 'number' | 'text' | 'list' | 'map' | 'flag' | 'any'

export function slotKindOf(value: Value): SlotKind {
  if (typeof value === 'number') return 'number'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'flag'
  if (Array.isArray(value)) return 'list'
  return isPlainObject(value) ? 'map' : 'any'
}

/** How a compact prompt writes it. */
export const slotKindLetters: Readonly<Record<SlotKind, string>> = {
  number: 'n',
  text: 't',
  list: 'l',
  map: 'm',
  flag: 'f',
  any: 'o',
}
