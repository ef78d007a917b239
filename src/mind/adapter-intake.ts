// Looking at adapters that somebody brings, in a thread of its own: reading whole files and the header of a large vocabulary
// takes longer than an event loop may be held.
//
//   checkAdapter    is this file an adapter for that model, all its numbers finite?
//   convertAdapter  a PEFT adapter written as a GGUF file
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { BatError } from '../base/errors.ts'
import { siblingModule } from '../base/sibling-module.ts'
import type { PlainObject } from '../base/value.ts'
import type { Failure } from './engine-messages.ts'

export interface AdapterSummary {
  readonly rank: number
  readonly alpha: number
  /** What its file says of how it was made. */
  readonly provenance: PlainObject
}

export interface CheckTask {
  readonly kind: 'check'
  readonly file: string
  readonly base: { readonly path: string; readonly sha256: string }
}

export interface ConvertTask {
  readonly kind: 'convert'
  /** The safetensors file; without a configuration the file itself must hold it (`lora_adapter_metadata`). */
  readonly weights: string
  readonly config?: string
  readonly base: { readonly path: string }
  /** Where the GGUF file is written. */
  readonly out: string
}

export type IntakeAnswer = { readonly done: AdapterSummary | true } | { readonly failure: Failure }

/** What an adapter file is. Throws E_ADAPTER_INVALID naming the first thing that is wrong. */
export const checkAdapter = async (task: Omit<CheckTask, 'kind'>): Promise<AdapterSummary> =>
  (await inThread({ kind: 'check', ...task })) as AdapterSummary

/** Throws E_ADAPTER_INVALID, with the reason, for what cannot be converted. */
export const convertAdapter = async (task: Omit<ConvertTask, 'kind'>): Promise<void> =>
  void (await inThread({ kind: 'convert', ...task }))

async function inThread(task: CheckTask | ConvertTask): Promise<AdapterSummary | true> {
  const worker = new Worker(siblingModule(import.meta.url, 'adapter-intake-worker'), {
    workerData: task,
    execArgv: [],
  })
  try {
    const [answer] = (await once(worker, 'message')) as [IntakeAnswer]
    if ('done' in answer) return answer.done
    throw new BatError(answer.failure.code, answer.failure.details)
  } finally {
    await worker.terminate()
  }
}
