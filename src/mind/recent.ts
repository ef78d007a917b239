// A map that holds the entries used last, up to a number of them.

export class Recent<Value> {
  readonly #size: number
  readonly #entries = new Map<string, Value>()

  constructor(size: number) {
    this.#size = size
  }

  /** The value of `key`, made when it is not held. What `make` throws is thrown and nothing is kept. */
  async get(key: string, make: () => Promise<Value>): Promise<Value> {
    const held = this.#entries.get(key)
    const value = held ?? (await make())
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value!)
    return value
  }
}
