// The missions under way. One is written to the image before anybody is told that it was accepted; cycles run a bounded
// number at a time, those for the same message of the same object one after another (the second then finds the method
// there); what was pending when the kernel died is taken up again at the start. Ends are signalled, never polled.

import type { Clock } from '../src/base/clock.ts'
import { BatError, batErrorOf } from '../src/base/errors.ts'
import { uuidV7 } from '../src/base/ids.ts'
import { Semaphore } from '../src/base/semaphore.ts'
import { unlessAborted } from '../src/base/unless-aborted.ts'
import type { Value } from '../src/base/value.ts'
import { type CycleOutcome, runCycle } from '../src/cognition/cycle.ts'
import { type Mission, missionText } from '../src/cognition/mission.ts'
import type { Observation } from '../src/cognition/observation.ts'
import { accept, errorOutcome, type Outcome, pendingMissions, settle } from '../src/cognition/pending.ts'
import type { Faculties } from '../src/cognition/thought.ts'
import type { AuditTrail } from '../src/metacognition/audit-trail.ts'
import type { Metrics } from '../src/metacognition/metrics.ts'
import type { Seat } from '../src/mind/seat.ts'
import { auditEntries } from './audit-entries.ts'
import type { Follower } from './probation.ts'
import type { Watchers } from './watchers.ts'

/** How long a person may take over a method that waits for approval, in milliseconds. */
const APPROVAL_MS = 600_000

export interface MissionsOptions {
  readonly faculties: Faculties
  readonly trail: AuditTrail
  readonly metrics: Metrics
  readonly watchers: Watchers
  /** Watches how each mission goes on and ends, for the sake of the experts that were asked. */
  readonly follow: () => Follower
  /** Where missions are to wait for a model that can think; without it they are refused when there is none. */
  readonly mind?: Pick<Seat, 'vacancy' | 'taken'>
  /** What a person can do meanwhile so that there is one. */
  readonly remedy: () => string
  readonly clock: Clock
  readonly concurrent: number
  readonly timeoutMs: number
  /** Carries out a mission whose message is understood by now; undefined when it is not. */
  readonly sendKnown: (mission: Mission) => Promise<Outcome | undefined>
}

/** What a mission is made of; the rest is given to it when it is accepted. */
export type MissionRequest = Omit<Mission, 'id' | 'cycle' | 'accepted'>

type Observers = Set<(observation: Observation) => void>

interface Running {
  readonly mission: Mission
  readonly abort: AbortController
  readonly outcome: Promise<Outcome>
  readonly observers: Observers
}

export class Missions {
  readonly #options: MissionsOptions
  readonly #running = new Map<string, Running>()
  readonly #places: Semaphore
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #stopping = new AbortController()

  constructor(options: MissionsOptions) {
    this.#options = options
    this.#places = new Semaphore(options.concurrent)
  }

  /** Writes a mission down and starts it. When this resolves it is durable: it will be carried out. */
  async accept(request: MissionRequest, observe?: (observation: Observation) => void): Promise<Mission> {
    this.#stopping.signal.throwIfAborted()
    const { faculties, clock } = this.#options
    const now = clock.now()
    const mission: Mission = {
      ...request,
      id: uuidV7(now),
      cycle: uuidV7(now),
      accepted: now,
    }
    await faculties.image.transact(
      {
        user: mission.user,
        description: `accept ${missionText(mission)}`,
        meta: { kind: 'accept', mission: mission.id },
      },
      (transaction) => accept(transaction, faculties.world.missions, mission),
    )
    this.#start(mission, observe)
    return mission
  }

  /** Takes up what was pending when the last kernel ended; answers how many. */
  resume(): number {
    const { image, world } = this.#options.faculties
    const missions = pendingMissions(image.now(), world.missions)
    for (const mission of missions) this.#start(mission)
    return missions.length
  }

  /** The outcome of a running mission; undefined when none runs under that id. */
  outcome(id: string): Promise<Outcome> | undefined {
    return this.#running.get(id)?.outcome
  }

  /** The running mission that a request waits for. `observe` is told how it goes on. */
  waitingFor(
    request: string,
    observe: (observation: Observation) => void,
  ): { mission: Mission; outcome: Promise<Outcome> } | undefined {
    for (const running of this.#running.values()) {
      if (running.mission.request !== request) continue
      running.observers.add(observe)
      return running
    }
    return undefined
  }

  /** Cancels by cycle id or request; answers whether there was one. */
  cancel(id: string): boolean {
    for (const { mission, abort } of this.#running.values()) {
      if (mission.cycle !== id && mission.id !== id && mission.request !== id) continue
      abort.abort(new BatError('E_CANCELLED'))
      return true
    }
    return false
  }

  get running(): readonly Mission[] {
    return [...this.#running.values()].map(({ mission }) => mission)
  }

  /** Takes nothing more; waits up to `graceMs` for cycles to end, then leaves them pending for the next kernel. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort(new BatError('E_STOPPING'))
    const ends = Promise.allSettled([...this.#running.values()].map(({ outcome }) => outcome))
    const timer = setTimeout(() => {
      for (const { abort } of this.#running.values()) abort.abort(new BatError('E_STOPPING'))
    }, graceMs)
    await ends
    clearTimeout(timer)
  }

  #start(mission: Mission, observe?: (observation: Observation) => void): void {
    const abort = new AbortController()
    const observers = new Set(observe ? [observe] : [])
    const key = `${mission.target}.${mission.selector}`
    const outcome = this.#after(key, () => this.#see(mission, abort.signal, observers))
    outcome.catch(() => {})
    this.#running.set(mission.id, { mission, abort, outcome, observers })
    void outcome.finally(() => this.#running.delete(mission.id)).catch(() => {})
  }

  #after<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#turns.set(key, mine)
    void mine
      .catch(() => {})
      .finally(() => {
        if (this.#turns.get(key) === mine) this.#turns.delete(key)
      })
    return mine
  }

  /** Carries a mission out; one that waits for a model holds no place meanwhile, and begins anew when there is one. */
  async #see(mission: Mission, stop: AbortSignal, observers: Observers): Promise<Outcome> {
    const { mind, remedy } = this.#options
    for (;;) {
      const taken = mind?.taken()
      if (mind?.vacancy === undefined) {
        const outcome = await this.#places.run(() => this.#carryOut(mission, stop, observers))
        if (outcome) return outcome
      }
      try {
        const reason = `${mind?.vacancy}; ${remedy()}`
        for (const observer of observers) observer({ kind: 'waiting', reason })
        await unlessAborted(taken!, AbortSignal.any([stop, this.#stopping.signal]))
      } catch (thrown) {
        return this.#fail(mission, batErrorOf(thrown))
      }
    }
  }

  /** Undefined when there was no model to think with, and the mission is to wait for one. */
  async #carryOut(mission: Mission, stop: AbortSignal, observers: Observers): Promise<Outcome | undefined> {
    const { faculties, trail, metrics, watchers, follow, timeoutMs, sendKnown } = this.#options
    try {
      const known = stop.aborted ? undefined : await sendKnown(mission)
      if (known) return known
    } catch (thrown) {
      return this.#fail(mission, batErrorOf(thrown))
    }
    const entryOf = auditEntries(mission, faculties.image.head)
    const follower = follow()
    const observe = (observation: Observation) => {
      follower.observe(observation)
      const entry = entryOf(observation)
      if (entry) trail.write(entry)
      if (observation.kind === 'verdict' && !observation.ok) metrics.count('covenant_violations')
      watchers.tell(mission.cycle, observation)
      for (const observer of observers) observer(observation)
    }
    const started = performance.now()
    const limitMs = mission.approve ? timeoutMs + APPROVAL_MS : timeoutMs
    const signal = AbortSignal.any([stop, AbortSignal.timeout(limitMs)])
    const ended = await runCycle(mission, faculties, { signal, limitMs, observe })
    follower.ended(ended)
    metrics.time('cycle', performance.now() - started)
    metrics.count(ended.kind === 'failed' ? 'cycles_failed' : 'cycles_complete')
    const waits = ended.kind === 'failed' && !stop.aborted && this.#options.mind?.vacancy !== undefined
    const outcome = waits ? undefined : await this.#outcomeOf(ended, mission)
    await trail.flush()
    return outcome
  }

  async #outcomeOf(ended: CycleOutcome, mission: Mission): Promise<Outcome> {
    switch (ended.kind) {
      case 'complete':
        return resultOf(ended.value, mission, ended.transaction, this.#now())
      case 'proposed':
        return ended.outcome
      case 'failed':
        return this.#fail(mission, ended.error)
      default:
        return ended satisfies never
    }
  }

  /** Records a failure apart from the doomed transaction. A mission that was only interrupted stays pending. */
  async #fail(mission: Mission, error: BatError): Promise<Outcome> {
    const outcome = errorOutcome(error, mission, this.#now())
    if (error.code === 'E_STOPPING') return outcome
    const { image, world } = this.#options.faculties
    await image.transact(
      {
        user: mission.user,
        description: `failed ${missionText(mission)}`,
        meta: { kind: 'outcome', mission: mission.id },
      },
      (transaction) => settle(transaction, world.missions, mission, outcome),
    )
    return outcome
  }

  #now(): number {
    return this.#options.clock.now()
  }
}

const resultOf = (value: Value, mission: Mission, transaction: string, time: number): Outcome => ({
  kind: 'result',
  value,
  cycle: mission.cycle,
  transaction,
  time,
})
