// What a full training is told. Validated where it enters the training process; every refusal names the setting.
import { z } from 'zod'
import { BatError } from '../base/errors.ts'

const positive = z.int().positive()
const path = z.string().min(1)

const schema = z
  .strictObject({
    /** A model of the same shape and tokenizer whose weights are the start, instead of random ones. */
    base: path.optional(),
    /** Documents to learn from (see documents.ts) and sets to measure, by name. */
    corpus: path,
    validation: z.record(z.string(), path).default({}),
    /** Documents of each validation set that are measured. */
    validationDocuments: positive.default(100),
    /** A vocabulary as JSON. */
    tokenizer: path,
    model: z.strictObject({
      width: positive,
      layers: positive.max(512),
      heads: positive,
      kvHeads: positive,
      feedForward: positive,
      ropeBase: z.number().positive().default(500_000),
      epsilon: z.number().positive().default(1e-5),
    }),
    /** Tokens in a row, rows a replica, replicas (threads). */
    length: positive.min(8).default(256),
    rows: positive.default(5),
    replicas: positive.max(64),
    /** `auto`: a GPU that can do all of it, otherwise the CPU. */
    device: z.enum(['auto', 'cpu', 'gpu']).default('cpu'),
    optimizer: z.enum(['muon', 'adamw']).default('muon'),
    rate: z.number().positive().max(1).default(4e-3),
    warmUpSteps: positive.default(60),
    weightDecay: z.number().min(0).max(1).default(0.05),
    /** Share of the run with the full rate, and the share of the rate that is left at its end. */
    constantShare: z.number().min(0).max(1).default(0.3),
    finalRate: z.number().min(0).max(1).default(0.02),
    promptWeight: z.number().min(0).max(1).default(0.1),
    seed: z.int().min(0).default(1),
    /** The end: so many steps, or so many minutes of training (pauses between runs do not count). */
    until: z.union([z.strictObject({ steps: positive }), z.strictObject({ minutes: z.number().positive() })]),
    /** File of the state to continue from, written every so many seconds and at the end. */
    checkpoint: path,
    checkpointSeconds: z.number().positive().default(120),
    reportSeconds: z.number().min(0).default(10),
    validateSeconds: z.number().positive().default(60),
    /** The model, written with each checkpoint. */
    output: path,
    outputType: z.enum(['F32', 'F16', 'Q8_0']).default('F32'),
    name: z.string().default('batos-seed'),
    contextLength: positive.default(1024),
  })
  .refine(({ model }) => model.width % model.heads === 0 && (model.width / model.heads) % 2 === 0, {
    path: ['model', 'heads'],
    message: 'the width is not an even multiple of the heads',
  })
  .refine(({ model }) => model.heads % model.kvHeads === 0, {
    path: ['model', 'kvHeads'],
    message: 'the heads are not a multiple of the key heads',
  })
  .refine(({ device, replicas }) => device !== 'gpu' || replicas === 1, {
    path: ['replicas'],
    message: 'a GPU takes one replica',
  })

export type TrainingSettings = z.output<typeof schema>
export type TrainingRequest = z.input<typeof schema>

/** The settings with their defaults. Throws E_TRAINER_SETTINGS with the path of the first that is wrong. */
export const parseTrainingSettings = (request: unknown): TrainingSettings => checkedSettings(schema, request)

/** What the schema makes of a request. Throws E_TRAINER_SETTINGS with the path of the first setting that is wrong. */
export function checkedSettings<T>(settings: z.ZodType<T>, request: unknown): T {
  const parsed = settings.safeParse(request)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : []
  const where = [...(issue?.path ?? []), ...unknown.slice(0, 1)].join('.') || 'settings'
  throw new BatError('E_TRAINER_SETTINGS', { path: where, problem: issue?.message ?? 'invalid' })
}

/** The learning rate of a step (counted from 0) at `progress` (0 … 1) of the run: warm-up, constant, cosine. */
export function rateAt(settings: TrainingSettings, step: number, progress: number): number {
  const { rate, warmUpSteps, constantShare, finalRate } = settings
  const falling = constantShare < 1 ? Math.max(0, progress - constantShare) / (1 - constantShare) : 0
  const share = finalRate + (1 - finalRate) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, falling)))
  return rate * Math.min(1, (step + 1) / warmUpSteps) * share
}
