// Slots of which the large values are not read before they are asked for: an object with two hundred methods costs one
// read, a call of one of them a second, and a damaged value costs itself and neither its object nor its other slots. To a
// reader these are slots like any others; what writes or looks after the records takes them raw.
import type { Value } from '../base/value.ts'
import type { Slots } from './object-state.ts'

/** SHA-256 of a value's encoding, its first 16 bytes, hexadecimal. */
export type Digest = string

/** A slot's value as encoded (codec.ts), which names shared values by their digests: is one, or holds some. */
export class Unread {
  readonly encoding: Uint8Array
  readonly digests: readonly Digest[]

  constructor(encoding: Uint8Array, digests: readonly Digest[]) {
    this.encoding = encoding
    this.digests = digests
  }
}

export type RawSlots = ReadonlyMap<string, Value | Unread>

export class LazySlots extends Map<string, Value> {
  readonly #read: (unread: Unread) => Value

  constructor(raw: RawSlots, read: (unread: Unread) => Value) {
    super()
    for (const [name, value] of raw) super.set(name, value as Value)
    this.#read = read
  }

  override get(name: string): Value | undefined {
    const kept = super.get(name) as Value | Unread | undefined
    return kept instanceof Unread ? this.#read(kept) : kept
  }

  override *entries(): MapIterator<[string, Value]> {
    for (const [name, value] of this.raw()) yield [name, value instanceof Unread ? this.#read(value) : value]
  }

  override *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value
  }

  override [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries()
  }

  override forEach(callback: (value: Value, name: string, slots: Map<string, Value>) => void): void {
    for (const [name, value] of this.entries()) callback(value, name, this)
  }

  raw(): MapIterator<[string, Value | Unread]> {
    return super.entries()
  }

  eachRaw(visit: (value: Value | Unread, name: string) => void): void {
    super.forEach(visit)
  }

  copy(): LazySlots {
    return new LazySlots(new Map(this.raw()), this.#read)
  }
}

/** The slots as they are kept, with nothing read. */
export const rawSlots = (slots: RawSlots): MapIterator<[string, Value | Unread]> =>
  slots instanceof LazySlots ? slots.raw() : slots.entries()

/** Calls `visit` with each slot as it is kept, with nothing read; it costs less than a walk. */
export function eachRaw(slots: RawSlots, visit: (value: Value | Unread, name: string) => void): void {
  if (slots instanceof LazySlots) slots.eachRaw(visit)
  else slots.forEach(visit)
}

/** The same slots, to be changed, with nothing read. */
export const copySlots = (slots: Slots): Map<string, Value> =>
  slots instanceof LazySlots ? slots.copy() : new Map(slots)

/** Which shared values the slots name, with nothing read. */
export function digestsOf(slots: Slots): Digest[] {
  const digests: Digest[] = []
  for (const [, value] of rawSlots(slots)) if (value instanceof Unread) digests.push(...value.digests)
  return digests
}
