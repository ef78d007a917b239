// New experts under live traffic. Every mission that ends is counted for the model and adapter that its personas were
// asked with (tallies.ts). While an expert that the gate let in is provisional each count is looked at (src/forge/probation.ts): one
// that does worse than what served before it gives its place back by itself, and so does one that ended the inference
// process too often. A mission that ended by no fault of the mind (cancelled, the engine lost, its time over while it waited
// for a person's word) is not counted.
import type { Clock } from '../src/base/clock.ts'
import type { Logger } from '../src/base/log.ts'
import type { CycleOutcome } from '../src/cognition/cycle.ts'
import type { Observation } from '../src/cognition/observation.ts'
import type { Count } from '../src/forge/exact-test.ts'
import type { Comparison } from '../src/forge/gate.ts'
import { baselineOf, lookAt, type ProbationLimits } from '../src/forge/probation.ts'
import type { Image } from '../src/image/image.ts'
import {
  type Expert,
  expertMeta,
  expertsIn,
  personasIn,
  putExpert,
  type Serving,
  servingIn,
  withdraw,
} from './experts.ts'
import { type Asked, keyOf, putTally, Tallies } from './tallies.ts'

/** What watches one mission. */
export interface Follower {
  observe(observation: Observation): void
  ended(outcome: CycleOutcome): void
}

export interface ProbationParts {
  readonly image: Image
  readonly clock: Clock
  readonly log: Logger
  readonly limits: ProbationLimits
}

/** Ends of a mission that are the mind's fault. */
const FAULTS = new Set<string>(
  'E_NOT_WRITTEN E_METHOD_FAILED E_PLAN E_NOT_APPROVED E_CYCLE_TIMEOUT'.split(' '),
)

export class Probation {
  readonly #parts: ProbationParts
  readonly #tallies: Tallies
  #last: Promise<void> = Promise.resolve()

  constructor(parts: ProbationParts) {
    this.#parts = parts
    this.#tallies = new Tallies(parts.image)
  }

  follow(): Follower {
    const asked = new Map<string, Asked>()
    let drafts = 0
    let waits = false
    return {
      observe: (seen) => {
        if (seen.kind === 'proposal') waits = true
        if (seen.kind === 'state' && seen.to !== 'FAILED') waits = false
        if (seen.kind === 'draft') drafts = seen.attempt
        if (seen.kind !== 'call') return
        const { persona = '' } = seen.request
        const { model, adapter = '-' } = seen.result
        const who = { persona, model, adapter }
        asked.set(keyOf(who), who)
      },
      ended: (outcome) => {
        if (outcome.kind === 'failed') {
          const { code } = outcome.error
          if (!FAULTS.has(code) || (waits && code === 'E_CYCLE_TIMEOUT')) return
        }
        const right = outcome.kind !== 'failed' && drafts === 1
        for (const [key, who] of asked) {
          this.#tallies.add(key, right)
          this.#then(() => this.#look(who))
        }
      },
    }
  }

  /** An adapter ended the inference process too often: it serves nobody any more. */
  shunned(adapter: string, reason: string): void {
    this.#then(async () => {
      const view = this.#parts.image.now()
      for (const persona of personasIn(view)) {
        const serving = servingIn(view, persona)
        if (serving?.blob.sha256 === adapter) await this.#return({ persona, serving, by: 'engine', reason })
      }
    })
  }

  /** Writes what was counted; resolves when all that was begun is done. */
  settled(): Promise<void> {
    this.#then(() => this.#tallies.write())
    return this.#last
  }

  /** One after the other; a failure is told and keeps nobody from going on. */
  #then(work: () => Promise<void>): void {
    const { log } = this.#parts
    this.#last = this.#last
      .then(work)
      .catch((failure) => log.warn({ err: failure }, 'an expert on probation'))
  }

  async #look({ persona, model, adapter }: Asked): Promise<void> {
    const { image, limits } = this.#parts
    const serving = servingIn(image.now(), persona)
    const key = keyOf({ persona, model, adapter })
    const since = this.#tallies.of(key)
    const expert = serving && this.#onProbation(persona, serving, adapter)
    if (!serving || !expert || since.course !== undefined) {
      if (this.#tallies.isDue) await this.#tallies.write()
      return
    }
    const former = serving.before?.blob.sha256 ?? '-'
    const known = this.#tallies.of(keyOf({ persona, model, adapter: former }))
    const before = baselineOf(known, examinedOf(expert))
    const { course, p } = lookAt(since, before, limits)
    const where = before === known ? 'before' : 'of the regression suite before'
    const figures = `${since.right} of ${since.asked} first drafts right, ${before.right} of ${before.asked} ${where}`
    switch (course) {
      case 'provisional':
        if (this.#tallies.isDue) await this.#tallies.write()
        break
      case 'active': {
        this.#tallies.take(key)
        const about = { user: 'kernel', description: `${serving.name} stays: ${figures}` }
        await image.transact({ ...about, meta: { kind: 'upkeep' } }, (transaction) =>
          putTally(transaction, key, { ...since, course }),
        )
        break
      }
      case 'returned': {
        this.#tallies.take(key)
        const reason = `worse under live traffic: ${figures} (p = ${p.toPrecision(2)})`
        await this.#return({ persona, serving, by: 'probation', reason, key })
        break
      }
      default:
        course satisfies never
    }
  }

  /** The expert that serves, when the mission was one of its own and the gate let it in: an owner's word stands. */
  #onProbation(persona: string, serving: Serving, adapter: string): Expert | undefined {
    if (serving.blob.sha256 !== adapter) return undefined
    const isIt = (each: Expert) => each.persona === persona && each.blob.sha256 === adapter
    const found = expertsIn(this.#parts.image.now()).find(isIt)
    return found?.verdict?.by === 'gate' ? found : undefined
  }

  /** Has the persona think as before, unless something else has been decided meanwhile. */
  async #return(found: {
    readonly persona: string
    readonly serving: Serving
    readonly by: 'probation' | 'engine'
    readonly reason: string
    /** Of the tally that ends with it, so that it begins anew if it is let in again. */
    readonly key?: string
  }): Promise<void> {
    const { image, clock, log } = this.#parts
    const { persona, serving, by, reason, key } = found
    const isIt = (each: { blob: { sha256: string } } | undefined) => each?.blob.sha256 === serving.blob.sha256
    const back = serving.before?.name ?? 'the model as it is'
    const description = `${persona} goes back from ${serving.name} to ${back}: ${reason}`
    const meta = expertMeta({ persona, name: serving.name })
    await image.transact({ user: 'kernel', description, meta }, (transaction) => {
      if (!isIt(servingIn(transaction, persona))) return
      const time = clock.now()
      withdraw(transaction, persona, time)
      const expert = expertsIn(transaction).find((each) => each.persona === persona && isIt(each))
      const report = { ...expert?.verdict?.report }
      if (expert) putExpert(transaction, { ...expert, verdict: { passed: false, by, reason, time, report } })
      if (key !== undefined) putTally(transaction, key, undefined)
    })
    log.warn({ persona, expert: serving.name, reason }, 'an expert was withdrawn')
  }
}

/** How what served before did on the regression suite when the gate compared them. */
function examinedOf({ verdict }: Expert): Count | undefined {
  const { regression } = { ...verdict?.report } as { readonly regression?: Comparison }
  return regression && { right: regression.serving, asked: regression.asked }
}
