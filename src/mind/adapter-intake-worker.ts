// The thread of adapter-intake.ts: one task in, one answer out.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { BatError } from '../base/errors.ts'
import { isPlainObject, type PlainObject } from '../base/value.ts'
import type { AdapterSummary, CheckTask, ConvertTask, IntakeAnswer } from './adapter-intake.ts'
import { type GgufHeader, readGgufHeader, textOf, writeGguf } from './gguf.ts'
import { failureOf } from './native-failures.ts'
import { convertPeft, parsePeftConfig } from './peft.ts'
import { readSafetensors } from './safetensors.ts'
import { validateAdapter } from './validate-model.ts'

function check({ file, base }: CheckTask): AdapterSummary {
  const { header, rank, alpha } = validateAdapter(file, readGgufHeader(base.path), 'whole')
  const provenance = provenanceOf(header)
  const { training } = provenance
  const trainedOn = isPlainObject(training) ? training.base : undefined
  if (typeof trainedOn === 'string' && /^[0-9a-f]{64}$/.test(trainedOn) && trainedOn !== base.sha256)
    throw new BatError('E_ADAPTER_INVALID', {
      file,
      problem: `it was trained on the model ${trainedOn.slice(0, 12)}, and ${base.sha256.slice(0, 12)} is at work`,
    })
  return { rank, alpha, provenance }
}

function provenanceOf(header: GgufHeader): PlainObject {
  const said = (key: string) => textOf(header, key)
  const training = said('batos.training')
  return Object.fromEntries(
    [
      ['name', said('general.name')],
      ['base', said('general.base_model.0.name')],
      ['training', training === undefined ? undefined : jsonIn(training)],
    ].filter(([, value]) => value !== undefined),
  ) as PlainObject
}

function jsonIn(text: string): PlainObject {
  try {
    return JSON.parse(text) as PlainObject
  } catch {
    return { text }
  }
}

function convert({ weights, config, base, out }: ConvertTask): true {
  try {
    const given = config === undefined ? configWithin(weights) : readFileSync(config, 'utf8')
    const { metadata, tensors } = convertPeft(
      weights,
      parsePeftConfig(JSON.parse(given)),
      readGgufHeader(base.path),
    )
    writeGguf(out, metadata, tensors)
    return true
  } catch (cause) {
    if (cause instanceof BatError) throw cause
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new BatError('E_ADAPTER_INVALID', { file: weights, problem }, { cause })
  }
}

function configWithin(weights: string): string {
  const { lora_adapter_metadata: found } = readSafetensors(weights).metadata
  if (found !== undefined) return found
  throw new Error(
    `it does not say its rank and alpha: put it into a folder as adapter_model.safetensors, with its adapter_config.json, ` +
      `instead of ${basename(weights)} alone`,
  )
}

const answer = (): IntakeAnswer => {
  try {
    const task = workerData as CheckTask | ConvertTask
    return { done: task.kind === 'check' ? check(task) : convert(task) }
  } catch (thrown) {
    return { failure: failureOf(thrown) }
  }
}

parentPort?.postMessage(answer())
