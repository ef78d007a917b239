// The state of a training in one GGUF file, from which a run continues as if it had never stopped: the trained weights
// under their names, the optimizer's moments as `<weight>.first` and `.second`, and under `batos.training` a JSON text with
// the step, the time spent, the place in the data, and digests of what must be the same for the continuation to mean
// anything.
import { existsSync } from 'node:fs'
import { BatError } from '../base/errors.ts'
import { type GgufTensor, readGgufHeader, readTensorFloats, textOf, writeGguf } from '../mind/gguf.ts'
import { encodeFloats, tensorType } from '../mind/tensor-types.ts'
import type { DataPosition } from './batches.ts'
import type { Optimizer } from './optimizer.ts'
import type { Weights } from './weights.ts'

export interface TrainingState {
  readonly step: number
  readonly elapsedMs: number
  /** Tokens learnt from, each time it was seen. */
  readonly tokens: number
  readonly documents: number
  readonly data: DataPosition
  /** Digests of the model's shape and tokenizer, and of the encoded corpus. */
  readonly modelDigest: string
  readonly corpusDigest: string
}

const key = 'batos.training'

/** Writes weights, moments and state to `path`, at once. */
export function writeCheckpoint(
  path: string,
  weights: Weights,
  optimizer: Optimizer,
  state: TrainingState,
): void {
  const store = (name: string, values: Float32Array): GgufTensor => ({
    name,
    shape: [values.length],
    type: tensorType('F32'),
    data: encodeFloats('F32', values),
  })
  const tensors = weights.trained.map(({ name }) => store(name, weights.read(name)))
  for (const [name, values] of optimizer.moments()) tensors.push(store(name, values))
  writeGguf(path, new Map([[key, { type: 'str', value: JSON.stringify(state) }]]), tensors)
}

/**
 * Puts the state of `path` back and returns it; undefined when there is no such file. Throws E_TRAINER_SETTINGS when
 * it belongs to another model, E_GGUF when it is broken.
 */
export function restoreCheckpoint(
  path: string,
  weights: Weights,
  optimizer: Optimizer,
  modelDigest: string,
): TrainingState | undefined {
  if (!existsSync(path)) return undefined
  const header = readGgufHeader(path)
  const state = JSON.parse(textOf(header, key) ?? 'null') as TrainingState | null
  if (!state) throw new BatError('E_GGUF', { file: path, problem: 'it is not a checkpoint of a training' })
  if (state.modelDigest !== modelDigest)
    throw new BatError('E_TRAINER_SETTINGS', {
      path: 'checkpoint',
      problem: `${path} is of another training (its model, data or settings differ); without --resume, or with seed:train --fresh, a new one begins`,
    })
  const read = (name: string) => {
    const info = header.tensors.get(name)
    if (!info) throw new BatError('E_GGUF', { file: path, problem: `tensor ${name} is missing` })
    return readTensorFloats(path, info)
  }
  for (const { name } of weights.trained) weights.write(name, read(name))
  optimizer.restore(read)
  return state
}
