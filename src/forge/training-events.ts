// What a training process and its parent say to each other over the IPC channel. The parent sends one `start`, and
// `cancel` to stop between two steps; the process answers with events, the last of which is `done`, `cancelled` or
// `failed`.
import type { LoraRequest } from './lora-settings.ts'
import type { TrainingRequest } from './training-settings.ts'

export type StartCommand = { readonly kind: 'start' } & (
  | { readonly what: 'full'; readonly request: TrainingRequest }
  | { readonly what: 'adapter'; readonly request: LoraRequest }
)

export type TrainerCommand = StartCommand | { readonly kind: 'cancel' }

export type TrainingEvent =
  | {
      readonly kind: 'started'
      readonly device: string
      /** Numbers that training changes. */
      readonly parameters: number
      readonly documents: number
      readonly tooLong: number
      /** Tokens of the corpus. */
      readonly tokens: number
      readonly memoryMb: number
      /** How far the gradients are from the library's own on a toy model. */
      readonly gradientDifference: number
      /** Steps that were done before, by an earlier run. */
      readonly step: number
    }
  | {
      readonly kind: 'progress'
      readonly step: number
      /** Of so many, where the run is limited by steps. */
      readonly steps?: number
      /** Worth a line of the log: the others come in between, for whoever watches. */
      readonly logged?: boolean
      /** Mean since the last report, in nats, prompt tokens with their weight. */
      readonly loss: number
      readonly rate: number
      /** 0 … 1 */
      readonly progress: number
      readonly tokens: number
      readonly documents: number
      readonly epoch: number
      readonly tokensPerSecond: number
      readonly secondsLeft: number
      /** Milliseconds of a step: waiting for data, gradients, optimizer. */
      readonly stepMs: readonly [number, number, number]
    }
  /** Something that whoever started the training should know. */
  | { readonly kind: 'notice'; readonly text: string }
  /** Mean cross entropy of the answers of each validation set, in nats a token. */
  | { readonly kind: 'validated'; readonly step: number; readonly losses: Readonly<Record<string, number>> }
  | { readonly kind: 'saved'; readonly step: number; readonly output: string }
  | ({ readonly kind: 'done' } & TrainingOutcome)
  | { readonly kind: 'cancelled'; readonly step: number }
  | { readonly kind: 'failed'; readonly code: string; readonly details: Readonly<Record<string, unknown>> }

export interface TrainingOutcome {
  readonly step: number
  readonly seconds: number
  readonly tokens: number
  readonly documents: number
  readonly losses: Readonly<Record<string, number>>
  readonly output: string
}
