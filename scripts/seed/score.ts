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
// npm run seed:score [-- --course whole] [--json] [--quick] [--rows known,repairs] [--model FILE] [--n N] [--seed N] [--show N]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'
import { makeDrafting } from '../../src/cognition/drafting.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { Asker } from './asker.ts'
import { courseNamed } from './families/course.ts'
import { makeRandom, type Random, shuffle } from './random.ts'
import { METHOD_ROWS, scoreMethods, scoreRepairs } from './score-methods.ts'
import { scoreChildren, scoreTask } from './score-tasks.ts'
import { percent, Row, share, type Tally } from './tally.ts'

const { values: options } = parseArgs({
  options: {
    /** Whose methods are asked for. */
    course: { type: 'string', default: 'first' },
    json: { type: 'boolean', default: false },
    model: { type: 'string', default: join(packageRoot, 'models/seed.gguf') },
    n: { type: 'string', default: '600' },
    seed: { type: 'string', default: '4242' },
    show: { type: 'string', default: '0' },
    threads: { type: 'string', default: '1' },
    /** Only the rows with marks, and no facets. */
    quick: { type: 'boolean', default: false },
    rows: { type: 'string' },
  },
})
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
const course = courseNamed(options.course)
const cases = Number(options.n)
const engine = startEngine({ modelPath: options.model, threads: Number(options.threads), gpu: false })
const infer = (request: Parameters<typeof engine.infer>[0]) => engine.infer(request)
const asker = new Asker(
  infer,
  makeDrafting({ templates: readTemplates(['plan', 'facet', 'method', 'repair']), profile: 'compact' }),
)

type Scoring = (row: Row, how: { readonly random: Random; readonly cases: number }) => Promise<void>
const rows: Readonly<Record<string, Scoring>> = {
  ...Object.fromEntries(
    Object.entries(METHOD_ROWS).map(([name, kind]): [string, Scoring] => [
      name,
      (row, how) => scoreMethods(row, asker, kind, { ...how, course, facets: !options.quick }),
    ]),
  ),
  repairs: (row, how) => scoreRepairs(row, asker, { ...how, course }),
  summary: (row, how) => scoreTask(row, infer, 'summary', how),
  children: (row, how) => scoreChildren(row, infer, how),
  'child, asked': (row, how) => scoreTask(row, infer, 'child', how),
  thoughts: (row, how) => scoreTask(row, infer, 'thought', how),
  data: (row, how) => scoreTask(row, infer, 'data', how),
  proxies: (row, how) => scoreTask(row, infer, 'proxy', how),
}
const score: Record<string, number> = { n: cases }
const counts: Record<string, readonly [number, number]> = {}

async function main(): Promise<void> {
  const marked = Object.keys(rows).filter((name) => name in marks)
  const unmarked = Object.keys(rows).filter((name) => !(name in marks))
  const wanted = options.rows?.split(',') ?? [...marked, ...(options.quick ? [] : unmarked)]
  for (const name of wanted) {
    const scoring = rows[name]
    if (scoring === undefined) throw new Error(`no row ${name}; there are ${Object.keys(rows).join(', ')}`)
    // rows without a mark are for the trainer, who can do with fewer cases
    await runRow(name, scoring, name in marks ? cases : Math.ceil(cases / 3))
  }
  const { asked, valid, right, exact } = asker.plans
  if (asked > 0) {
    tell('plans_valid', { right: valid, asked })
    tell('plans_right', { right, asked })
    tell('plans exact', { right: exact, asked })
  }
  if (asker.facets.asked > 0) tell('facets exact', asker.facets)
  if (options.json) console.log(JSON.stringify({ ...score, counts }))
}

async function runRow(name: string, scoring: Scoring, count: number): Promise<void> {
  const random = makeRandom(Number(options.seed) + name.length * 7919)
  const row = new Row(name)
  const started = Date.now()
  await scoring(row, { random, cases: count })
  tell(name, row, (Date.now() - started) / 1000)
  if (row.worst.length > 0) console.error(`  wrong in ${name}: ${row.worst.join(', ')}`)
  for (const text of shuffle(random, row.failures).slice(0, Number(options.show))) console.error(`${text}\n`)
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

try {
  await main()
} finally {
  await engine.stop()
}
