// What it takes to have an adapter at work, by tier: hot, a context with it is there; warm, it is in memory and a context is
// given it or made; cold, it is read, checked and loaded too. Whoever is told of changes knows where each adapter is.
import type { Adapter, AdapterTiers, Swap } from './engine-messages.ts'
import type { LoadedAdapters } from './loaded-adapters.ts'
import type { Slots, Taken } from './slots.ts'

export interface SwapsOptions<Context> {
  readonly slots: Slots<Context>
  readonly adapters: LoadedAdapters
  readonly onChange: (tiers: AdapterTiers) => void
}

export class Swaps<Context> {
  readonly #options: SwapsOptions<Context>

  constructor(options: SwapsOptions<Context>) {
    this.#options = options
  }

  /** The slot for a prompt with its adapter. Throws E_ADAPTER_INVALID, and the reason of an abort while it waits. */
  async take(
    adapter: Adapter | undefined,
    tokens: readonly number[],
    signal: AbortSignal,
  ): Promise<{ readonly slot: Taken<Context>['slot']; readonly swap: Swap }> {
    const { adapters, slots } = this.#options
    const wasLoaded = adapters.isLoaded(adapter)
    const began = performance.now()
    const key = await adapters.keyOf(adapter)
    const checked = performance.now() - began
    const { slot, made, ms } = await slots.acquire(key, tokens, signal)
    if (made) await this.#changed()
    return { slot, swap: { tier: tierOf(made, wasLoaded), ms: checked + ms } }
  }

  /**
   * Has a context with this adapter made before it is asked for; undefined when none was made, since it is there or no place is
   * idle. Throws E_ADAPTER_INVALID.
   */
  async prepare(adapter: Adapter): Promise<Swap | undefined> {
    const { adapters, slots } = this.#options
    const wasLoaded = adapters.isLoaded(adapter)
    const began = performance.now()
    const prepared = await slots.prepare(await adapters.keyOf(adapter))
    const ms = performance.now() - began
    if (prepared !== 'made') return undefined
    await this.#changed()
    return { tier: tierOf(true, wasLoaded), ms }
  }

  async #changed(): Promise<void> {
    const { adapters, slots, onChange } = this.#options
    await adapters.trim()
    const hot = slots.keys.filter((key) => key !== '').map((key) => key.slice(0, key.indexOf(' ')))
    onChange({ hot: [...new Set(hot)], loaded: adapters.loaded })
  }
}

const tierOf = (made: boolean, wasLoaded: boolean): Swap['tier'] =>
  made ? (wasLoaded ? 'warm' : 'cold') : 'hot'
