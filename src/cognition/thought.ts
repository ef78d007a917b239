// One thought while it is being thought: a mission, the open transaction, and the cycle object in it, whose parent slot
// `synthesis_state*` holds the state it is in. What the stages find out (plan, answers, drafts) is kept here and mirrored
// in the cycle's slots, so that it is in the image when the thought commits, and nowhere when it does not.

import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import { Method, Ref, type Value, type Witness } from '../base/value.ts'
import type { Image } from '../image/image.ts'
import type { Obj } from '../image/object.ts'
import type { Transaction } from '../image/transaction.ts'
import type { Plan } from '../mind/plan.ts'
import type { Drafting } from './drafting.ts'
import type { Invoke } from './invoke.ts'
import { type Mission, missionText, missionToValue } from './mission.ts'
import type { Observation } from './observation.ts'
import { isLegalStep, type StateName } from './states.ts'
import type { Think } from './think.ts'
import { dataSlots, type TrialFault } from './trial.ts'

/** The objects of the image that a thought works with. */
export interface World {
  readonly states: Readonly<Record<StateName, Oid>>
  readonly missions: Oid
  readonly cycles: Oid
  /** Objects that nothing written by the model may change. */
  readonly frozen: readonly Oid[]
}

/** What a thought may use. */
export interface Faculties {
  readonly image: Image
  readonly invoke: Invoke
  readonly think: Think
  /** Tells that these personas will be asked soon, so that their adapters can be brought to work. */
  readonly prefetch: (personas: readonly string[]) => void
  readonly drafting: Drafting
  readonly world: World
  readonly clock: Clock
  /** Waits for the user's word on a method that passed; rejects with the signal's reason. */
  readonly approval: (cycle: string, signal: AbortSignal) => Promise<Judgement>
  /** Drafts of a method before giving up. */
  readonly tries: number
}

/** What a user says of a method: good, or bad and perhaps what should be different. */
export interface Judgement {
  readonly verdict: 'good' | 'bad'
  readonly comment: string
}

export interface FacetAnswer {
  readonly persona: string
  readonly facet: string
  readonly answer: string
}

export interface Draft {
  /** From 1. */
  readonly attempt: number
  readonly source: string
  /** SHA-256 of the prompt as sent, and of the model and adapter that answered. */
  readonly prompt: string
  readonly model: string
  readonly adapter?: string
  /** Why it was refused; absent while it has not been. */
  refusal?: Refusal
}

export interface Refusal {
  readonly by: 'guardian' | 'trial' | 'user'
  /** For a person, one line. */
  readonly message: string
  /** What the model is told, a line a fault. */
  readonly report: readonly string[]
  readonly fault?: TrialFault
}

export class Thought {
  readonly mission: Mission
  readonly signal: AbortSignal
  readonly observe: (observation: Observation) => void
  readonly drafts: Draft[] = []
  readonly answers: FacetAnswer[] = []
  plan: Plan | undefined
  /** What the user said should be different, the last time a draft was shown. */
  wish: string | undefined
  state: StateName = 'IDLE'
  transaction: Transaction
  cycle: Obj
  readonly #faculties: Faculties
  /** What the cycle holds, for the next transaction too. */
  readonly #noted: Record<string, Value>

  constructor(
    mission: Mission,
    faculties: Faculties,
    options: { readonly signal: AbortSignal; readonly observe: (observation: Observation) => void },
  ) {
    this.mission = mission
    this.signal = options.signal
    this.observe = options.observe
    this.#faculties = faculties
    this.#noted = {
      'synthesis_state*': new Ref(faculties.world.states.IDLE),
      id: mission.cycle,
      mission_brief: missionToValue(mission),
      started: new Date(faculties.clock.now()),
    }
    this.transaction = this.#begin()
    this.cycle = this.transaction.create(this.#noted)
  }

  get target(): Obj {
    return this.transaction.get(this.mission.target)
  }

  get draft(): Draft {
    const draft = this.drafts.at(-1)
    if (!draft) throw new BatError('E_INTERNAL', { reason: `cycle ${this.mission.cycle} has no draft` })
    return draft
  }

  /** What the method must do: answer the message, or what the stale text was written for. */
  get witnesses(): readonly Witness[] {
    const { args, expected, type, selector } = this.mission
    const stale = type === 'stale_method' ? this.target.lookup(selector)?.value : undefined
    if (stale instanceof Method) return stale.provenance.witnesses
    return [
      { args, ...(expected.length > 0 ? { expected: expected[0]! } : {}), slots: dataSlots(this.target) },
    ]
  }

  /** Moves the cycle to another state. */
  enter(to: StateName, persona?: string): void {
    const from = this.state
    if (!isLegalStep(from, to))
      throw new BatError('E_INTERNAL', { reason: `a cycle cannot go from ${from} to ${to}` })
    this.state = to
    if (to !== 'FAILED') this.note('synthesis_state*', new Ref(this.#faculties.world.states[to]))
    this.observe({ kind: 'state', from, to, ...(persona === undefined ? {} : { persona }) })
  }

  /** Keeps something with the cycle. */
  note(slot: string, value: Value): void {
    this.#noted[slot] = value
    this.cycle.set(slot, value)
  }

  /** Goes on in a new transaction that sees the present, after another one changed what this one had read. */
  reopen(): void {
    this.transaction.abort()
    this.transaction = this.#begin()
    this.cycle = this.transaction.create(this.#noted)
  }

  #begin(): Transaction {
    const { mission } = this
    return this.#faculties.image.begin({
      user: mission.user,
      description: missionText(mission),
      meta: { kind: 'cycle', cycle: mission.cycle, mission: mission.id },
    })
  }
}
