// The engine answers requests with a model that runs in a child process, because native code may end its process and
// the image must not notice. It never blocks the event loop: reading, checking and hashing the model happen in the
// child too.
//
//   starting      a process loads the model; calls wait            → ready, absent, down, quarantined
//   ready         calls are sent as they come                      → down, quarantined
//   down          the process ended unasked; the calls it had fail with E_ENGINE_LOST, later ones wait → starting
//   absent        no model, or it was refused, or nothing can run here: calls are refused with the cause
//   quarantined   the process ended too often while it loaded or answered, with no answer between; calls are refused.
//                 An adapter alone to blame (deaths.ts) is refused alone, and the rest goes on.
//   stopped       by stop(); calls fail with E_ENGINE_STOPPED
//
// absent, quarantined and stopped are final: a new engine is started for another model.
import { availableParallelism } from 'node:os'
import { BatError } from '../base/errors.ts'
import { Deaths, type Quarantine } from './deaths.ts'
import { type EngineChild, forkProcess } from './engine-child.ts'
import type {
  Adapter,
  AdapterTiers,
  FromProcess,
  GpuChoice,
  GpuState,
  InferRequest,
  InferResult,
  LoadedModel,
  Swap,
  ToProcess,
} from './engine-messages.ts'
import type { FileDigest } from './file-digest.ts'
import { requestProblem } from './infer-request.ts'
import type { EngineState, EngineStatus, Inference, InferOptions } from './inference.ts'

export type { Adapter, GpuChoice, InferRequest, InferResult, LoadedModel } from './engine-messages.ts'
export type { EngineStatus } from './inference.ts'

export type EngineEvent =
  | { readonly kind: 'up'; readonly model: LoadedModel; readonly pid: number }
  | { readonly kind: 'down'; readonly how: string; readonly lost: number; readonly againInMs: number }
  | { readonly kind: 'absent'; readonly reason: BatError }
  | { readonly kind: 'quarantined'; readonly reason: BatError }
  /** An adapter is quarantined; the model goes on without it. */
  | { readonly kind: 'shunned'; readonly adapter: string; readonly reason: BatError }

export interface EngineOptions {
  /** No path: the engine is absent from the beginning. */
  readonly modelPath: string | undefined
  /** Why there is no path. */
  readonly whyNone?: string
  /** Tokens of prompt and answer together; default 1024, never more than the model was made for. */
  readonly contextSize?: number
  /** Default: all cores but one. */
  readonly threads?: number
  /** Tokens evaluated at a time, and so how soon an abort is heeded; default 64. */
  readonly batchSize?: number
  /** Requests answered at a time; default 4. */
  readonly parallel?: number
  /** Memory for contexts, and for adapters; default 2 GiB and 512 MiB. */
  readonly contextBytes?: number
  readonly adapterBytes?: number
  /** Default `auto`; a GPU asked for by name that is not there, or has no room, is an error. */
  readonly gpu?: GpuChoice
  /** Default: 3 ends of the process while it loaded or answered, with no answer between. */
  readonly quarantine?: Quarantine
  readonly onEvent?: (event: EngineEvent) => void
  readonly log?: (line: string) => void
}

interface Call {
  /** What the process is told. */
  readonly ask: (id: number) => ToProcess
  readonly adapter: string | undefined
  readonly onToken: ((text: string) => void) | undefined
  readonly resolve: (result: never) => void
  readonly reject: (reason: unknown) => void
  /** Stops listening to the caller's signal. */
  readonly forget: () => void
  sent: boolean
}

const backOff = { firstMs: 100, mostMs: 10_000 }
const stopGraceMs = 3_000

/** Starts an engine; it loads its model in the background. */
export const startEngine = (options: EngineOptions): Engine => new Engine(options)

export class Engine implements Inference {
  readonly #options: EngineOptions
  readonly #threads: number
  readonly #calls = new Map<number, Call>()
  readonly #settled: Promise<void>
  #settle: () => void = () => {}
  #state: EngineState = 'starting'
  #child: EngineChild | undefined
  #model: LoadedModel | undefined
  #digest: FileDigest | undefined
  #gpu: GpuState | false = false
  #tiers: AdapterTiers | undefined
  #refusal: BatError | undefined
  #reason: string | undefined
  readonly #deaths: Deaths
  /** Adapters that ended the process too often: no call with one of them is taken. */
  readonly #quarantined = new Map<string, BatError>()
  #timer: NodeJS.Timeout | undefined
  #stopping: Promise<void> | undefined
  #ids = 0
  #starts = 0

  constructor(options: EngineOptions) {
    this.#options = options
    this.#deaths = new Deaths(options.quarantine ?? { deaths: 3 })
    this.#threads = options.threads ?? Math.max(1, availableParallelism() - 1)
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    if (options.modelPath === undefined)
      this.#refuse('absent', new BatError('E_NO_MODEL', { reason: options.whyNone ?? 'none is configured' }))
    else this.#start(options.modelPath)
  }

  infer(request: InferRequest, { signal, onToken }: InferOptions = {}): Promise<InferResult> {
    const stream = onToken !== undefined
    return this.#call<InferResult>({
      ask: (id) => ({ kind: 'infer', id, request, stream }),
      adapter: request.adapter?.sha256,
      refusal: requestProblem(request),
      onToken,
      signal,
    })
  }

  prepare(adapter: Adapter): Promise<Swap | undefined> {
    return this.#call<Swap | undefined>({
      ask: (id) => ({ kind: 'prepare', id, adapter }),
      adapter: adapter.sha256,
    })
  }

  #call<Result>(asked: {
    readonly ask: Call['ask']
    readonly adapter: string | undefined
    readonly refusal?: BatError | undefined
    readonly onToken?: Call['onToken']
    readonly signal?: AbortSignal | undefined
  }): Promise<Result> {
    const { ask, adapter, onToken, signal } = asked
    if (signal?.aborted) return Promise.reject(signal.reason)
    const refusal = this.#refusal ?? this.#quarantined.get(adapter ?? '') ?? asked.refusal
    if (refusal) return Promise.reject(refusal)
    const id = ++this.#ids
    return new Promise<Result>((resolve, reject) => {
      const abort = () => this.#abort(id, signal?.reason)
      const forget = () => signal?.removeEventListener('abort', abort)
      const call: Call = { ask, adapter, onToken, resolve, reject, forget, sent: false }
      this.#calls.set(id, call)
      signal?.addEventListener('abort', abort, { once: true })
      this.#sendWaiting()
    })
  }

  status(): EngineStatus {
    return {
      state: this.#state,
      ...(this.#model && { model: this.#model }),
      gpu: this.#gpu,
      threads: this.#threads,
      restarts: Math.max(0, this.#starts - 1),
      calls: this.#calls.size,
      ...(this.#reason !== undefined && { reason: this.#reason }),
      ...(this.#child?.pid !== undefined && { pid: this.#child.pid }),
      ...(this.#tiers && { adapters: this.#tiers }),
    }
  }

  /** Resolves when the model has been loaded for the first time, or it is certain that it will not be. */
  async ready(): Promise<EngineStatus> {
    await this.#settled
    return this.status()
  }

  /** Ends the process: asked first, killed after a grace. Calls without an answer fail with E_ENGINE_STOPPED. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const child = this.#child
    this.#refuse('stopped', new BatError('E_ENGINE_STOPPED'))
    await child?.stop(stopGraceMs)
  }

  #start(modelPath: string): void {
    const { contextSize = 1024, batchSize = 64, parallel = 4, gpu = 'auto' } = this.#options
    const { contextBytes = 2 ** 31, adapterBytes = 2 ** 29 } = this.#options
    this.#state = 'starting'
    this.#starts++
    const child = forkProcess({
      onMessage: (message) => this.#child === child && this.#hear(message),
      onEnd: (how, lastWords) => this.#child === child && this.#lost(modelPath, how, lastWords),
    })
    this.#child = child
    const threads = this.#threads
    const known = this.#digest && { known: this.#digest }
    this.#tell({
      kind: 'load',
      options: {
        modelPath,
        contextSize,
        batchSize,
        threads,
        gpu,
        parallel,
        contextBytes,
        adapterBytes,
        ...known,
      },
    })
  }

  #hear(message: FromProcess): void {
    switch (message.kind) {
      case 'ready':
        this.#state = 'ready'
        this.#reason = undefined
        this.#model = message.model
        this.#digest = message.digest
        this.#gpu = message.gpu
        this.#settle()
        this.#emit({ kind: 'up', model: message.model, pid: this.#child?.pid ?? 0 })
        break
      case 'refused': {
        const child = this.#child
        this.#refuse('absent', new BatError(message.failure.code, message.failure.details))
        child?.kill()
        break
      }
      case 'token':
        this.#deliver(message.id, message.text)
        return
      case 'done':
        this.#deaths.answered(message.result.adapter)
        this.#take(message.id)?.resolve(message.result as never)
        break
      case 'prepared':
        this.#take(message.id)?.resolve(message.swap as never)
        break
      case 'tiers':
        this.#tiers = message.tiers
        break
      case 'failed':
        this.#take(message.id)?.reject(new BatError(message.failure.code, message.failure.details))
        break
    }
    this.#sendWaiting()
  }

  #deliver(id: number, text: string): void {
    try {
      this.#calls.get(id)?.onToken?.(text)
    } catch (thrown) {
      this.#abort(id, thrown)
    }
  }

  /** The process ended unasked. */
  #lost(modelPath: string, how: string, lastWords: string): void {
    const lost = [...this.#calls].filter(([, call]) => call.sent)
    const idle = this.#state === 'ready' && lost.length === 0
    const adapters = lost.map(([, { adapter }]) => adapter)
    const { charged, count, quarantined } = this.#deaths.note({ idle, adapters })
    this.#child = undefined
    this.#tiers = undefined
    for (const [id] of lost) this.#take(id)?.reject(new BatError('E_ENGINE_LOST', { how, lastWords }))
    this.#options.log?.(`the inference process ended with ${how}${lastWords && `: ${lastWords.trim()}`}`)
    if (quarantined && charged === 'model') {
      const details = { model: modelPath, deaths: count, how, lastWords }
      this.#refuse('quarantined', new BatError('E_MODEL_QUARANTINED', details))
      return
    }
    if (quarantined) this.#shun(charged, { adapter: charged, deaths: count, how, lastWords })
    this.#state = 'down'
    this.#reason = `the inference process ended with ${how}`
    const againInMs = Math.min(backOff.mostMs, backOff.firstMs * 2 ** (this.#deaths.recent - 1))
    this.#timer = setTimeout(() => this.#start(modelPath), againInMs)
    this.#emit({ kind: 'down', how, lost: lost.length, againInMs })
  }

  /** No call with this adapter is taken any more; the model goes on without it. */
  #shun(adapter: string, details: Readonly<Record<string, unknown>>): void {
    const refusal = new BatError('E_ADAPTER_QUARANTINED', details)
    this.#deaths.forget(adapter)
    this.#quarantined.set(adapter, refusal)
    for (const [id, call] of this.#calls) if (call.adapter === adapter) this.#take(id)?.reject(refusal)
    this.#emit({ kind: 'shunned', adapter, reason: refusal })
  }

  /** Enters a final state: every call, now and later, is refused with `refusal`. */
  #refuse(state: 'absent' | 'quarantined' | 'stopped', refusal: BatError): void {
    clearTimeout(this.#timer)
    this.#state = state
    this.#refusal = refusal
    this.#reason = refusal.message
    this.#child = undefined
    for (const id of this.#calls.keys()) this.#take(id)?.reject(refusal)
    this.#settle()
    if (state !== 'stopped') this.#emit({ kind: state, reason: refusal })
  }

  /** Sends what waits, in turn, as far as it may run beside what was sent already. */
  #sendWaiting(): void {
    if (this.#state !== 'ready') return
    const running = [...this.#calls.values()].filter(({ sent }) => sent).map(({ adapter }) => adapter)
    for (const [id, call] of this.#calls) {
      if (call.sent) continue
      if (!this.#deaths.mayRun(call.adapter, running)) return
      call.sent = true
      running.push(call.adapter)
      this.#tell(call.ask(id))
    }
  }

  #abort(id: number, reason: unknown): void {
    const call = this.#take(id)
    if (!call) return
    if (call.sent) this.#tell({ kind: 'abort', id })
    call.reject(reason)
    this.#sendWaiting()
  }

  /** Events come after the change that they tell of is complete. */
  #emit(event: EngineEvent): void {
    queueMicrotask(() => this.#options.onEvent?.(event))
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    call?.forget()
    return call
  }

  #tell(message: ToProcess): void {
    this.#child?.tell(message)
  }
}
