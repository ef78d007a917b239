// Prints how good the seed mind is, on names, values, wordings and notes that training never showed. It asks exactly as
// the kernel does: a plan, a draft, then more drafts and repairs; summaries and the like through the same requests.
//
//   known        a known selector, no example: the first draft counts
//   example      an unseen selector with one answer: up to 8 drafts, the first that the guardian and the example let pass
//   intent       an unseen selector with a note in a known wording about names never seen: up to 8 drafts, the first that
//                the guardian lets pass and that runs
//   nonsense     a selector that means nothing, with two examples: up to 8 drafts
//   repairs      a broken method and the report: one answer
//   summary      names what the text is about
//   children     the right one of up to eight, ranked by words, the mind asked about those that are near
//   plans_valid  of the plans of the first three rows;  plans_right: the right facets of the right personas
//
// Numbers go to the output, the last line as JSON if asked for; what went wrong, by family, to the error output.
//
// npm run seed:score [-- options]
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { BatError } from '../../src/base/errors.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { type Engine, startEngine } from '../../src/mind/engine.ts'
import type { TaskName } from '../../src/mind/tasks.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { Asker } from './asker.ts'
import { COURSE_NAMES, type Course } from './families/course.ts'
import { makeRandom, type Random, shuffle } from './random.ts'
import { runProgram, wholeFrom } from './run-program.ts'
import { METHOD_ROWS, scoreMethods, scoreRepairs } from './score-methods.ts'
import { scoreChildren, scoreTask } from './score-tasks.ts'
import { percent, Row, share, type Tally } from './tally.ts'

const marks: Readonly<Record<string, number>> = {
  known: 0.95,
  example: 0.88,
  intent: 0.93,
  nonsense: 0.7,
  repairs: 0.93,
  summary: 0.95,
  children: 0.95,
  plans_valid: 0.99,
  plans_right: 0.9,
}

/** What the rows ask. */
interface Asked {
  readonly infer: Engine['infer']
  readonly asker: Asker
}
interface How {
  readonly random: Random
  readonly cases: number
}
type Scoring = (row: Row, asked: Asked, how: How) => Promise<void>

const ofTask =
  (task: TaskName): Scoring =>
  (row, { infer }, how) =>
    scoreTask(row, infer, task, how)

const rows: Readonly<Record<string, Scoring>> = {
  ...Object.fromEntries(
    Object.entries(METHOD_ROWS).map(([name, kind]): [string, Scoring] => [
      name,
      (row, { asker }, how) =>
        scoreMethods(row, asker, kind, { ...how, course: options.course, facets: !options.quick }),
    ]),
  ),
  repairs: (row, { asker }, how) => scoreRepairs(row, asker, { ...how, course: options.course }),
  summary: ofTask('summary'),
  children: (row, { infer }, how) => scoreChildren(row, infer, how),
  'child, asked': ofTask('child'),
  thoughts: ofTask('thought'),
  data: ofTask('data'),
  proxies: ofTask('proxy'),
}

/** A row as it is typed: `child, asked` is child-asked. */
const rowId = (name: string): string => name.match(/[a-z]+/g)!.join('-')

function rowsNamed(typed: string): readonly string[] {
  return typed.split(',').map((each) => {
    const name = Object.keys(rows).find((row) => rowId(row) === each.trim())
    if (name !== undefined) return name
    const there = Object.keys(rows).map(rowId).join(', ')
    throw new InvalidArgumentError(`There is no row ${each.trim()}; there are ${there}.`)
  })
}

interface Options {
  readonly course: Course
  readonly json: boolean
  readonly model: string
  readonly n: number
  readonly quick: boolean
  readonly rows?: readonly string[]
  readonly seed: number
  readonly show: number
  readonly threads: number
}

const options: Options = new Command('seed:score')
  .description('how good a seed mind is, on what training never showed')
  .option('--model <file>', 'the model', join(packageRoot, 'models/seed.gguf'))
  .option('--n <n>', 'cases of a row; a third of them where there is no mark', wholeFrom(1), 600)
  .option('--rows <names>', 'only these, with commas between', rowsNamed)
  .option('--quick', 'only the rows with marks, and no facets', false)
  .option('--seed <n>', 'of the cases', wholeFrom(0), 4242)
  .option('--show <n>', 'so many of the failures of a row', wholeFrom(0), 0)
  .option('--threads <n>', 'threads of the model', wholeFrom(1), 1)
  .option('--json', 'everything as one line of JSON at the end', false)
  .addOption(
    new Option('--course <course>', 'whose methods are asked for').choices(COURSE_NAMES).default('first'),
  )
  .addHelpText('after', () => `\nRows: ${Object.keys(rows).map(rowId).join(', ')}`)
  .parse()
  .opts<Options>()
const score: Record<string, number> = { n: options.n }
const counts: Record<string, readonly [number, number]> = {}

async function main(): Promise<void> {
  const engine = startEngine({ modelPath: options.model, threads: options.threads, gpu: false })
  try {
    const { state, reason } = await engine.ready()
    if (state !== 'ready') throw new BatError('E_NO_MODEL', { reason })
    await scoreRows((request) => engine.infer(request))
  } finally {
    await engine.stop()
  }
  if (options.json) console.log(JSON.stringify({ ...score, counts }))
}

async function scoreRows(infer: Engine['infer']): Promise<void> {
  const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'compact' })
  const asker = new Asker(infer, drafting)
  const marked = Object.keys(rows).filter((name) => name in marks)
  const unmarked = Object.keys(rows).filter((name) => !(name in marks))
  for (const name of options.rows ?? [...marked, ...(options.quick ? [] : unmarked)]) {
    // rows without a mark are for the trainer, who can do with fewer cases
    const cases = name in marks ? options.n : Math.ceil(options.n / 3)
    const random = makeRandom(options.seed + name.length * 7919)
    const row = new Row(name)
    const started = Date.now()
    await rows[name]!(row, { infer, asker }, { random, cases })
    tell(name, row, (Date.now() - started) / 1000)
    if (row.worst.length > 0) console.error(`  wrong in ${name}: ${row.worst.join(', ')}`)
    for (const text of shuffle(random, row.failures).slice(0, options.show)) console.error(`${text}\n`)
  }
  const { asked, valid, right, exact } = asker.plans
  if (asked > 0) {
    tell('plans_valid', { right: valid, asked })
    tell('plans_right', { right, asked })
    tell('plans exact', { right: exact, asked })
  }
  if (asker.facets.asked > 0) tell('facets exact', asker.facets)
}

function tell(name: string, tally: Tally, seconds?: number): void {
  const got = share(tally)
  const mark = marks[name]
  score[name] = got
  counts[name] = [tally.right, tally.asked]
  const verdict = mark === undefined ? '' : `  mark ${percent(mark)}  ${got >= mark ? 'reached' : 'MISSED'}`
  const time = seconds === undefined ? '' : `  ${seconds.toFixed(0)} s`
  console.log(`${name.padEnd(17)} ${percent(got)}  ${tally.right} of ${tally.asked}${verdict}${time}`)
}

await runProgram(main)
