// Experts that wait for the gate, one after the other: an examination may take long and goes on beside everything else. One
// that the gate cannot decide on goes on waiting, and why is known.
import { batErrorOf } from '../src/base/errors.ts'
import type { Logger } from '../src/base/log.ts'
import type { Image } from '../src/image/image.ts'
import type { ExpertEvent } from '../src/protocol/messages.ts'
import { type Expert, expertsIn, type Gate } from './experts.ts'
import { settleExpert } from './gate.ts'

export interface ExpertOffersOptions {
  readonly image: Image
  readonly gate: Gate
  readonly log: Logger
  readonly tell: (event: ExpertEvent) => void
  /** An expert was let in. */
  readonly onServing: (expert: Expert) => void
}

export class ExpertOffers {
  readonly #options: ExpertOffersOptions
  readonly #ending = new AbortController()
  readonly #notes = new Map<string, string>()
  #work: Promise<void> = Promise.resolve()

  constructor(options: ExpertOffersOptions) {
    this.#options = options
  }

  /** Why an expert waits. */
  noteOn(name: string): string | undefined {
    return this.#notes.get(name)
  }

  offer(expert: Expert): void {
    this.#notes.set(expert.name, 'its examination is to come')
    this.#work = this.#work.then(() => this.#judge(expert))
  }

  /** Those that waited when the last kernel ended. */
  offerWaiting(): void {
    for (const expert of expertsIn(this.#options.image.now())) if (!expert.verdict) this.offer(expert)
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#work
  }

  async #judge(expert: Expert): Promise<void> {
    const { image, gate, log, tell, onServing } = this.#options
    const { name } = expert
    const { signal } = this.#ending
    if (signal.aborted) return
    try {
      this.#notes.set(name, 'it is being examined')
      const verdict = await gate(expert, signal)
      if (signal.aborted || !this.#isWaiting(expert)) return
      if (!verdict)
        return void this.#notes.set(name, 'nothing came with it that was held out of its training')
      await settleExpert(image, expert, { verdict, user: 'kernel' })
      this.#notes.delete(name)
      log.info({ expert: name, passed: verdict.passed, reason: verdict.reason }, 'the gate has decided')
      tell({ kind: 'expert', name, what: verdict.passed ? 'served' : 'kept_out', reason: verdict.reason })
      if (verdict.passed) onServing(expert)
    } catch (thrown) {
      if (signal.aborted) return
      this.#notes.set(name, batErrorOf(thrown).message)
      log.warn({ err: thrown, expert: name }, 'the gate')
    }
  }

  /** Whether it is still the one that was offered, and nobody has decided meanwhile. */
  #isWaiting({ name, blob }: Expert): boolean {
    const present = expertsIn(this.#options.image.now()).find((each) => each.name === name)
    return present?.blob.sha256 === blob.sha256 && present.verdict === undefined
  }
}
