// Long work in short turns: whoever does it asks after each step whether its turn has lasted long enough, and if so waits
// while others have theirs.
import { setImmediate } from 'node:timers/promises'

const TURN_MS = 4
/** So many steps are taken between two looks at the clock. */
const STEPS = 32

export class Turns {
  #steps = 0
  #began = performance.now()

  /** After a step: what to wait for before the next, if anything. */
  next(): Promise<void> | undefined {
    if (++this.#steps % STEPS !== 0 || performance.now() - this.#began < TURN_MS) return undefined
    return this.#others()
  }

  async #others(): Promise<void> {
    await setImmediate()
    this.#began = performance.now()
  }
}
