// The cycles that wait for their user's word on a method that passed (approve mode). The word comes as `feedback`.
import type { Judgement } from '../src/cognition/thought.ts'

export class Approvals {
  readonly #waiting = new Map<string, (judgement: Judgement) => void>()

  /** Resolves with the word on a cycle's method; rejects with the signal's reason when that comes first. */
  wait(cycle: string, signal: AbortSignal): Promise<Judgement> {
    return new Promise<Judgement>((resolve, reject) => {
      const give = () => reject(signal.reason)
      signal.addEventListener('abort', give, { once: true })
      this.#waiting.set(cycle, (judgement) => {
        signal.removeEventListener('abort', give)
        resolve(judgement)
      })
    }).finally(() => this.#waiting.delete(cycle))
  }

  /** Gives the word to a cycle; answers whether it waited for one. */
  answer(cycle: string, judgement: Judgement): boolean {
    const resolve = this.#waiting.get(cycle)
    resolve?.(judgement)
    return resolve !== undefined
  }
}
