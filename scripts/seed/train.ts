// Makes the seed mind: trains its tokenizer (once) and its model on the generated corpus and writes models/seed.gguf,
// anew with each checkpoint and at the end. Stopped, it continues where it was. npm run seed:train [-- options]
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { BatError, batErrorOf } from '../../src/base/errors.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { trainBpe } from '../../src/forge/bpe-trainer.ts'
import { plainText, readDocuments } from '../../src/forge/documents.ts'
import { train } from '../../src/forge/trainer.ts'
import type { TrainingEvent } from '../../src/forge/training-events.ts'
import type { TrainingRequest } from '../../src/forge/training-settings.ts'
import { vocabularyOf } from '../../src/mind/bpe.ts'
import { readGgufHeader } from '../../src/mind/gguf.ts'

const sizes = {
  small: { vocabulary: 768, width: 64, layers: 2, heads: 2, kvHeads: 1, feedForward: 128 },
  base: { vocabulary: 1280, width: 192, layers: 5, heads: 3, kvHeads: 1, feedForward: 512 },
} as const

// Words that keep one token with the space or sign before them.
const keywords =
  'return self const let if for of new null true false length map filter join changed user assistant system'
const tokenizerDocuments = 15_000

interface Options {
  readonly corpus: string
  readonly validTrain: string
  readonly validHeldout: string
  readonly base?: string
  readonly work: string
  readonly out: string
  readonly size: keyof typeof sizes
  readonly type: 'F32' | 'F16' | 'Q8_0'
  readonly minutes: string
  readonly steps?: string
  readonly rate: string
  readonly length: string
  readonly rows: string
  readonly replicas: string
  readonly nice: string
  readonly seed: string
  readonly gpu: boolean
  readonly fresh: boolean
}

const data = join(packageRoot, 'data', 'seed')
const options = new Command('seed:train')
  .option('--corpus <file>', 'documents to learn', join(data, 'corpus.jsonl'))
  .option('--valid-train <file>', 'validation, names as in training', join(data, 'valid-train.jsonl'))
  .option('--valid-heldout <file>', 'validation, names held out', join(data, 'valid-heldout.jsonl'))
  .option('--base <file>', 'model to start from (its tokenizer too), instead of from nothing')
  .option('--work <folder>', 'tokenizer and checkpoint', data)
  .option('--out <file>', 'the model', join(packageRoot, 'models', 'seed.gguf'))
  .option('--size <size>', Object.keys(sizes).join(' or '), 'base')
  .option('--type <type>', 'F32, F16 or Q8_0', 'F32')
  .option('--minutes <n>', 'length of the training', '75')
  .option('--steps <n>', 'length of the training in steps, instead')
  .option('--rate <n>', 'learning rate', '0.004')
  .option('--length <n>', 'tokens in a row; longer documents are left out', '256')
  .option('--rows <n>', 'rows a replica', '5')
  .option('--replicas <n>', 'threads', String(availableParallelism()))
  .option('--nice <n>', 'niceness of the training process', '0')
  .option('--seed <n>', 'of all that is random', '1')
  .option('--gpu', 'train on the first GPU', false)
  .option('--fresh', 'start anew: new tokenizer, no checkpoint', false)
  .parse()
  .opts<Options>()

const onTerminal = process.stdout.isTTY
let losses = ''

async function main(): Promise<void> {
  const { vocabulary, ...model } = sizes[options.size] ?? refuse('size', 'it is small or base')
  const tokenizer = join(options.work, 'tokenizer.json')
  const checkpoint = join(options.work, 'checkpoint.gguf')
  mkdirSync(options.work, { recursive: true })
  mkdirSync(dirname(options.out), { recursive: true })
  if (options.fresh) for (const file of [tokenizer, checkpoint]) rmSync(file, { force: true })
  if (!existsSync(tokenizer)) {
    if (options.base) writeFileSync(tokenizer, JSON.stringify(vocabularyOf(readGgufHeader(options.base))))
    else await makeTokenizer(tokenizer, vocabulary)
  }
  const validation = { train: options.validTrain, heldout: options.validHeldout }
  const request: TrainingRequest = {
    ...(options.base ? { base: options.base } : {}),
    corpus: options.corpus,
    validation: Object.fromEntries(Object.entries(validation).filter(([, file]) => existsSync(file))),
    tokenizer,
    model,
    length: Number(options.length),
    rows: Number(options.rows),
    replicas: options.gpu ? 1 : Number(options.replicas),
    device: options.gpu ? 'gpu' : 'cpu',
    rate: Number(options.rate),
    seed: Number(options.seed),
    until: options.steps ? { steps: Number(options.steps) } : { minutes: Number(options.minutes) },
    reportSeconds: onTerminal ? 1 : 10,
    checkpoint,
    output: options.out,
    outputType: options.type,
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  await train(request, {
    onEvent: show,
    signal: stop.signal,
    niceness: Number(options.nice),
    onProcess: (pid) => console.log(`process ${pid}, stop with Ctrl-C or kill -TERM ${process.pid}`),
  })
}

async function makeTokenizer(path: string, size: number): Promise<void> {
  const texts: string[] = []
  for await (const document of readDocuments(options.corpus)) {
    texts.push(plainText(document))
    if (texts.length >= tokenizerDocuments) break
  }
  const begun = Date.now()
  const vocabulary = trainBpe(texts, { size, keywords: new Set(keywords.split(' ')) })
  writeFileSync(path, JSON.stringify(vocabulary))
  console.log(
    `tokenizer: ${vocabulary.tokens.length} tokens from ${texts.length} documents, ${Date.now() - begun} ms`,
  )
}

function show(event: TrainingEvent): void {
  switch (event.kind) {
    case 'started':
      print(
        `${event.parameters} parameters; ${event.documents} documents, ${event.tokens} tokens, ` +
          `${event.tooLong} too long; ${event.memoryMb} MB; ${event.device}; from step ${event.step}`,
      )
      return
    case 'validated':
      losses = Object.entries(event.losses)
        .map(([name, loss]) => `${name} ${loss.toFixed(4)}`)
        .join(' ')
      print(`step ${event.step} validation: ${losses}`)
      return
    case 'saved':
      if (!onTerminal) print(`step ${event.step} saved ${event.output}`)
      return
    case 'progress':
      print(onTerminal ? bar(event) : line(event), onTerminal)
      return
    case 'done':
      print(
        `done: ${event.step} steps, ${event.documents} documents, ${event.tokens} tokens in ` +
          `${Math.round(event.seconds)} s; ${losses}; ${event.output}`,
      )
      return
    default:
  }
}

type Progress = Extract<TrainingEvent, { kind: 'progress' }>

const line = (event: Progress): string =>
  `${(100 * event.progress).toFixed(1)}% step ${event.step} loss ${event.loss.toFixed(4)} ` +
  `rate ${event.rate.toExponential(1)} ${Math.round(event.tokensPerSecond)} tokens/s ` +
  `documents ${event.documents} epoch ${event.epoch} ms ${event.stepMs.map(Math.round).join('/')} ` +
  `left ${clock(event.secondsLeft)}`

function bar(event: Progress): string {
  const width = 24
  const full = Math.round(width * Math.min(1, event.progress))
  return `[${'#'.repeat(full)}${'-'.repeat(width - full)}] step ${event.step} loss ${event.loss.toFixed(3)} ${losses} ${Math.round(event.tokensPerSecond)} tokens/s left ${clock(event.secondsLeft)}`
}

const clock = (seconds: number): string => {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

function print(text: string, stays = false): void {
  if (onTerminal) process.stdout.write(`\r\x1b[K${text}${stays ? '' : '\n'}`)
  else console.log(text)
}

function refuse(path: string, problem: string): never {
  throw new BatError('E_TRAINER_SETTINGS', { path, problem })
}

try {
  await main()
} catch (failure) {
  const { code, message, remedy } = batErrorOf(failure)
  console.error(`\n${code}: ${message}${remedy ? `\n  ${remedy}` : ''}`)
  process.exitCode = code === 'E_TRAINER_CANCELLED' ? 130 : 1
}
