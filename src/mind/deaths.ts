// Who is to blame when the inference process ends. An end while nothing was asked is nobody's fault. When every call that was
// lost had the same adapter, the adapter is charged, else the model. Ends in a short time with no answer between, too many of
// them, quarantine what is charged; an answer clears the model, and the adapter that it was given with.

export interface Quarantine {
  readonly deaths: number
  readonly withinMs: number
}

interface Death {
  readonly at: number
  /** `model`, a digest of an adapter, or `nobody`. */
  readonly charged: string
}

export class Deaths {
  readonly #limit: Quarantine
  #deaths: Death[] = []

  constructor(limit: Quarantine) {
    this.#limit = limit
  }

  /**
   * Notes an end at `now` (milliseconds). `adapters` are those of the calls that were lost, undefined for a call without one;
   * `idle`: the model was loaded and no call was lost. Tells who was charged and how often by now.
   */
  note(
    now: number,
    { idle, adapters }: { readonly idle: boolean; readonly adapters: readonly (string | undefined)[] },
  ): { readonly charged: string; readonly count: number; readonly quarantined: boolean } {
    const [first] = adapters
    const shared = first !== undefined && adapters.every((adapter) => adapter === first)
    const charged = idle ? 'nobody' : shared ? first : 'model'
    this.#deaths = [...this.#deaths.filter(({ at }) => now - at < this.#limit.withinMs), { at: now, charged }]
    const count = this.#deaths.filter((death) => death.charged === charged).length
    return { charged, count, quarantined: !idle && count >= this.#limit.deaths }
  }

  /** How many there were in the time that counts. */
  get recent(): number {
    return this.#deaths.length
  }

  /** An answer came, from the model and maybe an adapter. */
  answered(adapter: string | undefined): void {
    this.#deaths = this.#deaths.filter(
      ({ charged }) => charged !== 'model' && charged !== 'nobody' && charged !== adapter,
    )
  }

  /** What is charged to an adapter is forgotten: it is not asked for any more. */
  forget(adapter: string): void {
    this.#deaths = this.#deaths.filter(({ charged }) => charged !== adapter)
  }
}
