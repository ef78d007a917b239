// One worker thread and the watch over it. The realm ends what runs too long by itself; some of its built-in functions
// never look at the clock, so this side watches the beat that the thread leaves in shared memory, and when that stands
// still for longer than a turn may take, ends the thread.
//
// States: starting → idle ⇄ busy; any → gone (ended by the watch, died, or stopped). One request at a time.
import { Worker } from 'node:worker_threads'
import { siblingModule } from '../base/sibling-module.ts'
import { graceMs, nativeStackMb } from './limits.ts'
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from './worker.ts'

interface Job {
  readonly request: WorkerRequest
  readonly turnMs: number
  readonly done: (answer: WorkerAnswer) => void
  beat: number
  since: number
}

const checkMs = 1000

export class GuardedWorker {
  readonly #worker: Worker
  readonly #beat: Int32Array
  readonly #onGone: (worker: GuardedWorker) => void
  #job: Job | undefined
  #watch: NodeJS.Timeout | undefined
  #gone = false
  /** Resolves when the thread can take requests; rejects when it died before that. */
  readonly ready: Promise<void>

  constructor(setup: Omit<WorkerSetup, 'beat'>, onGone: (worker: GuardedWorker) => void) {
    const beat = new SharedArrayBuffer(4)
    this.#beat = new Int32Array(beat)
    this.#onGone = onGone
    this.#worker = new Worker(siblingModule(import.meta.url, './worker'), {
      workerData: { ...setup, beat } satisfies WorkerSetup,
      resourceLimits: { stackSizeMb: nativeStackMb },
    })
    this.ready = new Promise((resolve, reject) => {
      this.#worker.once('message', () => resolve())
      this.#worker.once('error', reject)
      this.#worker.once('exit', () => reject(new Error('the worker ended before it was ready')))
    })
    this.ready.catch(() => {})
    this.#worker.on('message', (answer: WorkerAnswer) => {
      if (answer.kind !== 'ready') this.#settle(answer)
    })
    this.#worker.on('error', (failure) => this.#leave(`the worker died: ${failure.message}`))
    this.#worker.on('exit', () => this.#leave('the worker ended'))
  }

  /** The answer to `request`. Never rejects: a thread that dies gives `lost`, one that is ended for its time `failed`. */
  ask(request: WorkerRequest): Promise<WorkerAnswer> {
    return new Promise((resolve) => {
      if (this.#gone) return resolve({ kind: 'lost', message: 'the worker has ended' })
      const turnMs = request.kind === 'call' ? request.limits.cpuMs : checkMs
      this.#job = {
        request,
        turnMs,
        done: resolve,
        beat: Atomics.load(this.#beat, 0),
        since: performance.now(),
      }
      this.#worker.postMessage(request)
      this.#watchOver(turnMs + graceMs)
    })
  }

  #watchOver(ms: number): void {
    this.#watch = setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    const job = this.#job
    if (job === undefined) return
    const beat = Atomics.load(this.#beat, 0)
    const now = performance.now()
    if (beat !== job.beat) {
      job.beat = beat
      job.since = now
    }
    const left = job.since + job.turnMs + graceMs - now
    if (left > 0) {
      this.#watchOver(left)
      return
    }
    const message = `ran for more than ${job.turnMs} ms without awaiting; its worker was ended`
    this.#settle({ kind: 'failed', code: 'limits', message })
    void this.stop()
  }

  #settle(answer: WorkerAnswer): void {
    clearTimeout(this.#watch)
    const job = this.#job
    this.#job = undefined
    job?.done(answer)
  }

  #leave(message: string): void {
    if (!this.#gone) {
      this.#gone = true
      this.#onGone(this)
    }
    this.#settle({ kind: 'lost', message })
  }

  /** Ends the thread, once it is ready: one that is ended while it loads native code takes the process with it. */
  async stop(): Promise<void> {
    this.#leave('the sandbox was stopped')
    await this.ready.catch(() => {})
    await this.#worker.terminate()
  }
}
