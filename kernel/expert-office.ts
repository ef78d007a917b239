// All that the running kernel does with experts, put together: the desk that every call passes, the folder where adapters are
// dropped, and the offers to the gate.
import type { Clock } from '../src/base/clock.ts'
import type { Config } from '../src/base/config.ts'
import type { Home } from '../src/base/home.ts'
import type { Logger } from '../src/base/log.ts'
import type { Image } from '../src/image/image.ts'
import type { Metrics } from '../src/metacognition/metrics.ts'
import type { EngineEvent } from '../src/mind/engine.ts'
import type { Inference } from '../src/mind/inference.ts'
import { WarmAdapters } from '../src/mind/warm-adapters.ts'
import type { ExpertEvent } from '../src/protocol/messages.ts'
import { AdapterFolder, type Waiting } from './adapter-folder.ts'
import { ExpertDesk, type LastSwap, type Tier } from './expert-desk.ts'
import { takeIn } from './expert-intake.ts'
import { ExpertOffers } from './expert-offers.ts'
import { expertsIn, personasIn, type Serving, servingIn } from './experts.ts'
import { judgeExpert } from './gate.ts'

export interface ExpertOfficeOptions {
  readonly home: Home
  readonly config: Config
  readonly image: Image
  readonly engine: Inference
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
  readonly tell: (event: ExpertEvent) => void
}

export interface ExpertOffice {
  readonly desk: ExpertDesk
  readonly folder: AdapterFolder
  readonly offers: ExpertOffers
  /** Where everything is, for a person. */
  state(): OfficeState
  /** What the engine tells of itself. */
  heard(event: EngineEvent): void
  stop(): Promise<void>
}

export interface OfficeState {
  /** Of the personas that an expert serves. */
  readonly personas: Readonly<Record<string, PersonaState>>
  /** By name of an expert, why it waits for the gate. */
  readonly notes: Readonly<Record<string, string>>
  /** What lies in the folder and is not taken in yet, and why not. */
  readonly waiting: readonly Waiting[]
  /** How often, and in how many milliseconds, an adapter was brought to work, by tier. */
  readonly swaps: Readonly<Record<string, object>>
}

export interface PersonaState {
  readonly tier: Tier
  /** Why the bare model answers all the same. */
  readonly problem?: string
  readonly lastSwap?: LastSwap
}

export async function openExpertOffice(options: ExpertOfficeOptions): Promise<ExpertOffice> {
  const { home, config, image, engine, metrics, clock, log, tell } = options
  const { warmMb, settleMs } = config.experts
  const warm = await WarmAdapters.open({ dir: home.warm, bytes: warmMb * 2 ** 20 })
  const desk = new ExpertDesk({ image, engine, warm, metrics, clock, log, tell })
  const soon = (work: Promise<void>) => void work.catch((failure) => log.warn({ err: failure }, 'experts'))
  const offers = new ExpertOffers({
    ...{ image, log, tell },
    gate: (candidate, signal) => judgeExpert(candidate, { image, home, clock, signal }),
    onServing: ({ persona }) => soon(desk.prefetch([persona])),
  })
  const folder = new AdapterFolder({
    ...{ dir: home.adapters, settleMs, clock, log },
    take: async (arrival, heldOut) => {
      const { model } = engine.status()
      const base = { path: model?.path ?? '', sha256: model?.sha256 ?? '' }
      const held = heldOut === undefined ? {} : { heldOut }
      const { expert, isNew } = await takeIn(arrival, { image, clock, base, scratch: home.run, ...held })
      if (!isNew) return
      const reason = `${arrival.entry}, rank ${expert.rank}`
      log.info({ expert: expert.name, sha256: expert.blob.sha256 }, 'an adapter is taken in')
      metrics.count('adapters_taken')
      tell({ kind: 'expert', name: expert.name, what: 'taken', reason })
      offers.offer(expert)
    },
    obstacle: async () => {
      if (config.model.engine !== 'local')
        return 'adapters are checked with a model that runs here: set model.engine to local in batos.config.json, and restart'
      const { state, reason = state } = await engine.ready()
      return state === 'ready' ? undefined : `no model is at work: ${reason}`
    },
    onRefused: ({ entry, reason }) => {
      log.warn({ entry, reason }, 'an adapter is refused')
      metrics.count('adapters_refused')
      tell({ kind: 'expert', name: entry, what: 'refused', reason })
    },
  })
  const state = (): OfficeState => {
    const now = image.now()
    const served = personasIn(now).flatMap((persona) => {
      const serving = servingIn(now, persona)
      return serving ? [[persona, stateOf(persona, serving, desk)] as const] : []
    })
    const notes = expertsIn(now).flatMap(({ name, verdict }) => {
      const note = verdict ? undefined : offers.noteOn(name)
      return note === undefined ? [] : [[name, note] as const]
    })
    const swaps = Object.entries(metrics.summary().durations).filter(([name]) => name.startsWith('swap_'))
    return {
      personas: Object.fromEntries(served),
      notes: Object.fromEntries(notes),
      waiting: folder.waiting,
      swaps: Object.fromEntries(swaps.map(([name, figures]) => [name.slice('swap_'.length), figures])),
    }
  }
  offers.offerWaiting()
  return {
    ...{ desk, folder, offers, state },
    heard: (event) => {
      if (event.kind === 'shunned') desk.shun(event.adapter, event.reason.message)
      if (event.kind !== 'up') return
      soon(desk.prefetchAll())
      folder.look()
    },
    stop: async () => {
      await folder.stop()
      await offers.stop()
    },
  }
}

function stateOf(persona: string, serving: Serving, desk: ExpertDesk): PersonaState {
  const [problem, lastSwap] = [desk.problemOf(persona, serving), desk.lastSwapOf(persona)]
  return {
    tier: desk.tierOf(serving.blob.sha256),
    ...(problem === undefined ? {} : { problem }),
    ...(lastSwap === undefined ? {} : { lastSwap }),
  }
}
