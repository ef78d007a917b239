// Puts a training together from its settings: library, data, weights, replicas, optimizer, and the state of an
// earlier run if there is one. Everything that can be refused is refused here, before the first step.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Bpe, type Vocabulary } from '../mind/bpe.ts'
import { BatchStream, batchesOf } from './batches.ts'
import { deviceSaid, openBlas } from './blas.ts'
import { restoreCheckpoint } from './checkpoint.ts'
import { onDevice } from './device.ts'
import { encodeFile, type TokenSet } from './documents.ts'
import { exportModel } from './export.ts'
import { openGgml } from './ggml.ts'
import { requireSoundGradients } from './gradient-test.ts'
import { Replica } from './llama-net.ts'
import { requireFree, trainingBytes } from './memory-estimate.ts'
import { Optimizer } from './optimizer.ts'
import { randomFrom } from './random.ts'
import { Run, type TrainingHooks } from './training-run.ts'
import type { TrainingSettings } from './training-settings.ts'
import { type LlamaShape, readWeights, Weights } from './weights.ts'

/** Trains as told and reports `done` or `cancelled` at the end. Refusals are thrown as coded errors. */
export async function runTraining(settings: TrainingSettings, hooks: TrainingHooks): Promise<void> {
  const vocabulary = JSON.parse(readFileSync(settings.tokenizer, 'utf8')) as Vocabulary
  const bpe = new Bpe(vocabulary)
  const shape: LlamaShape = { vocabulary: bpe.size, ...settings.model }
  const corpus = await encodeFile(bpe, settings.corpus, {
    longest: settings.length + 1,
    longer: 'leave out',
  })

  const ggml = openGgml({ gpu: settings.device !== 'cpu' })
  const choice = { asked: settings.device, gpu: ggml.deviceName('gpu'), report: hooks.report }
  const prepared = await onDevice(choice, async (device) => {
    const count = device === 'gpu' ? 1 : settings.replicas
    const size = { shape, length: settings.length, rows: settings.rows, replicas: count }
    const validates = Object.keys(settings.validation).length > 0
    const needed = trainingBytes({ ...size, validates })
    if (device === 'cpu') requireFree(needed)
    const backends = Array.from({ length: count }, () => ggml.backend(device, 1)!)
    const blas = device === 'cpu' ? openBlas() : undefined
    const weights = new Weights(ggml, backends[0]!, shape)
    if (settings.base === undefined) weights.randomise(randomFrom(settings.seed))
    else readWeights(weights, settings.base)
    const make = (purpose: 'train' | 'evaluate') =>
      backends.map((backend) => new Replica(ggml, backend, weights, { ...size, purpose, blas }))
    const replicas = make('train')
    replicas[0]!.requireOperations()
    const difference = await requireSoundGradients(ggml, backends[0]!, { what: 'whole', device, blas })
    const evaluators = validates ? make('evaluate') : []
    const gradients = replicas.map((replica) => replica.gradients)
    const optimizer = new Optimizer(ggml, backends, weights, gradients, {
      ...{ blas, kind: settings.optimizer, weightDecay: settings.weightDecay },
      ...{ beta1: 0.9, beta2: 0.95, momentum: 0.95 },
    })
    return { device, blas, weights, replicas, evaluators, optimizer, needed, difference }
  })
  const { weights, optimizer } = prepared
  const modelDigest = digestOf(JSON.stringify([shape, vocabulary, settings.optimizer]))
  const corpusDigest = digestOfSet(corpus)
  const from = restoreCheckpoint(settings.checkpoint, weights, optimizer, modelDigest)
  const batchShape = {
    length: settings.length,
    rows: settings.rows,
    group: shape.heads / shape.kvHeads,
    promptWeight: settings.promptWeight,
    padding: bpe.special('<|finetune_right_pad_id|>'),
  }
  const continued = from?.corpusDigest === corpusDigest ? from.data : undefined
  const stream = new BatchStream(corpus, batchShape, settings.seed, continued)
  hooks.report({
    kind: 'started',
    device: deviceSaid(ggml, prepared.device, prepared.blas),
    parameters: weights.trainedCount,
    documents: corpus.count,
    tooLong: corpus.tooLong,
    tokens: corpus.ids.length,
    gradientDifference: prepared.difference,
    memoryMb: Math.round(prepared.needed / 1e6),
    step: from?.step ?? 0,
  })
  const validation = await Promise.all(
    Object.entries(settings.validation).map(async ([name, path]) => {
      const set = await encodeFile(bpe, path, {
        longest: settings.length + 1,
        longer: 'leave out',
        most: settings.validationDocuments,
      })
      return [name, batchesOf(set, { ...batchShape, promptWeight: 0 })] as const
    }),
  )
  const run = new Run(settings, hooks, {
    weights,
    replicas: prepared.replicas,
    evaluators: prepared.evaluators,
    optimizer,
    stream,
    validation,
    export: () => {
      exportModel(settings.output, {
        name: settings.name,
        shape,
        vocabulary,
        contextLength: settings.contextLength,
        type: settings.outputType,
        read: (name) => weights.read(name),
      })
    },
    state: from ?? {
      step: 0,
      elapsedMs: 0,
      tokens: 0,
      documents: 0,
      data: stream.position,
      modelDigest,
      corpusDigest,
    },
    corpusDigest,
  })
  await run.toTheEnd()
}

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Of the tokens of a set, and of where documents and answers begin. */
export function digestOfSet({ ids, starts, prompts }: TokenSet): string {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of [ids, starts, prompts])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return hash.digest('hex')
}
