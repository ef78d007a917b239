// A trial does one kind of harm to images, many times, and looks at each afterwards. What it finds broken it throws, with
// the seed by which the very same can be done again; what it did it counts.
import type { Random } from '../seed/random.ts'

export interface TrialOptions {
  /** A folder of its own, empty, which goes afterwards. */
  readonly folder: string
  readonly seed: number
  readonly random: Random
  /** How many times to do harm. */
  readonly rounds: number
  /** How far it has come, of `rounds`. */
  readonly tell: (done: number) => void
}

/** What was done, by a name for people: `kills`, `transactions`. */
export type Counts = Readonly<Record<string, number>>

export interface Trial {
  readonly name: string
  /** What is done, in a line. */
  readonly title: string
  /** Rounds of the long and of the short form. */
  readonly rounds: { readonly long: number; readonly short: number }
  /** Why it cannot be done on this machine; undefined where it can. */
  readonly missing?: () => string | undefined
  readonly run: (options: TrialOptions) => Promise<Counts>
}
