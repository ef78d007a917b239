// Bytes at one place of a memory, of any length, as arrays made once for each length: making one costs more than reading a
// short record. What such an array shows changes with the memory.
const SHORT = 1024

export class Views {
  readonly #memory: Uint8Array
  readonly #at: number
  readonly #views: (Uint8Array | undefined)[] = new Array(SHORT)

  constructor(memory: Uint8Array, at = 0) {
    this.#memory = memory
    this.#at = at
  }

  /** How much memory there is. */
  get size(): number {
    return this.#memory.buffer.byteLength - this.#memory.byteOffset - this.#at
  }

  /** Whether this is the memory that they show. */
  areOf({ buffer }: Uint8Array): boolean {
    return buffer === this.#memory.buffer
  }

  of(size: number): Uint8Array {
    const known = this.#views[size]
    if (known) return known
    const made = this.#make(size)
    if (size < SHORT) this.#views[size] = made
    return made
  }

  #make(size: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.#memory.byteOffset + this.#at, size)
  }
}
