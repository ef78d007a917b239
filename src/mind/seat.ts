// The place of the engine at work, so that another can take it while everything goes on. A change waits for the answers
// under way, ends the old engine (two large models may not fit into memory together), starts the new one, and when that
// does not come up starts the old one again. Calls made meanwhile wait for whichever is there at the end.
import { BatError } from '../base/errors.ts'
import { resolvable } from '../base/resolvable.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import type { Adapter, InferRequest, InferResult, Swap } from './engine-messages.ts'
import type { EngineStatus, Inference, InferOptions } from './inference.ts'
import type { Profile } from './prompts.ts'

/** An engine that can be started, any number of times. */
export interface Candidate {
  /** For people. */
  readonly name: string
  /** Which form of the prompts it is asked in. */
  readonly profile: Profile
  readonly start: () => Inference
}

export class Seat implements Inference {
  #candidate: Candidate
  #engine: Inference
  #calls = new Set<Promise<unknown>>()
  /** Resolves when the change under way has ended. */
  #changing: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  #taken = resolvable()
  readonly #ending = new AbortController()

  constructor(first: Candidate) {
    this.#candidate = first
    this.#engine = first.start()
  }

  /** What has the seat, or had it before a change that has not ended. */
  get candidate(): Candidate {
    return this.#candidate
  }

  async infer(request: InferRequest, options: InferOptions = {}): Promise<InferResult> {
    while (this.#changing) await unlessAborted(this.#changing, options.signal)
    const answer = this.#engine.infer(request, options)
    this.#calls.add(answer)
    return answer.finally(() => this.#calls.delete(answer))
  }

  async prepare(adapter: Adapter): Promise<Swap | undefined> {
    await this.#changing
    return this.#engine.prepare(adapter)
  }

  /**
   * Why nothing can answer until another model takes the seat, or a server that is down comes back; undefined while something
   * can, or calls wait for it by themselves.
   */
  get vacancy(): string | undefined {
    const { state, reason = state } = this.status()
    const isDown = state === 'down' && this.#engine.back !== undefined
    return state === 'absent' || state === 'quarantined' || isDown ? reason : undefined
  }

  /** Resolves when another engine has taken the seat, or the one that has it has come back. */
  taken(): Promise<void> {
    const back = this.#engine.back?.()
    return back ? Promise.race([this.#taken.promise, back]) : this.#taken.promise
  }

  status(): EngineStatus {
    const status = this.#engine.status()
    return this.#changing ? { ...status, state: 'starting', reason: 'another model is taking over' } : status
  }

  async ready(): Promise<EngineStatus> {
    await this.#changing
    return this.#engine.ready()
  }

  /**
   * Gives the seat to `next`. Throws E_MODEL_NOT_TAKEN when it does not come up, or the reason of the signal: then the
   * engine is the same as before.
   */
  async change(next: Candidate, signal?: AbortSignal): Promise<EngineStatus> {
    while (this.#changing) await unlessAborted(this.#changing, signal)
    this.#ending.signal.throwIfAborted()
    const change = this.#change(next, AbortSignal.any([this.#ending.signal, ...(signal ? [signal] : [])]))
    this.#changing = change.then(
      () => {},
      () => {},
    )
    try {
      const status = await change
      this.#taken.resolve()
      this.#taken = resolvable()
      return status
    } finally {
      this.#changing = undefined
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#ending.abort(new BatError('E_ENGINE_STOPPED'))
    await Promise.all([this.#engine.stop(), this.#changing])
    await this.#engine.stop()
  }

  async #change(next: Candidate, signal: AbortSignal): Promise<EngineStatus> {
    await unlessAborted(Promise.allSettled(this.#calls), signal)
    await this.#engine.stop()
    try {
      this.#engine = next.start()
      const status = await unlessAborted(this.#engine.ready(), signal)
      if (status.state !== 'ready')
        throw new BatError('E_MODEL_NOT_TAKEN', {
          model: next.name,
          reason: status.reason ?? status.state,
          kept: this.#candidate.name,
        })
      this.#candidate = next
      return status
    } catch (thrown) {
      await this.#engine.stop()
      if (!this.#ending.signal.aborted) {
        this.#engine = this.#candidate.start()
        await unlessAborted(this.#engine.ready(), this.#ending.signal).catch(() => {})
      }
      throw thrown
    }
  }
}
