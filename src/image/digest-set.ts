// A set of digests, whole or cut short, that may take in one that was never added, never the other way round: of each only the first 48
// bits are kept, in a table with open addressing. Among a million digests one of 280 million others is taken for a member,
// which here means that something is kept that could go.
const EMPTY = -1

export class DigestSet {
  #table = new Float64Array(1024).fill(EMPTY)
  #size = 0

  /** `digest`: hexadecimal digits, or the bytes. */
  has(digest: string | Uint8Array): boolean {
    const number = beginningOf(digest)
    return this.#table[this.#placeOf(number)] === number
  }

  /** Answers whether it was new. */
  add(digest: string | Uint8Array): boolean {
    if (this.#size * 2 > this.#table.length) this.#grow()
    return this.#put(beginningOf(digest))
  }

  #put(number: number): boolean {
    const place = this.#placeOf(number)
    if (this.#table[place] === number) return false
    this.#table[place] = number
    this.#size++
    return true
  }

  /** Where a number is, or would be put. */
  #placeOf(number: number): number {
    const size = this.#table.length
    let place = number % size
    while (this.#table[place] !== EMPTY && this.#table[place] !== number) place = (place + 1) % size
    return place
  }

  #grow(): void {
    const before = this.#table
    this.#table = new Float64Array(before.length * 2).fill(EMPTY)
    this.#size = 0
    for (const number of before) if (number !== EMPTY) this.#put(number)
  }
}

function beginningOf(digest: string | Uint8Array): number {
  if (typeof digest === 'string') return Number.parseInt(digest.slice(0, 12), 16)
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).readUIntBE(0, 6)
}
