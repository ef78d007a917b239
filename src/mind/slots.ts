// The caches of the engine, and with them the hot tier of adapters. A slot is one native context with one sequence of tokens
// in it, of one key (which adapter, at which scale); all slots have one shape, since the first context of a new shape
// is slow to make. A request takes the idle slot of its key whose tokens share the longest beginning with its prompt, so
// that each persona's instructions stay evaluated somewhere. There are as many slots as a budget of memory allows; the one
// that was used longest ago gives way, one at work never does.
//
// Only whole chunks, counted from the first token and evaluated as one batch, are ever reused: a batch of another
// size rounds differently, and an answer must not depend on what was asked before. That is also why requests do not
// share a native batch. A slot never changes its key without a new context or an emptied one, so no answer can come from the
// cache of another adapter.
import { BatError } from '../base/errors.ts'

export interface Slot<Context> {
  key: string
  context: Context | undefined
  /** The prompt that the slot evaluated last. */
  tokens: readonly number[]
  /** How many of `tokens` stand in the context as whole chunks. */
  evaluated: number
  busy: boolean
  usedAt: number
  /** Resolves when the context is there that is being made before anybody asks. */
  ahead: Promise<void> | undefined
}

export interface SlotOptions<Context> {
  /** Most slots at work at a time, and most of one key. */
  readonly parallel: number
  /** Tokens of a chunk. */
  readonly chunk: number
  /** A BatError says that it would fail again; after anything else it is tried once more with fewer slots. */
  readonly make: (key: string) => Promise<Context>
  /** Empties a context and gives it another key, which is much quicker than a new one. */
  readonly turn: (context: Context, key: string) => Promise<Context>
  readonly dispose: (context: Context) => Promise<void>
}

/** A slot at work, and what it took to have its context. */
export interface Taken<Context> {
  readonly slot: Slot<Context> & { context: Context }
  /** Whether the context had to be made. */
  readonly made: boolean
  /** How long it took, without the time spent waiting for others. */
  readonly ms: number
}

/** What became of a context that was to be made before anybody asks. */
export type Prepared = 'made' | 'there' | 'none'

export class Slots<Context> {
  readonly #options: SlotOptions<Context>
  readonly #slots: Slot<Context>[] = []
  readonly #waiting: (() => void)[] = []
  #uses = 0
  /** Most slots there are; set when it is known what one takes. */
  most = 1

  constructor(options: SlotOptions<Context>) {
    this.#options = options
  }

  /** The keys of contexts that are there. */
  get keys(): readonly string[] {
    return this.#slots.filter(({ context }) => context !== undefined).map(({ key }) => key)
  }

  /** A slot for this prompt, taken until it is released; waits while all are taken, unless the signal says not to. */
  async acquire(key: string, tokens: readonly number[], signal?: AbortSignal): Promise<Taken<Context>> {
    let [made, ms] = [false, 0]
    for (;;) {
      signal?.throwIfAborted()
      const began = performance.now()
      const ahead = this.#slots.find((slot) => slot.key === key && slot.ahead)?.ahead
      if (ahead) {
        await ahead
        made = true
        ms += performance.now() - began
        continue
      }
      const slot = this.#choose(key, tokens)
      if (slot) {
        made = (await this.#fill(slot, key)) || made
        ms += performance.now() - began
        return { slot: slot as Taken<Context>['slot'], made, ms }
      }
      await this.#wait(signal)
      // Woken for nothing: another would wait for ever.
      if (signal?.aborted) this.#waiting.shift()?.()
    }
  }

  /** Makes a context for a key before anybody asks, unless one is `there`, or there is `none` since no place is idle. */
  async prepare(key: string): Promise<Prepared> {
    if (this.#slots.some((slot) => slot.key === key)) return 'there'
    const slot = this.#choose(key, [])
    if (!slot) return 'none'
    const filled = this.#fill(slot, key)
    slot.ahead = filled.then(
      () => {},
      () => {},
    )
    try {
      await filled
    } finally {
      slot.ahead = undefined
    }
    this.release(slot)
    return 'made'
  }

  release(slot: Slot<Context>): void {
    slot.busy = false
    this.#waiting.shift()?.()
  }

  /** Gives up a slot whose context may be damaged. */
  async drop(slot: Slot<Context>): Promise<void> {
    this.#slots.splice(this.#slots.indexOf(slot), 1)
    if (slot.context) await this.#options.dispose(slot.context).catch(() => {})
    this.#waiting.shift()?.()
  }

  /** How many tokens of a prompt need not be evaluated again in this slot; the last one always must be. */
  reusable(slot: Slot<Context>, tokens: readonly number[]): number {
    const limit = Math.min(slot.evaluated, tokens.length - 1)
    let same = 0
    while (same < limit && slot.tokens[same] === tokens[same]) same++
    return same - (same % this.#options.chunk)
  }

  /** Resolves when a slot may be idle; an abort leaves the queue and throws its reason. */
  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', leave, { once: true })
      this.#waiting.push(wake)
    })
  }

  /** The slot to take, which is busy from now on; undefined while there is none. */
  #choose(key: string, tokens: readonly number[]): Slot<Context> | undefined {
    const { parallel } = this.#options
    const idle = this.#slots.filter((slot) => !slot.busy).sort((a, b) => a.usedAt - b.usedAt)
    if (this.#slots.length - idle.length >= parallel) return undefined
    const ours = idle.filter((slot) => slot.key === key)
    const begun = ours.reduce<Slot<Context> | undefined>(
      (best, slot) => (this.reusable(slot, tokens) > (best ? this.reusable(best, tokens) : 0) ? slot : best),
      undefined,
    )
    const mayGrow = this.#slots.length < this.most
    const isFull = this.#slots.filter((slot) => slot.key === key).length >= parallel
    const unused = ours.find((slot) => slot.context && slot.tokens.length === 0)
    const chosen = begun ?? unused ?? (mayGrow && !isFull ? this.#add(key) : (ours[0] ?? idle[0]))
    if (!chosen) return undefined
    chosen.busy = true
    chosen.usedAt = ++this.#uses
    return chosen
  }

  #add(key: string): Slot<Context> {
    const idle = { tokens: [], evaluated: 0, busy: false, usedAt: 0 }
    const slot: Slot<Context> = { ...idle, key, context: undefined, ahead: undefined }
    this.#slots.push(slot)
    return slot
  }

  /** Sees that a slot that was taken has a context of this key; answers whether it had to be made. */
  async #fill(slot: Slot<Context>, key: string): Promise<boolean> {
    try {
      if (slot.context && slot.key === key) return false
      Object.assign(slot, { key, tokens: [], evaluated: 0 })
      slot.context = slot.context ? await this.#options.turn(slot.context, key) : await this.#make(key)
      return true
    } catch (failure) {
      await this.drop(slot)
      throw failure
    }
  }

  /** Where memory may be what is short, idle slots give way. */
  async #make(key: string): Promise<Context> {
    for (;;) {
      try {
        return await this.#options.make(key)
      } catch (failure) {
        const idle = this.#slots.filter((slot) => !slot.busy).sort((a, b) => a.usedAt - b.usedAt)[0]
        if (failure instanceof BatError || !idle) throw failure
        await this.drop(idle)
      }
    }
  }
}
