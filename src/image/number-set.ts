// A set of whole numbers, one bit each: oids and tids are handed out one after the other, so a million of them take 125 KB.
// The bits are kept in chunks that are made when the first number of them comes.
import type { Value } from '../base/value.ts'

const CHUNK_BITS = 2 ** 16

export class NumberSet {
  readonly #chunks = new Map<number, Uint8Array>()
  #at = -1
  #chunk: Uint8Array | undefined

  has(number: number): boolean {
    const chunk = this.#chunkOf(number)
    const bit = number % CHUNK_BITS
    return chunk !== undefined && (chunk[bit >> 3]! & (1 << (bit & 7))) !== 0
  }

  /** Answers whether it was new. */
  add(number: number): boolean {
    let chunk = this.#chunkOf(number)
    if (!chunk) {
      chunk = new Uint8Array(CHUNK_BITS / 8)
      this.#chunks.set(this.#at, chunk)
      this.#chunk = chunk
    }
    const bit = number % CHUNK_BITS
    const mask = 1 << (bit & 7)
    if ((chunk[bit >> 3]! & mask) !== 0) return false
    chunk[bit >> 3]! |= mask
    return true
  }

  /** Those that are not in `others`. */
  without(others: NumberSet): NumberSet {
    const left = new NumberSet()
    for (const [at, chunk] of this.#chunks) {
      const other = others.#chunks.get(at)
      const bits = other ? chunk.map((byte, i) => byte & ~other[i]!) : chunk.slice()
      if (bits.some((byte) => byte !== 0)) left.#chunks.set(at, bits)
    }
    return left
  }

  /** Those in either. */
  with(others: NumberSet): NumberSet {
    const all = new NumberSet()
    for (const [at, chunk] of [...this.#chunks, ...others.#chunks]) {
      const bits = all.#chunks.get(at)
      if (bits) for (let i = 0; i < bits.length; i++) bits[i]! |= chunk[i]!
      else all.#chunks.set(at, chunk.slice())
    }
    return all
  }

  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (const [at, chunk] of this.#chunks) {
      for (let bit = 0; bit < CHUNK_BITS; bit++) {
        if (chunk[bit >> 3] === 0) bit |= 7
        else if ((chunk[bit >> 3]! & (1 << (bit & 7))) !== 0) yield at * CHUNK_BITS + bit
      }
    }
  }

  /** As a value to be stored: a list of [number of the chunk, its bits]. */
  toValue(): Value {
    return [...this.#chunks].map(([at, chunk]) => [at, chunk])
  }

  static fromValue(value: Value): NumberSet {
    const set = new NumberSet()
    for (const [at, chunk] of value as readonly (readonly [number, Uint8Array])[]) {
      set.#chunks.set(at, Uint8Array.from(chunk))
    }
    return set
  }

  #chunkOf(number: number): Uint8Array | undefined {
    const at = Math.floor(number / CHUNK_BITS)
    if (at !== this.#at) {
      this.#at = at
      this.#chunk = this.#chunks.get(at)
    }
    return this.#chunk
  }
}
