// About how much memory decoded slots take, in bytes: what V8 needs on a 64-bit machine, measured and rounded up. Caches are
// bounded by it.
import { isPlainObject, Method, type Value } from '../base/value.ts'
import { eachRaw, Unread } from './lazy-slots.ts'
import type { Slots } from './object-state.ts'

/** A map, its record in the cache, an oid, a handle. */
const OBJECT = 500
const SLOT = 40
const ITEM = 16
const STRING = 24
const BOX = 64

export function weightOf(slots: Slots): number {
  let weight = OBJECT + SLOT * slots.size
  eachRaw(slots, (value) => {
    weight += value instanceof Unread ? BOX + value.encoding.length : weightOfValue(value)
  })
  return weight
}

export function weightOfValue(value: Value): number {
  if (typeof value === 'string') return STRING + value.length * (isLatin1(value) ? 1 : 2)
  if (typeof value === 'number') return ITEM
  if (typeof value !== 'object' || value === null) return ITEM
  if (Array.isArray(value)) {
    let weight = BOX + ITEM * value.length
    for (let i = 0; i < value.length; i++) weight += weightOfValue(value[i] as Value)
    return weight
  }
  if (value instanceof Uint8Array) return 2 * BOX + value.length
  if (value instanceof Method) return 8 * BOX + STRING + value.source.length * 2
  if (!isPlainObject(value)) return 2 * BOX
  let weight = 2 * BOX
  for (const key of Object.keys(value)) weight += SLOT + weightOfValue(value[key] as Value)
  return weight
}

/** Short texts are taken for the longer kind: looking costs more than it saves. */
const isLatin1 = (text: string): boolean => text.length > 64 && !/[^\0-\xff]/.test(text)
