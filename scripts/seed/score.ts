// Prints how good the seed mind is, on names, values, wordings and notes that training never showed. It asks exactly as
// the kernel does: a plan, the facets that the plan names, a draft with their answers, then more drafts and repairs.
//
//   known     a known selector, no example: the first draft counts
//   example   an unseen selector with one answer: up to 8 drafts, the first that the guardian and the example let pass
//   intent    an unseen selector with a note in a known wording about names never seen: up to 8 drafts, the first that
//             the guardian lets pass and that runs
//
// npm run seed:score [-- --json] [--model FILE] [--n N] [--seed N] [--show N]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'
import { makeDrafting } from '../../src/cognition/drafting.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { Asker, type Outcome } from './asker.ts'
import { corrupt } from './corruption.ts'
import { facetAnswersOf } from './documents.ts'
import { drawMethod, METHODS } from './families/all.ts'
import { behavesAs } from './judge.ts'
import type { MethodSpec } from './method-spec.ts'
import { makeRandom, type Random, shuffle } from './random.ts'
import { type Choices, type Sample, sample } from './sample.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    model: { type: 'string', default: join(packageRoot, 'models/seed.gguf') },
    n: { type: 'string', default: '300' },
    seed: { type: 'string', default: '4242' },
    show: { type: 'string', default: '0' },
    threads: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
  },
})
const cases = Number(options.n)
const tries = 8
const marks = { known: 0.9, example: 0.75, intent: 0.85, plans_valid: 0.99 } as const

interface Row {
  right: number
  asked: number
  drafts: number
  readonly failures: string[]
}

const engine = startEngine({ modelPath: options.model, threads: Number(options.threads), gpu: false })
const drafting = makeDrafting({
  templates: readTemplates(['plan', 'facet', 'method', 'repair']),
  profile: 'compact',
})
const asker = new Asker((request) => engine.infer(request), drafting)

async function main(): Promise<void> {
  const known = await row('known', (spec) => spec.open !== true, { wording: 'train' }, 1)
  const example = await row(
    'example',
    (spec) => !(spec.open && spec.vague),
    { wording: 'heldout', answer: true },
    tries,
  )
  const intent = await row('intent', () => true, { wording: 'heldout', note: 'train' }, tries)
  const score = {
    known: share(known),
    example: share(example),
    intent: share(intent),
    plans_valid: asker.plans.valid / Math.max(1, asker.plans.asked),
    n: cases,
  }
  for (const [name, mark] of Object.entries(marks)) tell(name, score[name as keyof typeof marks], mark)
  if (!options.quick) await informal()
  if (options.json) console.log(JSON.stringify(score))
}

/** What the marks do not ask for, but a trainer wants to know. */
async function informal(): Promise<void> {
  console.log(`plans right      ${percent(asker.plans.right / Math.max(1, asker.plans.asked))}`)
  console.log(`facets exact     ${percent(asker.facets.right / Math.max(1, asker.facets.asked))}`)
  const few = Math.ceil(cases / 3)
  await row('intent, new note', () => true, { wording: 'heldout', note: 'heldout' }, tries, { count: few })
  await row('unseen, plain', (spec) => spec.open !== true, { wording: 'heldout' }, 1, { count: few })
  await row('known + example', (spec) => spec.open !== true, { wording: 'train', answer: true }, tries, {
    count: few,
  })
  await row(
    'nonsense + 2 ex',
    (spec) => !spec.vague && !spec.open && (spec.args ?? '') !== '',
    { wording: 'nonsense', answer: true, examples: 1 },
    tries,
    { count: few },
  )
  await row('nonsense + note', () => true, { wording: 'nonsense', note: 'train' }, tries, { count: few })
  await repairs(few)
}

interface RowOptions {
  readonly facets?: boolean
  readonly count?: number
}

async function row(
  name: string,
  among: (spec: MethodSpec) => boolean,
  choices: Partial<Choices>,
  most: number,
  { facets = true, count = cases }: RowOptions = {},
): Promise<Row> {
  const random = makeRandom(Number(options.seed) + name.length * 7919)
  const made: Row = { right: 0, asked: 0, drafts: 0, failures: [] }
  const started = Date.now()
  for (const of of draw(random, METHODS.filter(among), choices, count)) {
    const outcome = await asker.write(of, { tries: most, facets })
    made.asked++
    made.drafts += outcome.drafts
    if (outcome.source !== undefined && behavesAs(of, outcome.source, random)) made.right++
    else made.failures.push(failure(of, outcome))
  }
  const seconds = (Date.now() - started) / 1000
  console.log(
    `${name.padEnd(16)} ${percent(share(made))}  ${made.right} of ${made.asked}, ${(made.drafts / made.asked).toFixed(2)} drafts each, ${seconds.toFixed(0)} s`,
  )
  for (const text of shuffle(random, made.failures).slice(0, Number(options.show))) console.log(`${text}\n`)
  return made
}

/** Samples of methods, each as often as it is asked for. */
function* draw(
  random: Random,
  specs: readonly MethodSpec[],
  choices: Partial<Choices>,
  count: number,
): Generator<Sample> {
  for (let made = 0; made < count; ) {
    const full: Choices = {
      split: 'heldout',
      wording: 'train',
      note: 'none',
      answer: false,
      examples: 0,
      ...choices,
    }
    const of = sample(random, drawMethod(random, specs), full)
    if (of === undefined) continue
    made++
    yield of
  }
}

async function repairs(count: number): Promise<void> {
  const random = makeRandom(Number(options.seed) + 99)
  let [asked, right] = [0, 0]
  for (let i = 0; asked < count; i++) {
    const of = sample(random, drawMethod(random), {
      split: 'heldout',
      wording: 'train',
      note: 'none',
      answer: i % 2 === 0,
      examples: 0,
    })
    const broken = of === undefined || of.spec.open ? undefined : corrupt(random, of)
    if (of === undefined || broken === undefined) continue
    asked++
    const source = await asker.repair(of, broken)
    if (source !== undefined && behavesAs(of, source, random)) right++
  }
  console.log(`${'repairs'.padEnd(16)} ${percent(right / asked)}  ${right} of ${asked}`)
}

const share = ({ right, asked }: Row): number => (asked === 0 ? 0 : right / asked)
const percent = (part: number): string => `${(part * 100).toFixed(1).padStart(5)} %`
const tell = (name: string, got: number, mark: number): void =>
  console.log(
    `${name.padEnd(16)} ${percent(got)}  mark ${percent(mark)}  ${got >= mark ? 'reached' : 'MISSED'}`,
  )

const failure = (of: Sample, outcome: Outcome): string =>
  [
    `-- ${of.spec.id}: ${outcome.prompt.replaceAll('\n', ' | ')}`,
    `   facets ${facetAnswersOf(of)
      .map(({ answer }) => answer)
      .join(' / ')} ; answered ${outcome.answers.map(({ answer }) => answer).join(' / ')}`,
    `   wanted ${of.body.replace(/\s+/g, ' ')}`,
    `   got    ${(outcome.source ?? `nothing (${outcome.reason})`).replace(/^.*\n/, '').replace(/\s+/g, ' ')}`,
  ].join('\n')

try {
  await main()
} finally {
  await engine.stop()
}
