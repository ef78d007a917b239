// Writes the fixed regression suite of the gate (kernel/regression-suite.ts has its form): what the personas are asked
// every day, with names and values that no training document has. References that do not pass their own witnesses in the
// real sandbox are left out.
//
// npm run seed:regression [-- FILE]
import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { makeJudge } from '../../kernel/judge.ts'
import { type SuiteRow, suiteFile } from '../../kernel/regression-suite.ts'
import { signatureOf } from '../../src/mind/briefs.ts'
import { facetQuery, planOf } from '../../src/mind/plan.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { corrupt } from './corruption.ts'
import { facetAnswersOf } from './documents.ts'
import { drawMethod } from './families/all.ts'
import { methodsOf } from './families/course.ts'
import { makeRandom } from './random.ts'
import { type Choices, sample } from './sample.ts'
import { witnessesOf } from './witnesses.ts'

const [file] = new Command('seed:regression')
  .description("write the gate's fixed regression suite")
  .argument('[file]', 'where to', suiteFile)
  .parse().processedArgs as [string]

const SEED = 1905
const everyday: Choices = {
  ...{ split: 'heldout', wording: 'train', note: 'none', answer: false, examples: 0 },
}
/** How many rows of each kind. */
const counts = {
  known: 30,
  example: 18,
  intent: 12,
  repair: 15,
  plan: 10,
  purpose: 10,
  effects: 5,
  voice: 40,
}
type Kind = keyof typeof counts

const random = makeRandom(SEED)
const sandbox = await startSandbox({})
const judge = makeJudge(sandbox)
try {
  const rows: SuiteRow[] = []
  for (const [kind, count] of Object.entries(counts) as [Kind, number][]) {
    for (let made = 0; made < count; ) {
      const row = await drawRow(kind, `${kind} ${made + 1}`)
      if (row === undefined) continue
      rows.push(row)
      made++
    }
  }
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  console.log(`${file}: ${rows.length} rows`)
} finally {
  await sandbox.stop()
}

async function drawRow(kind: Kind, id: string): Promise<SuiteRow | undefined> {
  const spec = drawMethod(random, methodsOf('first'))
  if (spec.sends) return undefined
  const note = kind === 'intent' || spec.vague ? 'train' : 'none'
  const answer = kind === 'example' || (spec.open === true && note === 'none')
  const of = sample(random, spec, { ...everyday, note, answer })
  if (of === undefined) return undefined
  const { witnesses: _, slots, ...rest } = of.brief
  const brief = {
    ...{ ...rest, args: [...rest.args] },
    slots: Object.entries(slots).map(([name, value]) => ({ name, value })),
  }
  switch (kind) {
    case 'known':
    case 'example':
    case 'intent': {
      const witnesses = await witnessesOf(random, of, judge)
      return witnesses && { id, task: 'method', brief, witnesses }
    }
    case 'repair': {
      const broken = corrupt(random, of)
      const witnesses = await witnessesOf(random, of, judge)
      if (broken === undefined || witnesses === undefined) return undefined
      const source = signatureOf(brief.selector, brief.args.length) + broken.body
      return { id, task: 'repair', brief, source, report: [...broken.report], witnesses }
    }
    case 'plan':
      return { id, task: 'plan', brief, answer: planOf(brief.selector, of.voice !== undefined) }
    case 'purpose':
    case 'effects':
    case 'voice': {
      const found = facetAnswersOf(of).find(({ facet }) => facet === kind)
      const persona = kind === 'voice' ? 'ROBIN' : 'BRICK'
      const query = facetQuery(brief.selector)
      return found && { id, task: 'facet', persona, facet: kind, query, brief, answer: found.answer }
    }
    default:
      return kind satisfies never
  }
}
