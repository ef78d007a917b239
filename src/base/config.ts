// The settings of one home, from its batos.config.json. Every key has a default, so the file may be absent; a wrong or
// unknown key is named with its path, what is accepted there, and the nearest key that exists.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { BatError } from './errors.ts'
import { nearest } from './nearest.ts'

const whole = (low: number, high: number, initial: number) => z.int().min(low).max(high).default(initial)

const sections = {
  retention: z.strictObject({
    /** How far back `batos pack` leaves the past, in days, when it is not told. */
    days: whole(0, 36_500, 30),
    /** How many of the newest revisions of each object it leaves at least. */
    revisions: whole(1, 1_000_000, 1),
    /** The kernel packs by itself when it is idle, about so often; 0: only when it is told to. */
    everyHours: whole(0, 8760, 0),
  }),
  cycles: z.strictObject({
    concurrent: whole(1, 64, 4),
    timeoutMs: whole(1000, 3_600_000, 120_000),
    /** Drafts of one method before the cycle gives up; default 8 of the seed mind, which is quick, and 3 of any other model. */
    tries: z.int().min(1).max(64).optional(),
    /** What becomes of a mission while no model can think: it waits for one, or is refused with the cause. */
    withoutModel: z.enum(['wait', 'refuse']).default('refuse'),
  }),
  sandbox: z.strictObject({
    cpuMs: whole(10, 60_000, 1000),
    wallMs: whole(10, 600_000, 10_000),
    memoryMb: whole(16, 2048, 64),
    depth: whole(4, 1000, 64),
    workers: whole(1, 16, 1),
  }),
  image: z.strictObject({
    /** How much memory objects kept decoded may take. */
    cacheMb: whole(4, 65_536, 128),
  }),
  forge: z.strictObject({
    /** Missions for which a new expert is on probation. */
    probation: whole(1, 100_000, 50),
    /** How many of 100 answers fewer a new expert may have right on the regression suite. */
    points: z.number().min(0).max(100).default(2),
  }),
  experts: z.strictObject({
    /** How much memory the contexts of the inference process may take; each has the adapter of one persona, or none. */
    hotMb: whole(1, 1 << 20, 2048),
    /** How much adapters may take that are at hand: their files in the home, and in memory. */
    warmMb: whole(1, 1 << 20, 512),
    /** How long a file in lora_adapters must not have grown before it is looked at. */
    settleMs: whole(50, 600_000, 2000),
  }),
  model: z.strictObject({
    /** `local`: a model in a process of ours; `openai`: a server that speaks as OpenAI's does (llama-server, vLLM, Ollama). */
    engine: z.enum(['local', 'openai']).default('local'),
    /** The server's address, for `openai`. */
    url: z
      .string()
      .regex(/^https?:\/\/\S+$/, 'an address such as http://127.0.0.1:8080')
      .optional(),
    /** Which of the server's models. */
    name: z.string().min(1).optional(),
    /** The environment variable that holds the key for the server; keys do not belong into files. */
    keyVariable: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable')
      .optional(),
    /** A GGUF file; the one chosen in the image when absent, else the seed mind. */
    path: z.string().optional(),
    /** Tokens of prompt and answer together; default 1024 for the seed mind, 4096 for others. */
    contextSize: z.int().min(256).max(131_072).optional(),
    threads: z.int().min(1).max(256).optional(),
    /** `auto` takes what is there and says so; a GPU asked for by name that is not there is an error; `false` is none. */
    gpu: z.union([z.literal(false), z.enum(['auto', 'cuda', 'vulkan', 'metal'])]).default('auto'),
    /** Which form of the prompts it gets: `compact` is the seed mind's, `full` any other model's. */
    profile: z.enum(['compact', 'full']).optional(),
  }),
} as const

const schema = z.strictObject({
  /** Where the kernel listens; port `*` takes a free one. */
  endpoint: z
    .string()
    .regex(
      /^tcp:\/\/[^:/]+:(\*|\d{1,5})$/,
      'an address such as tcp://127.0.0.1:5555 (port * takes a free one)',
    )
    .default('tcp://127.0.0.1:5555'),
  maxMessageBytes: whole(1024, 2 ** 30, 16 * 2 ** 20),
  /** How long the outcome of a request can be asked for again, in hours. */
  outcomeHours: whole(1, 24 * 365, 24),
  retention: sections.retention.prefault({}),
  cycles: sections.cycles.prefault({}),
  sandbox: sections.sandbox.prefault({}),
  image: sections.image.prefault({}),
  forge: sections.forge.prefault({}),
  experts: sections.experts.prefault({}),
  model: sections.model.prefault({}),
  log: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

export type Config = z.infer<typeof schema>

/** Reads and checks the settings in `file`; defaults when there is no such file. Throws E_CONFIG. */
export async function loadConfig(file: string): Promise<Config> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return schema.parse({})
    throw new BatError('E_CONFIG', { file, path: '(file)', problem: (cause as Error).message }, { cause })
  }
  return parseConfig(text, file)
}

/** Checks the text of a configuration; `file` is for messages. Throws E_CONFIG. */
export function parseConfig(text: string, file: string): Config {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (cause) {
    throw new BatError(
      'E_CONFIG',
      { file, path: '(file)', problem: `not JSON: ${(cause as Error).message}` },
      { cause },
    )
  }
  const result = schema.safeParse(data)
  if (result.success) {
    const { engine, url } = result.data.model
    if (engine === 'local' || url !== undefined) return result.data
    const hint = 'add "url": "http://127.0.0.1:8080" there, or wherever the server is'
    throw new BatError('E_CONFIG', { file, path: 'model.url', problem: 'engine openai needs it', hint })
  }
  throw new BatError('E_CONFIG', { file, ...describe(result.error.issues[0]!) })
}

function describe(issue: z.core.$ZodIssue): { path: string; problem: string; hint?: string } {
  const path = issue.path.join('.') || '(file)'
  if (issue.code !== 'unrecognized_keys') return { path, problem: issue.message }
  const key = issue.keys[0]!
  const known = keysAt(issue.path)
  const near = nearest(key, known)
  return {
    path: [...issue.path, key].join('.'),
    problem: 'no such setting',
    hint: near ? `did you mean ${[...issue.path, near].join('.')}?` : `known here: ${known.join(', ')}`,
  }
}

function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const section = sections[path[0] as keyof typeof sections] as { shape: object } | undefined
  return Object.keys(section?.shape ?? schema.shape)
}
