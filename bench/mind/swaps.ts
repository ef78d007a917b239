// What it takes to have another persona's adapter at work, by tier, through the desk that every call of the kernel passes:
// adapters of 80 MB as blobs of an image, and the real inference process. Cold is the first time in the life of a process
// (linked out of the image, checked whole by its digest, loaded), warm where only the context is made, hot where nothing is.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ExpertDesk } from '../../kernel/expert-desk.ts'
import { type Expert, putExpert, serve } from '../../kernel/experts.ts'
import { openWorld } from '../../kernel/genesis.ts'
import { systemClock } from '../../src/base/clock.ts'
import { openLog } from '../../src/base/log.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import { Metrics } from '../../src/metacognition/metrics.ts'
import { startEngine } from '../../src/mind/engine.ts'
import type { Swap } from '../../src/mind/engine-messages.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { readGgufHeader } from '../../src/mind/gguf.ts'
import { encodeFloats, tensorType } from '../../src/mind/tensor-types.ts'
import { WarmAdapters } from '../../src/mind/warm-adapters.ts'
import { tinyAdapter, writeModel } from '../../test/mind/tiny-model.ts'
import { type BenchOptions, median, type Row, row } from '../result.ts'

const personas = ['BRICK', 'ROBIN'] as const
const WANTED = 80e6

/** Rows for the model at `modelPath`, some 100 million weights; `folder` is for what they need. */
export async function swapRows(
  modelPath: string,
  { folder, quick }: BenchOptions & { readonly folder: string },
): Promise<Row[]> {
  const files = personas.map((persona, seed) =>
    writeRandomAdapter(join(folder, `${persona}.gguf`), modelPath, seed),
  )
  const image = await openImage({ dir: join(folder, 'image'), clock: systemClock, durable: false })
  try {
    await openWorld(image)
    await take(image, modelPath, files)
    const seen: Record<Swap['tier'], number[]> = { hot: [], warm: [], cold: [] }
    const made: number[] = []
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      await swapAbout(image, modelPath, folder, seen)
      made.push(await besideItself(image, modelPath, folder))
    }
    const [hot, warm, cold] = [median(seen.hot), median(seen.warm), median(seen.cold)]
    const read = readMs(files[0]!)
    return [
      row('hot swap beside a warm one, ms', hot, warm, 'under 1 ms', ({ ours }) => ours < 1),
      row('warm swap beside a cold one, ms', warm, cold, 'under 10 ms', ({ ours }) => ours < 10),
      row(
        'one more context for a persona at work, beside a warm swap, ms',
        median(made),
        warm,
        'told',
        () => true,
      ),
      row(
        'cold swap of 80 MB, beside reading and hashing its file, ms',
        cold,
        read,
        'under 1 s',
        ({ ours }) => ours < 1000,
      ),
    ]
  } finally {
    await image.close()
  }
}

/** One life of an inference process that has room for one context, with two personas in turns. */
const swapAbout = (
  image: Image,
  modelPath: string,
  folder: string,
  seen: Readonly<Record<Swap['tier'], number[]>>,
): Promise<void> =>
  atDesk(image, modelPath, { folder, contextBytes: 1 }, async (ask) => {
    for (let turn = 0; turn < 16; turn++) {
      const { tier, ms } = await ask(personas[(turn >> 1) % 2]!)
      seen[tier].push(ms)
    }
  })

/** A persona that is asked twice at once where there is room: how long its second context takes, ms. */
const besideItself = (image: Image, modelPath: string, folder: string): Promise<number> =>
  atDesk(image, modelPath, { folder, contextBytes: 2 ** 31 }, async (ask) => {
    await ask(personas[0])
    const swaps = await Promise.all([ask(personas[0]), ask(personas[0])])
    return swaps.find(({ tier }) => tier === 'warm')!.ms
  })

async function atDesk<T>(
  image: Image,
  modelPath: string,
  { folder, contextBytes }: { readonly folder: string; readonly contextBytes: number },
  work: (ask: (persona: string) => Promise<Swap>) => Promise<T>,
): Promise<T> {
  const engine = startEngine({ modelPath, threads: 1, gpu: false, contextSize: 1024, contextBytes })
  try {
    const warm = await WarmAdapters.open({ dir: join(folder, 'warm'), bytes: 2 ** 30 })
    const desk = new ExpertDesk({
      ...{ image, engine, warm, metrics: new Metrics(), clock: systemClock },
      log: openLog('warn', 2),
      tell: () => {},
    })
    await engine.ready()
    const messages = [{ role: 'user', content: 'Name a number.' }] as const
    return await work(async (persona) => {
      const { swap } = await desk.infer({ persona, messages, maxTokens: 1, temperature: 0, seed: 1 })
      return swap!
    })
  } finally {
    await engine.stop()
  }
}

async function take(image: Image, modelPath: string, files: readonly string[]): Promise<void> {
  const base = await sha256OfFile(modelPath)
  await image.transact({ user: 'bench', description: 'adapters' }, async (transaction) => {
    for (const [i, persona] of personas.entries()) {
      const blob = await transaction.importBlob({ file: files[i]!, link: true })
      const about = { rank: 0, alpha: 1, source: files[i]!, added: 0, provenance: {} }
      const expert: Expert = { persona, name: persona, blob, base, ...about }
      putExpert(transaction, expert)
      serve(transaction, expert, 0)
    }
  })
}

/** An adapter of all matrices whose rank makes it 80 MB; its numbers come round again, and are small. */
function writeRandomAdapter(path: string, modelPath: string, seed: number): string {
  const type = tensorType('F16')
  const matrices = [...readGgufHeader(modelPath).tensors.values()].filter(({ name }) =>
    /^blk\.\d+\.(attn_(q|k|v|output)|ffn_(gate|up|down))\.weight$/.test(name),
  )
  const widths = matrices.reduce((sum, { shape: [inputs = 0, outputs = 0] }) => sum + inputs + outputs, 0)
  const rank = Math.round(WANTED / (widths * type.bytes))
  const { metadata } = tinyAdapter()
  const run = encodeFloats(
    'F16',
    Float32Array.from({ length: 65_521 }, (_, i) => Math.sin(i + seed) * 1e-3),
  )
  const tensors = matrices.flatMap(({ name, shape: [inputs = 0, outputs = 0] }) =>
    (
      [
        ['lora_a', [inputs, rank]],
        ['lora_b', [rank, outputs]],
      ] as const
    ).map(([half, shape]) => ({
      ...{ name: `${name}.${half}`, shape, type },
      data: Buffer.alloc(shape[0] * shape[1] * type.bytes, run),
    })),
  )
  writeModel(path, { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) })
  return path
}

function readMs(file: string): number {
  const began = performance.now()
  createHash('sha256').update(readFileSync(file)).digest()
  return performance.now() - began
}
