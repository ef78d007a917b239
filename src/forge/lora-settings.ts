// What a LoRA training (Hu et al. 2021) is told: the table of settings with their defaults. Validated where it enters the
// training process; every refusal names the setting.
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { checkedSettings } from './training-settings.ts'

const positive = z.int().positive()
const path = z.string().min(1)

/** The matrices of a layer that an adapter can change, by their short names. */
export const adapterTargets = {
  ...{ q: 'attn_q', k: 'attn_k', v: 'attn_v', o: 'attn_output' },
  ...{ gate: 'ffn_gate', up: 'ffn_up', down: 'ffn_down' },
} as const
type Target = keyof typeof adapterTargets

const schema = z.strictObject({
  /** The model that the adapter is for, as GGUF. */
  base: path,
  /** Conversations to learn from (documents.ts). */
  data: path,
  /** The adapter, written at the end only. */
  output: path,
  name: z.string().default('adapter'),
  rank: positive.max(512).default(16),
  alpha: z.number().positive().default(32),
  dropout: z.number().min(0).max(0.9).default(0.05),
  bias: z.literal('none').default('none'),
  targets: z
    .array(z.enum(Object.keys(adapterTargets) as [Target, ...Target[]]))
    .min(1)
    .refine((targets) => new Set(targets).size === targets.length, 'one is named twice')
    .default(['q', 'k', 'v', 'o']),
  /** Rows that are computed at a time, and how often before the weights are changed. */
  batch: positive.max(1024).default(2),
  accumulation: positive.max(1024).default(2),
  epochs: positive.max(100).default(3),
  /** Of AdamW; 2e-4 for a model of width 2,048 or more, higher for narrower ones, when it is not given. */
  rate: z.number().positive().max(1).optional(),
  /** Share of the steps in which the rate rises; then it falls to 0 along a cosine. */
  warmUpShare: z.number().min(0).max(1).default(0.03),
  weightDecay: z.number().min(0).max(1).default(0),
  /** Tokens in a row; the least that holds the longest document when it is not given. */
  length: positive.min(8).optional(),
  /** What becomes of a document that is longer than a row, or than the model's context. */
  longer: z.enum(['refuse', 'leave out']).default('refuse'),
  /** Threads, each with a copy of the graph; no more than `accumulation` have something to do. */
  replicas: positive.max(64).default(() => Math.max(1, Math.min(4, availableParallelism() - 1))),
  /** `auto`: a GPU that can do all of it, otherwise the CPU. */
  device: z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  logSteps: positive.default(10),
  /** State to go on from, beside the output when it is not named; gone at the end. */
  checkpoint: path.optional(),
  checkpointSeconds: z.number().positive().default(60),
  resume: z.boolean().default(false),
})

export type LoraSettings = z.output<typeof schema> & { readonly checkpoint: string }
export type LoraRequest = z.input<typeof schema>

/** The settings with their defaults. Throws E_TRAINER_SETTINGS with the path of the first that is wrong. */
export function parseLoraSettings(request: unknown): LoraSettings {
  const settings = checkedSettings(schema, request)
  return { ...settings, checkpoint: settings.checkpoint ?? `${settings.output}.checkpoint` }
}

/**
 * The rate for a model of this width: 2e-4 from 2,048 on. Narrower models need more (measured: 5e-3 at 192, where 2e-4
 * learns next to nothing), so it rises as a power of the width that meets both.
 */
export function defaultRate(width: number): number {
  const [wide, power] = [2048, Math.log(25) / Math.log(2048 / 192)]
  return Math.min(1e-2, 2e-4 * Math.max(1, wide / width) ** power)
}

/** The learning rate of a step (counted from 0) of `steps`: a straight rise, then a cosine down to 0. */
export function loraRateAt(
  { rate, warmUpShare }: { readonly rate: number; readonly warmUpShare: number },
  step: number,
  steps: number,
): number {
  const warmUp = Math.ceil(warmUpShare * steps)
  if (step < warmUp) return (rate * (step + 1)) / warmUp
  return rate * 0.5 * (1 + Math.cos((Math.PI * (step - warmUp)) / Math.max(1, steps - warmUp)))
}
