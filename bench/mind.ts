// What `infer` costs: tokens a second beside the same loop on bare node-llama-cpp, the first token of a persona whose
// instructions are evaluated already beside one whose are not, the event loop of the process that asks and that of a whole
// kernel at work (loop.ts), and swaps of adapters (mind/swaps.ts).
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { packageRoot } from '../src/base/package-root.ts'
import { siblingModule } from '../src/base/sibling-module.ts'
import { type Engine, type InferRequest, startEngine } from '../src/mind/engine.ts'
import { run as kernelAtWork } from './loop.ts'
import type { BareAnswer, BareAsk } from './mind/bare.ts'
import { writeRandomModel } from './mind/random-model.ts'
import { swapRows } from './mind/swaps.ts'
import { type BenchOptions, median, type Row, row } from './result.ts'

const contextSize = 2048
const threads = 1
const question = 'Name what comes to your mind.'
/** Never complete, so that the number of tokens is the one asked for. */
const grammar = 'root ::= [a-z ] root'
const seedPath = join(packageRoot, 'models', 'seed.gguf')

export async function* run({ quick }: BenchOptions): AsyncIterable<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'batos-bench-'))
  try {
    const large = join(folder, 'large.gguf')
    const size = `${Math.round(writeRandomModel(large, 'Q8_0') / 1e6)} million weights, Q8_0`
    const rounds = quick ? 10 : 60
    yield* withEngine(large, async function* (engine) {
      yield await speedRow(size, large, engine, { rounds: rounds / 2, maxTokens: 32, least: 0.95 })
      yield await prefixRow(engine, quick ? 2 : 5)
    })
    yield* withEngine(seedPath, async function* (engine) {
      // whose token takes a millisecond or so, and the least message shows
      yield await speedRow('the seed mind', seedPath, engine, { rounds, maxTokens: 100, least: 0.9 })
      yield await delayRow(engine, quick ? 3 : 10)
    })
    yield* kernelAtWork()
    yield* await swapRows(large, { folder, quick })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function* withEngine(
  modelPath: string,
  work: (engine: Engine) => AsyncIterable<Row>,
): AsyncIterable<Row> {
  const engine = startEngine({ modelPath, contextSize, threads, gpu: false })
  try {
    const { state, reason } = await engine.ready()
    if (state !== 'ready') throw new Error(reason)
    yield* work(engine)
  } finally {
    await engine.stop()
  }
}

const request = (change: Partial<InferRequest>): InferRequest => ({
  messages: [{ role: 'user', content: question }],
  ...{ grammar, maxTokens: 1, temperature: 0.7, seed: 1 },
  ...change,
})

/** Ours and the peer in short turns, each the first of every other turn, so that both see the same machine. */
async function speedRow(
  what: string,
  modelPath: string,
  engine: Engine,
  { rounds, maxTokens, least }: Readonly<Record<'rounds' | 'maxTokens' | 'least', number>>,
): Promise<Row> {
  const bare = fork(fileURLToPath(siblingModule(import.meta.url, 'mind/bare')))
  try {
    bare.send({ modelPath, contextSize, threads })
    await once(bare, 'message')
    const header = (role: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n`
    const prompt = `<|begin_of_text|>${header('user')}${question}<|eot_id|>${header('assistant')}`
    const ours: number[] = []
    const peers: number[] = []
    for (let seed = 0; seed <= rounds; seed++) {
      const one = async () => {
        const { tokensOut, durationMs } = await engine.infer(request({ maxTokens, seed }), {
          onToken: () => {},
        })
        ours[seed] = (tokensOut / durationMs) * 1000
      }
      const other = async () => {
        bare.send({ prompt, grammar, maxTokens, seed } satisfies BareAsk)
        const [{ tokens, ms }] = (await once(bare, 'message')) as [BareAnswer]
        peers[seed] = (tokens / ms) * 1000
      }
      for (const turn of seed % 2 ? [one, other] : [other, one]) await turn()
    }
    for (const rates of [ours, peers]) rates.shift() // the first of each makes its context
    const inTurns = median(ours.map((rate, i) => rate / peers[i]!))
    return row(
      `tokens/s, ${what}; median of turns ${inTurns.toFixed(3)}`,
      median(ours),
      median(peers),
      `at least ${least} in turns`,
      () => inTurns >= least,
    )
  } finally {
    bare.kill()
  }
}

/** A persona whose thousand tokens of instructions stand in a cache, beside the same with instructions never seen. */
async function prefixRow(engine: Engine, rounds: number): Promise<Row> {
  const first = async (system: string, round: number) => {
    const messages = [
      { role: 'system', content: system },
      { role: 'user', content: `${question} ${round}` },
    ] as const
    return engine.infer(request({ messages, seed: round }))
  }
  const instructions = (persona: string) => `${persona}: ${'write the number of the user '.repeat(70)}`
  const { tokensIn } = await first(instructions('warm'), 0)
  const warm: number[] = []
  const cold: number[] = []
  for (let round = 1; round <= rounds; round++) {
    warm.push((await first(instructions('warm'), round)).firstTokenMs)
    cold.push((await first(instructions(`cold ${round}`), round)).firstTokenMs)
  }
  return row(
    `first token without its prefix in the cache (${tokensIn} tokens), beside with it, ms`,
    median(cold),
    median(warm),
    'at least 5 times',
    ({ ratio }) => ratio >= 5,
  )
}

/** The asking process while four answers are streamed to it at once, beside the same process at rest. */
async function delayRow(engine: Engine, seconds: number): Promise<Row> {
  const histogram = monitorEventLoopDelay({ resolution: 2 })
  const during = async (work: () => Promise<unknown>) => {
    histogram.reset()
    histogram.enable()
    await work()
    histogram.disable()
    return histogram.percentile(99) / 1e6
  }
  const pause = () => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const idle = await during(pause)
  let text = ''
  const busy = await during(async () => {
    const end = performance.now() + seconds * 1000
    const ask = async (seed: number) => {
      while (performance.now() < end)
        await engine.infer(request({ maxTokens: 200, seed }), {
          onToken: (piece) => {
            text += piece
          },
        })
    }
    await Promise.all([1, 2, 3, 4].map(ask))
  })
  if (text === '') throw new Error('nothing was streamed')
  return row(
    'event-loop delay of the asking process while four answers come, 99th percentile, ms',
    busy,
    idle,
    'under 20 ms',
    ({ ours }) => ours < 20,
  )
}
