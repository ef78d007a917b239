// The thread that computes the graphs of one backend with a BLAS (see graph-run.ts): it is told the steps of a graph once,
// then runs them one after another without a word. A hop through the event loop for each of the hundreds of steps would cost
// a third of the time.
import { parentPort, workerData } from 'node:worker_threads'
import { type MatrixProduct, openBlas } from './blas.ts'
import { type Backend, type ComputeGraph, graphComputer } from './ggml.ts'

export type Step = { readonly segment: ComputeGraph } | { readonly product: MatrixProduct }
export type ToThread =
  | { readonly kind: 'learn'; readonly run: number; readonly steps: readonly Step[] }
  | { readonly kind: 'compute'; readonly run: number }
export interface FromThread {
  readonly run: number
  /** What ggml answered where it was no success. */
  readonly failure?: string
}
export interface ThreadData {
  readonly library: string
  readonly backend: Backend
}

const port = parentPort!
const { library, backend } = workerData as ThreadData
const blas = openBlas()!
const compute = graphComputer(library)
const programs = new Map<number, readonly Step[]>()

function computeAll(steps: readonly Step[]): number {
  for (const step of steps) {
    if ('product' in step) blas.multiply(step.product)
    else {
      const status = compute(backend, step.segment)
      if (status !== 0) return status
    }
  }
  return 0
}

port.on('message', (message: ToThread) => {
  if (message.kind === 'learn') {
    programs.set(message.run, message.steps)
    return
  }
  const status = computeAll(programs.get(message.run)!)
  const answer: FromThread = { run: message.run, ...(status !== 0 && { failure: `ggml status ${status}` }) }
  port.postMessage(answer)
})
