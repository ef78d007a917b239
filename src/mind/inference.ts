// What answers requests, whichever way: a model in a process of ours (engine.ts), a server that others run
// (remote-engine.ts), or whichever of them has the seat at the moment (seat.ts).
import type {
  Adapter,
  AdapterTiers,
  GpuState,
  InferRequest,
  InferResult,
  LoadedModel,
  Swap,
} from './engine-messages.ts'

export interface Inference {
  /**
   * Answers a request. Rejects with what is wrong with the request (E_PROMPT_TOO_LONG, E_GRAMMAR, E_INFER_REQUEST), with what
   * may be well the next time (E_ENGINE_LOST, E_ENGINE_FAILED, E_ENGINE_STOPPED), with why nothing can answer (E_NO_MODEL,
   * E_MODEL_INVALID, E_MODEL_QUARANTINED, E_ADAPTER_QUARANTINED,
   * E_ENGINE_UNAVAILABLE, E_ENGINE_REFUSED), or with the reason of the signal.
   */
  infer(request: InferRequest, options?: InferOptions): Promise<InferResult>
  /**
   * Has what a call with this adapter needs made before the call comes, and answers what that took; undefined when nothing was
   * made. Rejects as `infer` does.
   */
  prepare(adapter: Adapter): Promise<Swap | undefined>
  status(): EngineStatus
  /** Resolves when it can answer for the first time, or it is certain that it cannot. */
  ready(): Promise<EngineStatus>
  /** Of an engine whose calls fail while it is down: resolves when it is next found ready. */
  back?(): Promise<void>
  /** Calls without an answer fail with E_ENGINE_STOPPED. */
  stop(): Promise<void>
}

export type EngineState = 'starting' | 'ready' | 'down' | 'absent' | 'quarantined' | 'stopped'

export interface EngineStatus {
  readonly state: EngineState
  readonly model?: LoadedModel
  readonly gpu: GpuState | false
  readonly threads: number
  /** How many times the process was started again. */
  readonly restarts: number
  /** Calls that have no answer yet. */
  readonly calls: number
  /** Why it is not ready. */
  readonly reason?: string
  readonly pid?: number
  /** Where the adapters are that were asked for. */
  readonly adapters?: AdapterTiers
  /** The names that adapters can be asked for by, at a model server; what it had when it was last seen. */
  readonly adapterNames?: readonly string[]
}

export interface InferOptions {
  readonly signal?: AbortSignal
  /** Called with each piece of the text as it is written; the pieces together are the text. */
  readonly onToken?: (text: string) => void
}
