// Makes the seed mind by the recipe (recipe.ts), from nothing: its corpus and its tokenizer, where they are missing, then its
// model. Stopped, it continues where it was. What is under way stays in the working folder; the model and the log of the run
// are put in their place when the run is done, so that the seed mind that is there goes on working.
//
// npm run seed:train [-- options]
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { Command, Option } from 'commander'
import { BatError } from '../../src/base/errors.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { trainBpe } from '../../src/forge/bpe-trainer.ts'
import { plainText, readDocuments } from '../../src/forge/documents.ts'
import { train } from '../../src/forge/trainer.ts'
import type { TrainingRequest } from '../../src/forge/training-settings.ts'
import { vocabularyOf } from '../../src/mind/bpe.ts'
import { readGgufHeader } from '../../src/mind/gguf.ts'
import { corpusFiles, hasCorpus, writeCorpus } from './corpus-files.ts'
import { COURSE_NAMES, type Course } from './families/course.ts'
import { KEYWORDS, RECIPE, SIZES } from './recipe.ts'
import { runProgram } from './run-program.ts'
import { TrainingReport } from './training-report.ts'

interface Options {
  readonly base?: string
  readonly work: string
  readonly out: string
  readonly size: keyof typeof SIZES
  readonly type: 'F32' | 'F16' | 'Q8_0'
  readonly minutes?: string
  readonly steps: string
  readonly course: Course
  readonly documents: string
  readonly rate: string
  readonly length: string
  readonly rows: string
  readonly replicas?: string
  readonly nice: string
  readonly seed: string
  readonly gpu: boolean
  readonly fresh: boolean
}

const options = new Command('seed:train')
  .option('--steps <n>', 'length of the training', String(RECIPE.steps))
  .option(
    '--minutes <n>',
    'length of the training in minutes, instead; a slower machine then makes a lesser model',
  )
  .option('--size <size>', Object.keys(SIZES).join(', '), RECIPE.size)
  .addOption(
    new Option('--course <course>', 'if the corpus is to be written')
      .choices(COURSE_NAMES)
      .default(RECIPE.course),
  )
  .option('--documents <n>', 'documents of the corpus, if it is to be written', String(RECIPE.documents))
  .option('--rows <n>', 'rows of a step, shared by the replicas', String(RECIPE.rows))
  .option('--length <n>', 'tokens in a row; longer documents are left out', String(RECIPE.length))
  .option('--rate <n>', 'learning rate', String(RECIPE.rate))
  .option('--seed <n>', 'of all that is random', String(RECIPE.seed))
  .option('--replicas <n>', 'threads; by default as many as there are processors and divide the rows')
  .option('--gpu', 'train on the first GPU', false)
  .option('--nice <n>', 'niceness of the training process', '0')
  .option('--base <file>', 'model to start from (its tokenizer too), instead of from nothing')
  .option('--type <type>', 'F32, F16 or Q8_0', 'F32')
  .option('--work <folder>', 'corpus, tokenizer, checkpoint, log', join(packageRoot, 'data', 'seed'))
  .option('--out <file>', 'the model, when it is done', join(packageRoot, 'models', 'seed.gguf'))
  .option('--fresh', 'start anew: new corpus, new tokenizer, no checkpoint', false)
  .parse()
  .opts<Options>()

const inWork = (name: string): string => join(options.work, name)
const files = corpusFiles(options.work)
const [tokenizer, checkpoint, log, unfinished] = [
  'tokenizer.json',
  'checkpoint.gguf',
  'train.log',
  'seed.gguf',
].map(inWork) as [string, string, string, string]

async function main(): Promise<void> {
  const { vocabulary, ...model } = SIZES[options.size] ?? refuse('size', Object.keys(SIZES).join(', '))
  mkdirSync(options.work, { recursive: true })
  mkdirSync(dirname(options.out), { recursive: true })
  if (options.fresh)
    for (const file of ['READY', 'tokenizer.json', 'checkpoint.gguf', 'train.log'])
      rmSync(inWork(file), { force: true })
  const report = new TrainingReport(log)
  const seed = Number(options.seed)
  if (!hasCorpus(options.work))
    writeCorpus(options.work, {
      course: options.course,
      documents: Number(options.documents),
      seed,
      tell: (line) => report.tell(line),
    })
  if (!existsSync(tokenizer)) {
    if (options.base) writeFileSync(tokenizer, JSON.stringify(vocabularyOf(readGgufHeader(options.base))))
    else await makeTokenizer(vocabulary, report)
  }
  const rows = Number(options.rows)
  const replicas = options.gpu ? 1 : replicasFor(rows)
  const request: TrainingRequest = {
    ...(options.base ? { base: options.base } : {}),
    corpus: files.corpus,
    validation: { train: files.validTrain, heldout: files.validHeldout },
    tokenizer,
    model,
    length: Number(options.length),
    rows: rows / replicas,
    replicas,
    device: options.gpu ? 'gpu' : 'cpu',
    rate: Number(options.rate),
    seed,
    until: options.minutes ? { minutes: Number(options.minutes) } : { steps: Number(options.steps) },
    reportSeconds: report.onTerminal ? 1 : 10,
    validateSeconds: 300,
    checkpoint,
    output: unfinished,
    outputType: options.type,
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  await train(request, {
    onEvent: (event) => report.show(event),
    signal: stop.signal,
    niceness: Number(options.nice),
    onProcess: (pid) => console.log(`process ${pid}, stop with Ctrl-C or kill -TERM ${process.pid}`),
  })
  copyFileSync(unfinished, `${options.out}.part`)
  renameSync(`${options.out}.part`, options.out)
  copyFileSync(log, options.out.replace(/(\.gguf)?$/, '.log'))
  console.log(options.out)
}

/** How many threads share the rows of a step evenly. */
function replicasFor(rows: number): number {
  const wanted = Number(options.replicas ?? availableParallelism())
  const even = Array.from({ length: rows }, (_, index) => index + 1).filter((count) => rows % count === 0)
  if (options.replicas !== undefined && !even.includes(wanted))
    refuse('replicas', `${wanted} threads cannot share ${rows} rows evenly; ${even.join(', ')} can`)
  return even.findLast((count) => count <= wanted)!
}

async function makeTokenizer(size: number, report: TrainingReport): Promise<void> {
  const texts: string[] = []
  for await (const document of readDocuments(files.corpus)) {
    texts.push(plainText(document))
    if (texts.length >= RECIPE.tokenizerDocuments) break
  }
  const vocabulary = trainBpe(texts, { size, keywords: KEYWORDS })
  writeFileSync(tokenizer, JSON.stringify(vocabulary))
  report.tell(`tokenizer: ${vocabulary.tokens.length} tokens from ${texts.length} documents`)
}

function refuse(path: string, problem: string): never {
  throw new BatError('E_TRAINER_SETTINGS', { path, problem })
}

await runProgram(main)
