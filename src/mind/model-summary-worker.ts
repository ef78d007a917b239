// The thread of model-summary.ts: one path in, one answer out.
import { parentPort, workerData } from 'node:worker_threads'
import { summaryOf } from './model-facts.ts'
import type { SummaryAnswer } from './model-summary.ts'
import { failureOf } from './native-failures.ts'

const answer = (): SummaryAnswer => {
  try {
    return { summary: summaryOf(workerData as string) }
  } catch (thrown) {
    return { failure: failureOf(thrown) }
  }
}

parentPort?.postMessage(answer())
