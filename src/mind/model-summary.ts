// A model file looked at in a thread of its own: the header of a large vocabulary takes longer to read than an event loop may
// be held.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { BatError } from '../base/errors.ts'
import { siblingModule } from '../base/sibling-module.ts'
import type { Failure } from './engine-messages.ts'
import type { ModelSummary } from './model-facts.ts'

export type SummaryAnswer = { readonly summary: ModelSummary } | { readonly failure: Failure }

/** Like `summaryOf`. Throws E_MODEL_INVALID. */
export async function readSummary(path: string): Promise<ModelSummary> {
  const worker = new Worker(siblingModule(import.meta.url, 'model-summary-worker'), {
    workerData: path,
    execArgv: [],
  })
  try {
    const [answer] = (await once(worker, 'message')) as [SummaryAnswer]
    if ('summary' in answer) return answer.summary
    throw new BatError(answer.failure.code, answer.failure.details)
  } finally {
    await worker.terminate()
  }
}
