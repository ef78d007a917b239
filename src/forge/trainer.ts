// The parent's side of a training: starts the process, hands on what it reports, ends it when asked. However the
// process ends, the caller gets an outcome or a coded error; an abort inside the tensor library is E_TRAINER_DIED.
import { fork } from 'node:child_process'
import { BatError, isErrorCode } from '../base/errors.ts'
import { lowerPriority } from '../base/priority.ts'
import { siblingModule } from '../base/sibling-module.ts'
import type { LoraRequest } from './lora-settings.ts'
import type { StartCommand, TrainerCommand, TrainingEvent, TrainingOutcome } from './training-events.ts'
import type { TrainingRequest } from './training-settings.ts'

export interface TrainOptions {
  readonly onEvent?: (event: TrainingEvent) => void
  /** Stops the training between two steps, with a checkpoint. */
  readonly signal?: AbortSignal
  /** Nice value of the process, 0 … 19; 10 leaves the processor to whoever serves a person. */
  readonly niceness?: number
  /** Told the id of the process. */
  readonly onProcess?: (pid: number) => void
}

/**
 * Trains a whole model as told, in a process of its own, and resolves with what came out. Rejects with E_TRAINER_CANCELLED
 * after `signal`, with the refusal of the process (settings, data, memory, library), or with E_TRAINER_DIED.
 */
export const train = (request: TrainingRequest, options: TrainOptions = {}): Promise<TrainingOutcome> =>
  supervise({ kind: 'start', what: 'full', request }, options)

/** The same for an adapter. */
export const trainAdapter = (request: LoraRequest, options: TrainOptions = {}): Promise<TrainingOutcome> =>
  supervise({ kind: 'start', what: 'adapter', request }, options)

function supervise(start: StartCommand, options: TrainOptions): Promise<TrainingOutcome> {
  const { onEvent, signal, niceness = 10, onProcess } = options
  // Each replica computes on a thread of this pool.
  const threads = 4 + (start.request.replicas ?? 4)
  const child = fork(siblingModule(import.meta.url, './trainer-process'), [], {
    execArgv: ['--enable-source-maps'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) },
    // What the native library says is kept for the case that it ends the process.
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let lastWords = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-lastWordsAtMost)
  })
  return new Promise((resolve, reject) => {
    let end: (() => void) | undefined
    const tell = (command: TrainerCommand) => {
      if (child.connected) child.send(command, () => {})
    }
    const cancel = () => tell({ kind: 'cancel' })
    child.on('spawn', () => {
      if (child.pid === undefined) return
      lowerPriority(child.pid, niceness)
      onProcess?.(child.pid)
      tell(start)
      if (signal?.aborted) cancel()
      else signal?.addEventListener('abort', cancel, { once: true })
    })
    child.on('message', (event: TrainingEvent) => {
      if (event.kind === 'done') end = () => resolve(event)
      else if (event.kind === 'cancelled')
        end = () => reject(new BatError('E_TRAINER_CANCELLED', { step: event.step }))
      else if (event.kind === 'failed') end = () => reject(refusal(event.code, event.details, lastWords))
      onEvent?.(event)
    })
    child.on('error', (cause) => reject(new BatError('E_TRAINER_DIED', { how: cause.message }, { cause })))
    child.on('close', (code, signalName) => {
      signal?.removeEventListener('abort', cancel)
      if (end) end()
      else reject(new BatError('E_TRAINER_DIED', { how: signalName ?? `exit status ${code}`, lastWords }))
    })
  })
}

const lastWordsAtMost = 4000

const refusal = (code: string, details: Readonly<Record<string, unknown>>, lastWords: string): BatError =>
  isErrorCode(code) && code !== 'E_INTERNAL'
    ? new BatError(code, details)
    : new BatError('E_INTERNAL', { reason: code, ...details, lastWords })
