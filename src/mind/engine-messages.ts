// What the engine and its process say to each other, over the channel that Node gives a forked child (structured
// clones, so texts, numbers and plain objects only).
//
//   load → ready | refused      once, first; a refused process waits to be ended
//   infer → token* → done | failed      any number at a time, told apart by id
//   prepare → prepared | failed      the same, for a context that will be asked for
//   tiers      whenever contexts of adapters came or went
//   abort      nothing is answered; a call that was aborted may still say something, which the engine drops
//   stop → the process ends
import type { ErrorCode } from '../base/errors.ts'
import type { FileDigest } from './file-digest.ts'
import type { ChatMessage } from './llama-chat.ts'

/** A LoRA adapter by file; the path must be one that only ever holds these bytes (name it by its digest). */
export interface Adapter {
  readonly path: string
  readonly sha256: string
  readonly scale: number
  /** What people call it; a model server may have it under that name. */
  readonly name?: string
  /** Digest of the only model that it is for, where that is known. */
  readonly base?: string
}

/**
 * What having an adapter at work took: `hot`, a context with it was there; `warm`, it was in memory and the context was made;
 * `cold`, it was read, checked and loaded too.
 */
export interface Swap {
  readonly tier: 'hot' | 'warm' | 'cold'
  readonly ms: number
}

/** Digests of the adapters that have contexts, and of those in memory. */
export interface AdapterTiers {
  readonly hot: readonly string[]
  readonly loaded: readonly string[]
}

/** A JSON Schema in which every object lists all its properties as required, and allows no others. */
export interface JsonSchema {
  readonly name: string
  readonly schema: Readonly<Record<string, unknown>>
}

export interface InferRequest {
  readonly messages: readonly ChatMessage[]
  /** The beginning of the answer, given to the model; the text of the result goes on from it. */
  readonly prefill?: string
  /** For whom this is asked: a label. */
  readonly persona?: string
  readonly adapter?: Adapter
  /** GBNF with a rule `root`, which the text of the result will match unless it is cut at `maxTokens`. */
  readonly grammar?: string
  /** The same form as far as JSON Schema can say it, for servers that take no grammar; never without one. */
  readonly schema?: JsonSchema
  readonly maxTokens: number
  /** 0 takes the likeliest token each time. */
  readonly temperature: number
  /** A whole number from 0 to 4294967294. */
  readonly seed: number
  /** Only the k likeliest tokens are drawn from; default 40, 0 for all. */
  readonly topK?: number
  /** Tokens less likely than this share of the likeliest are not drawn; default 0. */
  readonly minP?: number
}

export interface InferResult {
  readonly text: string
  readonly tokensIn: number
  /** Tokens of the prompt that were still in the cache. */
  readonly tokensReused: number
  /** All that were drawn, the one that ends the answer too. */
  readonly tokensOut: number
  readonly durationMs: number
  readonly firstTokenMs: number
  /** sha256 of the model's file. */
  readonly model: string
  /** sha256 of the adapter's file. */
  readonly adapter?: string
  /** With an adapter in our own process. */
  readonly swap?: Swap
  readonly seed: number
  /** `grammar`: the text is complete by its grammar; `eog`: the model ended it; `maxTokens`: it was cut. */
  readonly stopReason: 'eog' | 'maxTokens' | 'grammar'
}

export type GpuChoice = 'auto' | 'cuda' | 'vulkan' | 'metal' | false

export interface LoadOptions {
  readonly modelPath: string
  readonly contextSize: number
  readonly batchSize: number
  readonly threads: number
  readonly gpu: GpuChoice
  /** How many requests run at a time. */
  readonly parallel: number
  /** Memory that contexts may take, and adapters; one context there is always. */
  readonly contextBytes: number
  readonly adapterBytes: number
  /** Spares an unchanged file from being read whole again after a restart. */
  readonly known?: FileDigest
}

export interface LoadedModel {
  readonly path: string
  readonly sha256: string
  readonly parameters: number
  readonly contextSize: number
}

export interface GpuState {
  readonly type: string
  readonly layers: number
}

export interface Failure {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
}

export type ToProcess =
  | { readonly kind: 'load'; readonly options: LoadOptions }
  | { readonly kind: 'infer'; readonly id: number; readonly request: InferRequest; readonly stream: boolean }
  | { readonly kind: 'prepare'; readonly id: number; readonly adapter: Adapter }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'stop' }

export type FromProcess =
  | {
      readonly kind: 'ready'
      readonly model: LoadedModel
      readonly gpu: GpuState | false
      readonly digest: FileDigest
    }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'token'; readonly id: number; readonly text: string }
  | { readonly kind: 'done'; readonly id: number; readonly result: InferResult }
  | { readonly kind: 'prepared'; readonly id: number; readonly swap: Swap | undefined }
  | { readonly kind: 'tiers'; readonly tiers: AdapterTiers }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
