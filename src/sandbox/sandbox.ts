// Runs methods that were written at run time, without letting them do anything but compute: no files, no network, no
// clock, no memory or time beyond what they are given. What they ask to change comes back as whole new object states;
// only the caller commits.
//
// A small pool of threads (worker.ts) takes the calls in order, one call a thread at a time, so a call that must be ended
// takes nobody with it. One thread more than needed is kept warm: when a thread is ended, the next call does not wait
// for a new one.
import { BatError } from '../base/errors.ts'
import type { Oid, Tid } from '../base/ids.ts'
import { numberOf, oidOf } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import type { ObjectState } from '../image/object-state.ts'
import { GuardedWorker } from './guarded-worker.ts'
import { loadEngine } from './isolate.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { decode, encode, packSlots, unpackSlots } from './marshal.ts'
import type { WorkerAnswer, WorkerCall, WorkerRequest } from './worker.ts'

export type { Limits } from './limits.ts'

export interface Call {
  /** The transaction whose snapshot is read, and what has changed since in this one. */
  readonly snapshot: Tid
  readonly overlay: readonly ObjectState[]
  readonly receiver: Oid
  readonly selector: string
  readonly args: readonly Value[]
  /** Oids for the objects that the method may make. */
  readonly newOids: readonly Oid[]
  /** What the method takes for the time (milliseconds since 1970) and the source of chance. */
  readonly now: number
  readonly randomSeed: number
  readonly limits?: Partial<Limits>
  /** Objects that generated code must not change. */
  readonly frozen: readonly Oid[]
}

export type FailureCode = 'threw' | 'limits' | 'amnesia' | 'reach' | 'storage' | 'depth' | 'value'

export type Invocation =
  | {
      readonly kind: 'answer'
      readonly value: Value
      readonly changed: readonly ObjectState[]
      readonly sends: number
      readonly cpuMs: number
    }
  | {
      readonly kind: 'unhandled'
      readonly receiver: Oid
      readonly selector: string
      readonly args: readonly Value[]
      readonly sender: Oid
    }
  | {
      readonly kind: 'failed'
      readonly code: FailureCode
      readonly message: string
      /** Place in the method's source, from 1. */
      readonly line?: number
      readonly column?: number
      readonly object?: Oid
    }
  | { readonly kind: 'lost'; readonly message: string }

export interface SandboxOptions {
  /** Folder of the image; without it only the objects of a call's overlay exist. */
  readonly imageDir?: string
  readonly limits?: Partial<Limits>
  /** Calls that can run at the same time, 1 when absent. */
  readonly workers?: number
}

/** Starts the threads; resolves when the first of them can take calls. Throws E_SANDBOX. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = new Sandbox(options, await loadEngine())
  await sandbox.start()
  return sandbox
}

interface Waiting {
  readonly request: WorkerRequest
  readonly done: (answer: WorkerAnswer) => void
}

export class Sandbox {
  readonly #limits: Limits
  readonly #workers: number
  readonly #makeWorker: () => GuardedWorker
  readonly #all = new Set<GuardedWorker>()
  readonly #idle: GuardedWorker[] = []
  readonly #waiting: Waiting[] = []
  #running = 0
  #stopped = false
  /** Threads that died one after the other before they were ready. */
  #stillborn = 0

  constructor(options: SandboxOptions, engine: WebAssembly.Module) {
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#workers = options.workers ?? 1
    const setup = { imageDir: options.imageDir, engine, memoryMb: this.#limits.memoryMb }
    this.#makeWorker = () => new GuardedWorker(setup, (worker) => this.#replace(worker))
  }

  async start(): Promise<void> {
    try {
      await this.#add()
    } catch (cause) {
      await this.stop()
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new BatError('E_SANDBOX', { reason }, { cause })
    }
    for (let i = 0; i < this.#workers; i++) this.#add().catch(() => {})
  }

  /** Sends one message and runs all that follows from it, up to its answer. Never rejects. */
  async invoke(call: Call): Promise<Invocation> {
    const request: WorkerCall = {
      kind: 'call',
      snapshot: call.snapshot,
      overlay: call.overlay.map(({ oid, slots }) => [numberOf(oid), packSlots(slots)] as const),
      frozen: call.frozen.map(numberOf),
      receiver: numberOf(call.receiver),
      selector: call.selector,
      args: call.args.map((arg) => encode(arg)),
      newOids: call.newOids.map(numberOf),
      now: call.now,
      seed: call.randomSeed,
      limits: { ...this.#limits, ...call.limits },
    }
    return invocationOf(await this.#ask(request))
  }

  /** The engine's judgement of a method's text: undefined, or the first fault and its line. */
  async compileCheck(
    source: string,
  ): Promise<{ readonly line: number; readonly message: string } | undefined> {
    const answer = await this.#ask({ kind: 'check', source })
    if (answer.kind === 'checked') return answer.fault
    const message = 'message' in answer ? answer.message : answer.kind
    return { line: 1, message: `the source cannot be compiled: ${message}` }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const { done } of this.#waiting.splice(0)) done({ kind: 'lost', message: 'the sandbox was stopped' })
    await Promise.all([...this.#all].map((worker) => worker.stop()))
  }

  #ask(request: WorkerRequest): Promise<WorkerAnswer> {
    return new Promise((done) => {
      if (this.#stopped) return done({ kind: 'lost', message: 'the sandbox was stopped' })
      this.#waiting.push({ request, done })
      this.#next()
    })
  }

  #next(): void {
    while (this.#running < this.#workers && this.#waiting.length > 0 && this.#idle.length > 0) {
      void this.#run(this.#idle.pop()!, this.#waiting.shift()!)
    }
  }

  async #run(worker: GuardedWorker, { request, done }: Waiting): Promise<void> {
    this.#running++
    const answer = await worker.ask(request)
    this.#running--
    if (this.#all.has(worker)) this.#idle.push(worker)
    done(answer)
    this.#next()
  }

  async #add(): Promise<void> {
    const worker = this.#makeWorker()
    this.#all.add(worker)
    await worker.ready
    this.#stillborn = 0
    if (!this.#all.has(worker)) return
    this.#idle.unshift(worker)
    this.#next()
  }

  #replace(worker: GuardedWorker): void {
    this.#all.delete(worker)
    const at = this.#idle.indexOf(worker)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#stopped) return
    this.#stillborn++
    if (this.#stillborn <= 5) this.#add().catch(() => {})
    else if (this.#all.size === 0) void this.stop()
  }
}

function invocationOf(answer: WorkerAnswer): Invocation {
  switch (answer.kind) {
    case 'answer': {
      const { sends, cpuMs } = answer
      const changed = answer.changed.map(([oid, slots]) => ({ oid: oidOf(oid), slots: unpackSlots(slots) }))
      return { kind: 'answer', value: decode(answer.value), changed, sends, cpuMs }
    }
    case 'unhandled': {
      const { receiver, selector, args, sender } = answer
      const values = args.map((arg) => decode(arg))
      return { kind: 'unhandled', receiver: oidOf(receiver), selector, args: values, sender: oidOf(sender) }
    }
    case 'failed': {
      const { object, line, column } = answer
      return {
        kind: 'failed',
        code: answer.code as FailureCode,
        message: answer.message,
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
        ...(object === undefined ? {} : { object: oidOf(object) }),
      }
    }
    case 'lost':
      return answer
    default:
      return { kind: 'lost', message: `unexpected answer ${answer.kind}` }
  }
}
