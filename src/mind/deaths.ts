// Who is to blame when the inference process ends. An end while nothing was asked is nobody's fault, one while the model is loaded
// is the model's. When all calls that were lost had the same adapter, or all had none, that adapter or the model is
// charged. Between several nobody can tell: they are all suspects, nobody is charged, and from then on the calls of each
// of them run alone, so that the next end tells. Too many ends quarantine what is charged, however long they are apart:
// a large model may take a minute to load and end at its first call. An answer clears the model, and the adapter that
// it was given with.

export interface Quarantine {
  /** So many ends with no answer between. */
  readonly deaths: number
}

/** What an end can be put on: `model`, or the digest of an adapter. */
const subjectOf = (adapter: string | undefined): string => adapter ?? 'model'

export class Deaths {
  readonly #limit: Quarantine
  /** Ends by what was charged, which may be `nobody`. */
  readonly #counts = new Map<string, number>()
  readonly #suspects = new Set<string>()

  constructor(limit: Quarantine) {
    this.#limit = limit
  }

  /**
   * Notes an end. `adapters` are those of the calls that were lost, undefined for a call without one; `idle`: the model was
   * loaded and no call was lost. Tells who was charged and how often by now.
   */
  note({ idle, adapters }: { readonly idle: boolean; readonly adapters: readonly (string | undefined)[] }): {
    readonly charged: string
    readonly count: number
    readonly quarantined: boolean
  } {
    const [subject = 'model', ...others] = new Set(adapters.map(subjectOf))
    const isClear = !idle && others.length === 0
    if (others.length > 0) for (const each of [subject, ...others]) this.#suspects.add(each)
    const charged = isClear ? subject : 'nobody'
    const count = (this.#counts.get(charged) ?? 0) + 1
    this.#counts.set(charged, count)
    return { charged, count, quarantined: isClear && count >= this.#limit.deaths }
  }

  /** Whether a call with `adapter` may run beside those with `others`: a suspect runs with no other subject. */
  mayRun(adapter: string | undefined, others: readonly (string | undefined)[]): boolean {
    if (this.#suspects.size === 0) return true
    const subjects = new Set([adapter, ...others].map(subjectOf))
    return subjects.size === 1 || ![...subjects].some((subject) => this.#suspects.has(subject))
  }

  /** How many there were, less what answers have cleared. */
  get recent(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** An answer came, from the model and maybe an adapter. */
  answered(adapter: string | undefined): void {
    for (const cleared of ['model', 'nobody', subjectOf(adapter)]) this.forget(cleared)
  }

  /** What is charged to an adapter is forgotten: it is not asked for any more. */
  forget(adapter: string): void {
    this.#counts.delete(adapter)
    this.#suspects.delete(adapter)
  }
}
