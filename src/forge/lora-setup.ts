// Puts a LoRA training together from its settings: the base, the data, the device, weights, replicas, optimizer, and the
// state of an earlier run if it is to go on from one. Everything that can be refused is refused here, before the first
// step.
import { existsSync, rmSync } from 'node:fs'
import { BatError } from '../base/errors.ts'
import { Bpe } from '../mind/bpe.ts'
import { sha256OfFile } from '../mind/file-digest.ts'
import { beginAdapter } from './adapter.ts'
import { adaptedPlan, type BaseModel, loadBase, readBase } from './base-model.ts'
import { answersAtMost, planRows } from './batches.ts'
import { type Blas, deviceSaid, openBlas } from './blas.ts'
import { restoreCheckpoint } from './checkpoint.ts'
import { onDevice } from './device.ts'
import { encodeFile, longestOf, type TokenSet } from './documents.ts'
import { type Backend, type Ggml, openGgml } from './ggml.ts'
import { requireSoundGradients } from './gradient-test.ts'
import { Replica } from './llama-net.ts'
import { LoraRun } from './lora-run.ts'
import { defaultRate, type LoraSettings } from './lora-settings.ts'
import { loraBytes, requireFree } from './memory-estimate.ts'
import { Optimizer } from './optimizer.ts'
import { randomFrom } from './random.ts'
import type { TrainingHooks } from './training-run.ts'
import { digestOf, digestOfSet } from './training-setup.ts'
import { Weights } from './weights.ts'

/** Trains an adapter as told and reports `done` or `cancelled` at the end. Refusals are thrown as coded errors. */
export async function runLora(settings: LoraSettings, hooks: TrainingHooks): Promise<void> {
  if (settings.resume && !existsSync(settings.checkpoint))
    throw new BatError('E_TRAINER_SETTINGS', {
      path: 'resume',
      problem: `there is no checkpoint ${settings.checkpoint}`,
    })
  const base = readBase(settings.base)
  const data = await readData(settings, base)
  const length = settings.length ?? roundUp(longestOf(data) - 1, 32)
  const rows = planRows(data, { length, epochs: settings.epochs, seed: settings.seed })
  const replicas = Math.min(settings.replicas, settings.accumulation, Math.ceil(rows.length / settings.batch))
  const answers = answersAtMost(data, rows, settings.batch)
  const size = { shape: base.shape, length, rows: settings.batch, answers, replicas }

  const ggml = openGgml({ gpu: settings.device !== 'cpu' })
  const choice = { asked: settings.device, gpu: ggml.deviceName('gpu'), report: hooks.report }
  const prepared = await onDevice(choice, async (device) => {
    const backends = Array.from({ length: device === 'gpu' ? 1 : replicas }, () => ggml.backend(device, 1)!)
    const blas = device === 'cpu' ? openBlas() : undefined
    const plan = adaptedPlan(base, settings, blas !== undefined)
    const needed = loraBytes({ ...size, plan, dropout: settings.dropout })
    if (device === 'cpu') requireFree(needed)
    const weights = new Weights(ggml, backends[0]!, base.shape, plan)
    loadBase(weights, base)
    beginAdapter(weights, randomFrom(settings.seed))
    const { batch, rank, alpha, dropout } = settings
    const adapter = { scale: alpha / rank, dropout }
    const options = {
      ...{ length, rows: batch, answers, adapter, blas },
      purpose: 'train',
      accumulates: true,
    } as const
    const made = backends.map((backend) => new Replica(ggml, backend, weights, options))
    made[0]!.requireOperations()
    const difference = await requireSoundGradients(ggml, backends[0]!, { what: 'adapter', device, blas })
    const optimizer = optimizerOf({ ggml, backends, weights, replicas: made, blas }, settings)
    return { device, blas, weights, replicas: made, optimizer, needed, difference }
  })
  const { weights, optimizer } = prepared
  const rate = settings.rate ?? defaultRate(base.shape.width)
  const modelDigest = await sha256OfFile(base.path)
  const corpusDigest = digestOfSet(data)
  const told = { ...settings, rate, length }
  const runDigest = digestOf(JSON.stringify([modelDigest, corpusDigest, essence(told)]))
  const from = settings.resume
    ? restoreCheckpoint(settings.checkpoint, weights, optimizer, runDigest)
    : undefined
  if (!settings.resume) rmSync(settings.checkpoint, { force: true })
  hooks.report({
    kind: 'started',
    device: deviceSaid(ggml, prepared.device, prepared.blas),
    parameters: weights.trainedCount,
    documents: data.count,
    tooLong: data.tooLong,
    tokens: data.ids.length,
    gradientDifference: prepared.difference,
    memoryMb: Math.round(prepared.needed / 1e6),
    step: from?.step ?? 0,
  })
  const run = new LoraRun(told, hooks, {
    ...{ weights, replicas: prepared.replicas, optimizer, data, rows },
    group: base.shape.heads / base.shape.kvHeads,
    digests: { base: modelDigest, data: corpusDigest, run: runDigest },
    state: from,
  })
  await run.toTheEnd()
}

async function readData(settings: LoraSettings, base: BaseModel): Promise<TokenSet> {
  const longest = Math.min(settings.length ?? Number.POSITIVE_INFINITY, base.contextLength)
  if (settings.length !== undefined && settings.length > base.contextLength)
    throw new BatError('E_TRAINER_SETTINGS', {
      path: 'length',
      problem: `the model was made for ${base.contextLength} tokens`,
    })
  return encodeFile(new Bpe(base.vocabulary), settings.data, {
    longest: longest + 1,
    longer: settings.longer,
  })
}

interface OptimizerParts {
  readonly ggml: Ggml
  readonly blas: Blas | undefined
  readonly backends: readonly Backend[]
  readonly weights: Weights
  readonly replicas: readonly Replica[]
}

const optimizerOf = (
  { ggml, backends, weights, replicas, blas }: OptimizerParts,
  { weightDecay }: LoraSettings,
): Optimizer =>
  new Optimizer(
    ggml,
    backends,
    weights,
    replicas.map(({ gradients }) => gradients),
    { kind: 'adamw', blas, weightDecay, beta1: 0.9, beta2: 0.999, momentum: 0 },
  )

// What must be the same for a continuation to mean anything.
const essence = ({ rank, alpha, dropout, targets, batch, accumulation, ...rest }: LoraSettings): object => ({
  ...{ rank, alpha, dropout, targets, batch, accumulation },
  ...{ epochs: rest.epochs, rate: rest.rate, warmUpShare: rest.warmUpShare },
  ...{ weightDecay: rest.weightDecay, length: rest.length, seed: rest.seed },
})

const roundUp = (count: number, step: number): number => Math.ceil(count / step) * step
