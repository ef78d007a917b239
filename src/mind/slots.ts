// The caches of the engine. A slot is one native context with one sequence of tokens in it, made for one key (which
// adapter, at which scale); all slots have one shape, since the first context of a new shape is slow to make. A
// request takes the idle slot of its key whose tokens share the longest beginning with its prompt, so that each
// persona's instructions stay evaluated somewhere.
//
// Only whole chunks, counted from the first token and evaluated as one batch, are ever reused: a batch of another
// size rounds differently, and an answer must not depend on what was asked before. That is also why requests do not
// share a native batch. A slot never changes its key without a new context, so no answer can come from the cache of
// another adapter.

export interface Slot<Context> {
  key: string
  context: Context | undefined
  /** The prompt that the slot evaluated last. */
  tokens: readonly number[]
  /** How many of `tokens` stand in the context as whole chunks. */
  evaluated: number
  busy: boolean
  usedAt: number
}

export interface SlotOptions<Context> {
  /** Most slots at a time. */
  readonly size: number
  /** Tokens of a chunk. */
  readonly chunk: number
  readonly make: (key: string) => Promise<Context>
  readonly dispose: (context: Context) => Promise<void>
}

export class Slots<Context> {
  readonly #options: SlotOptions<Context>
  readonly #slots: Slot<Context>[] = []
  readonly #waiting: (() => void)[] = []
  #uses = 0

  constructor(options: SlotOptions<Context>) {
    this.#options = options
  }

  /** A slot for this prompt, taken until it is released; waits while all are taken. */
  async acquire(key: string, tokens: readonly number[]): Promise<Slot<Context> & { context: Context }> {
    let slot = this.#choose(key, tokens)
    while (!slot) {
      await new Promise<void>((wake) => this.#waiting.push(wake))
      slot = this.#choose(key, tokens)
    }
    slot.busy = true
    slot.usedAt = ++this.#uses
    try {
      if (slot.key !== key) await this.#empty(slot)
      slot.key = key
      const context = slot.context ?? (await this.#options.make(key))
      return Object.assign(slot, { context })
    } catch (failure) {
      await this.drop(slot)
      throw failure
    }
  }

  release(slot: Slot<Context>): void {
    slot.busy = false
    this.#waiting.shift()?.()
  }

  /** Gives up a slot whose context may be damaged. */
  async drop(slot: Slot<Context>): Promise<void> {
    this.#slots.splice(this.#slots.indexOf(slot), 1)
    await this.#empty(slot).catch(() => {})
    this.#waiting.shift()?.()
  }

  /** How many tokens of a prompt need not be evaluated again in this slot; the last one always must be. */
  reusable(slot: Slot<Context>, tokens: readonly number[]): number {
    const limit = Math.min(slot.evaluated, tokens.length - 1)
    let same = 0
    while (same < limit && slot.tokens[same] === tokens[same]) same++
    return same - (same % this.#options.chunk)
  }

  #choose(key: string, tokens: readonly number[]): Slot<Context> | undefined {
    const idle = this.#slots.filter((slot) => !slot.busy).sort((a, b) => a.usedAt - b.usedAt)
    const ours = idle.filter((slot) => slot.key === key)
    const best = ours.reduce<Slot<Context> | undefined>(
      (best, slot) => (this.reusable(slot, tokens) > (best ? this.reusable(best, tokens) : 0) ? slot : best),
      undefined,
    )
    if (best) return best
    if (this.#slots.length < this.#options.size) {
      const slot = { key, context: undefined, tokens: [], evaluated: 0, busy: false, usedAt: 0 }
      this.#slots.push(slot)
      return slot
    }
    return ours[0] ?? idle[0]
  }

  async #empty(slot: Slot<Context>): Promise<void> {
    const { context } = slot
    slot.context = undefined
    slot.tokens = []
    slot.evaluated = 0
    if (context) await this.#options.dispose(context)
  }
}
