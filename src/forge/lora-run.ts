// The loop of a LoRA training. A step takes `accumulation` batches of `batch` rows, dealt to the replicas in rounds; their
// gradients are added, divided by the number of answer tokens in all of them, and applied at once. What the rows are and
// what dropout leaves out follow from the seed and the number of the step alone, so that the state to go on from is the
// weights, the moments and that number, and so that one replica and several compute the same.
import { rmSync } from 'node:fs'
import { BatError } from '../base/errors.ts'
import { exportAdapter } from './adapter.ts'
import { type Batch, fillBatch, totalsOf } from './batches.ts'
import { type TrainingState, writeCheckpoint } from './checkpoint.ts'
import type { TokenSet } from './documents.ts'
import { every } from './every.ts'
import { lossSumOf, type Replica } from './llama-net.ts'
import { type LoraSettings, loraRateAt } from './lora-settings.ts'
import type { Optimizer } from './optimizer.ts'
import { StepMeter } from './step-meter.ts'
import type { TrainingHooks } from './training-run.ts'
import type { Weights } from './weights.ts'

export interface LoraParts {
  readonly weights: Weights
  readonly replicas: readonly Replica[]
  readonly optimizer: Optimizer
  readonly data: TokenSet
  /** The documents of each row, of all epochs. */
  readonly rows: readonly (readonly number[])[]
  /** Query heads that share a key head. */
  readonly group: number
  readonly digests: { readonly base: string; readonly data: string; readonly run: string }
  /** Of the run that is continued. */
  readonly state: TrainingState | undefined
}

type Told = LoraSettings & { readonly rate: number; readonly length: number }

const reportSeconds = 1

export class LoraRun {
  readonly #settings: Told
  readonly #hooks: TrainingHooks
  readonly #parts: LoraParts
  readonly #startedAt = performance.now()
  readonly #firstStep: number
  readonly #steps: number
  #step: number
  #tokens: number
  #documents: number
  #batches: readonly Batch[]
  readonly #meter = new StepMeter()
  /** Since the last line of the log. */
  #logged = { steps: 0, loss: 0 }
  #lastLoss = Number.NaN

  constructor(settings: Told, hooks: TrainingHooks, parts: LoraParts) {
    this.#settings = settings
    this.#hooks = hooks
    this.#parts = parts
    this.#steps = Math.ceil(parts.rows.length / (settings.batch * settings.accumulation))
    this.#step = this.#firstStep = parts.state?.step ?? 0
    this.#tokens = parts.state?.tokens ?? 0
    this.#documents = parts.state?.documents ?? 0
    this.#batches = this.#batchesOf(this.#step)
  }

  async toTheEnd(): Promise<void> {
    const { checkpoint, checkpointSeconds, logSteps, output } = this.#settings
    const isTime = { report: every(reportSeconds), save: every(checkpointSeconds) }
    while (this.#step < this.#steps) {
      if (this.#hooks.isCancelled()) {
        this.#save()
        this.#hooks.report({ kind: 'cancelled', step: this.#step })
        return
      }
      await this.#takeStep()
      const isLast = this.#step === this.#steps
      const logged = this.#step % logSteps === 0 || isLast
      if (logged || isTime.report()) this.#report(logged)
      if (!isLast && isTime.save()) this.#save()
    }
    const [step, tokens, documents] = [this.#step, this.#tokens, this.#documents]
    const losses = { train: this.#lastLoss }
    const seconds = this.#elapsedMs / 1000
    this.#export({ steps: step, tokens, documents, seconds, loss: this.#lastLoss })
    rmSync(checkpoint, { force: true })
    this.#hooks.report({ kind: 'done', step, seconds, tokens, documents, losses, output })
  }

  get #elapsedMs(): number {
    return (this.#parts.state?.elapsedMs ?? 0) + performance.now() - this.#startedAt
  }

  // At least one batch; the last step may have fewer than the others.
  #batchesOf(step: number): readonly Batch[] {
    const { data, rows, group } = this.#parts
    const { batch, accumulation, length } = this.#settings
    const shape = { length, rows: batch, group, promptWeight: 0, padding: 0 }
    const first = step * accumulation * batch
    const some = rows.slice(first, first + accumulation * batch)
    return Array.from({ length: Math.ceil(some.length / batch) }, (_, i) =>
      fillBatch(data, shape, some.slice(i * batch, (i + 1) * batch)),
    )
  }

  async #takeStep(): Promise<void> {
    const { replicas, optimizer, weights } = this.#parts
    const batches = this.#batches
    const begun = performance.now()
    const { weightSum, tokens, documents } = totalsOf(batches)
    let lossSum = 0
    for (let first = 0; first < batches.length; first += replicas.length) {
      const atWork = replicas.slice(0, batches.length - first)
      atWork.forEach((replica, i) => {
        const dropoutSeed = this.#dropoutSeed(first + i)
        replica.feed(batches[first + i]!, { weightSum, adds: first > 0, dropoutSeed })
      })
      if (first === 0) for (const replica of replicas.slice(atWork.length)) replica.clear(weights.trained)
      const computing = Promise.all(atWork.map((replica) => replica.compute()))
      if (first === 0) this.#batches = this.#batchesOf(this.#step + 1)
      await computing
      lossSum += lossSumOf(atWork)
    }
    const computed = performance.now()
    this.#lastLoss = lossSum / weightSum
    if (!Number.isFinite(this.#lastLoss))
      throw new BatError('E_INTERNAL', { reason: `the loss is no number after step ${this.#step}` })
    await optimizer.step(this.#step + 1, loraRateAt(this.#settings, this.#step, this.#steps))
    this.#step++
    this.#tokens += tokens
    this.#documents += documents
    this.#logged.steps++
    this.#logged.loss += this.#lastLoss
    this.#meter.add({
      ...{ loss: this.#lastLoss, tokens, feedMs: 0 },
      ...{ gradientMs: computed - begun, optimizerMs: performance.now() - computed },
    })
  }

  #dropoutSeed(batch: number): number {
    const { seed, accumulation } = this.#settings
    return (Math.imul(seed + 1, 0x9e3779b1) + this.#step * accumulation + batch) >>> 0
  }

  #report(logged: boolean): void {
    const { stepMs, tokensPerSecond } = this.#meter.take()
    const loss = this.#logged.loss / this.#logged.steps
    if (logged) this.#logged = { steps: 0, loss: 0 }
    const perStep = (performance.now() - this.#startedAt) / (this.#step - this.#firstStep)
    this.#hooks.report({
      kind: 'progress',
      step: this.#step,
      steps: this.#steps,
      logged,
      loss,
      rate: loraRateAt(this.#settings, this.#step, this.#steps),
      progress: this.#step / this.#steps,
      tokens: this.#tokens,
      documents: this.#documents,
      epoch: Math.floor(this.#documents / this.#parts.data.count),
      tokensPerSecond,
      secondsLeft: (perStep * (this.#steps - this.#step)) / 1000,
      stepMs,
    })
  }

  #save(): void {
    const { weights, optimizer, digests } = this.#parts
    const { checkpoint } = this.#settings
    writeCheckpoint(checkpoint, weights, optimizer, {
      ...{ step: this.#step, elapsedMs: this.#elapsedMs, tokens: this.#tokens, documents: this.#documents },
      data: { epoch: 0, next: 0, pool: [] },
      ...{ modelDigest: digests.run, corpusDigest: digests.data },
    })
    this.#hooks.report({ kind: 'saved', step: this.#step, output: checkpoint })
  }

  #export(outcome: object): void {
    const { weights, digests } = this.#parts
    const { output, name, alpha, rank, dropout, targets, batch, accumulation, epochs, rate, length, seed } =
      this.#settings
    exportAdapter(output, weights, {
      ...{ name, alpha },
      training: {
        ...{ base: digests.base, data: digests.data },
        settings: { rank, alpha, dropout, targets, batch, accumulation, epochs, rate, length, seed },
        outcome,
      },
    })
  }
}
