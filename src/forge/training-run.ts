// The loop of a training. Replicas compute gradients side by side, one optimizer applies their sum, and between the
// steps the run reports, measures the validation sets, saves itself, and looks whether it is to stop. While the
// replicas compute, the next batches are made; the place in the data that is saved is the one before them.
import { BatError } from '../base/errors.ts'
import { type Batch, type BatchStream, type DataPosition, totalsOf } from './batches.ts'
import { type TrainingState, writeCheckpoint } from './checkpoint.ts'
import { every } from './every.ts'
import { lossSumOf, type Replica } from './llama-net.ts'
import type { Optimizer } from './optimizer.ts'
import { StepMeter } from './step-meter.ts'
import type { TrainingEvent } from './training-events.ts'
import { rateAt, type TrainingSettings } from './training-settings.ts'
import type { Weights } from './weights.ts'

export interface TrainingHooks {
  readonly report: (event: TrainingEvent) => void
  /** Asked between steps. */
  readonly isCancelled: () => boolean
}

/** What a run works with, prepared by training-setup.ts. */
export interface RunParts {
  readonly weights: Weights
  readonly replicas: readonly Replica[]
  readonly evaluators: readonly Replica[]
  readonly optimizer: Optimizer
  readonly stream: BatchStream
  readonly validation: readonly (readonly [string, readonly Batch[]])[]
  readonly export: () => void
  readonly state: TrainingState
  readonly corpusDigest: string
}

export class Run {
  readonly #settings: TrainingSettings
  readonly #hooks: TrainingHooks
  readonly #parts: RunParts
  readonly #startedAt = performance.now()
  #step: number
  #tokens: number
  #documents: number
  #data: DataPosition
  #batches: readonly Batch[]
  readonly #meter = new StepMeter()

  constructor(settings: TrainingSettings, hooks: TrainingHooks, parts: RunParts) {
    this.#settings = settings
    this.#hooks = hooks
    this.#parts = parts
    this.#step = parts.state.step
    this.#tokens = parts.state.tokens
    this.#documents = parts.state.documents
    this.#data = parts.stream.position
    this.#batches = this.#draw()
  }

  async toTheEnd(): Promise<void> {
    const { checkpointSeconds, reportSeconds, validateSeconds, output } = this.#settings
    const isTime = {
      report: every(reportSeconds),
      validate: every(validateSeconds),
      save: every(checkpointSeconds),
    }
    while (this.#progress < 1) {
      if (this.#hooks.isCancelled()) {
        this.#save()
        this.#hooks.report({ kind: 'cancelled', step: this.#step })
        return
      }
      await this.#takeStep()
      if (isTime.report()) this.#report()
      if (isTime.validate()) await this.#validate()
      if (isTime.save()) this.#save()
    }
    this.#save()
    const losses = await this.#validate()
    const seconds = this.#elapsedMs / 1000
    const [step, tokens, documents] = [this.#step, this.#tokens, this.#documents]
    this.#hooks.report({ kind: 'done', step, seconds, tokens, documents, losses, output })
  }

  get #elapsedMs(): number {
    return this.#parts.state.elapsedMs + performance.now() - this.#startedAt
  }

  get #progress(): number {
    const { until } = this.#settings
    return 'steps' in until ? this.#step / until.steps : this.#elapsedMs / 60_000 / until.minutes
  }

  #draw(): readonly Batch[] {
    return this.#parts.replicas.map(() => this.#parts.stream.next())
  }

  async #takeStep(): Promise<void> {
    const { replicas, optimizer, stream } = this.#parts
    const batches = this.#batches
    const begun = performance.now()
    const { weightSum, tokens, documents } = totalsOf(batches)
    replicas.forEach((replica, i) => {
      replica.feed(batches[i]!, { weightSum })
    })
    const fed = performance.now()
    const computing = Promise.all(replicas.map((replica) => replica.compute()))
    this.#data = stream.position
    this.#batches = this.#draw()
    await computing
    const computed = performance.now()
    const loss = lossSumOf(replicas) / weightSum
    if (!Number.isFinite(loss))
      throw new BatError('E_INTERNAL', { reason: `the loss is no number after step ${this.#step}` })
    await optimizer.step(this.#step + 1, rateAt(this.#settings, this.#step, this.#progress))
    this.#step++
    this.#tokens += tokens
    this.#documents += documents
    this.#meter.add({
      ...{ loss, tokens, feedMs: fed - begun },
      ...{ gradientMs: computed - fed, optimizerMs: performance.now() - computed },
    })
  }

  #report(): void {
    const done = this.#progress
    const thisRun = done - this.#progressAtStart
    const elapsed = (performance.now() - this.#startedAt) / 1000
    this.#hooks.report({
      kind: 'progress',
      step: this.#step,
      ...this.#meter.take(),
      rate: rateAt(this.#settings, this.#step, done),
      progress: done,
      tokens: this.#tokens,
      documents: this.#documents,
      epoch: this.#data.epoch,
      secondsLeft: thisRun > 0 ? (elapsed / thisRun) * Math.max(0, 1 - done) : 0,
    })
  }

  get #progressAtStart(): number {
    const { until } = this.#settings
    const { state } = this.#parts
    return 'steps' in until ? state.step / until.steps : state.elapsedMs / 60_000 / until.minutes
  }

  async #validate(): Promise<Readonly<Record<string, number>>> {
    const losses: Record<string, number> = {}
    for (const [name, batches] of this.#parts.validation) losses[name] = await this.#lossOf(batches)
    if (this.#parts.validation.length > 0) this.#hooks.report({ kind: 'validated', step: this.#step, losses })
    return losses
  }

  async #lossOf(batches: readonly Batch[]): Promise<number> {
    const { evaluators } = this.#parts
    let loss = 0
    for (let from = 0; from < batches.length; from += evaluators.length) {
      const some = evaluators.slice(0, batches.length - from)
      some.forEach((evaluator, i) => {
        evaluator.feed(batches[from + i]!)
      })
      await Promise.all(some.map((evaluator) => evaluator.compute()))
      loss += lossSumOf(some)
    }
    return loss / totalsOf(batches).weightSum
  }

  #save(): void {
    const { weights, optimizer, state, corpusDigest } = this.#parts
    writeCheckpoint(this.#settings.checkpoint, weights, optimizer, {
      step: this.#step,
      elapsedMs: this.#elapsedMs,
      tokens: this.#tokens,
      documents: this.#documents,
      data: this.#data,
      modelDigest: state.modelDigest,
      corpusDigest,
    })
    this.#parts.export()
    this.#hooks.report({ kind: 'saved', step: this.#step, output: this.#settings.output })
  }
}
