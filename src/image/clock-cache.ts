// A cache of bounded size: what was not used since its hand last came by goes (the clock algorithm). What the hand passes by
// is taken out or put behind all others, so the hand is one iterator for good: a new one would step over every entry that
// was taken out before it, again and again.

/** What is kept: it bears how much memory it takes, in bytes, and whether it was used since the hand came by. */
export interface Kept {
  readonly bytes: number
  used: boolean
}

export interface Bounds {
  /** How many entries, and how many bytes in all; no bound unless said. */
  readonly limit?: number | undefined
  readonly bytes?: number | undefined
}

export class ClockCache<K, V extends Kept> {
  readonly #limit: number
  readonly #byteLimit: number
  readonly #entries = new Map<K, V>()
  #hand = this.#entries.entries()
  #bytes = 0

  constructor({ limit = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY }: Bounds) {
    this.#limit = limit
    this.#byteLimit = bytes
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** Keeps an entry in the place of one of that key; answers how many bytes had to go for it. */
  keep(key: K, entry: V): number {
    const before = this.#entries.get(key)
    if (before) {
      this.#bytes -= before.bytes
      this.#entries.delete(key)
    }
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    let dropped = 0
    while (this.#entries.size > this.#limit || this.#bytes > this.#byteLimit) dropped += this.#pass(key)
    return dropped
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }

  /** Moves the hand by one entry, which goes unless it was used and is not that of `newest`. */
  #pass(newest: K): number {
    const { done, value } = this.#hand.next()
    if (done) {
      this.#hand = this.#entries.entries()
      return 0
    }
    const [key, entry] = value
    this.#entries.delete(key)
    if (entry.used && key !== newest) {
      entry.used = false
      this.#entries.set(key, entry)
      return 0
    }
    this.#bytes -= entry.bytes
    return entry.bytes
  }

  clear(): void {
    this.#entries.clear()
    this.#hand = this.#entries.entries()
    this.#bytes = 0
  }

  get size(): number {
    return this.#entries.size
  }
}
