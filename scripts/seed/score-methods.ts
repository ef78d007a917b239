// The rows of the score that are about methods: each draws messages of one kind and has them answered.
import type { Asker, Outcome } from './asker.ts'
import { corrupt } from './corruption.ts'
import { facetAnswersOf } from './documents.ts'
import { drawMethod, familyOf } from './families/all.ts'
import { type Course, methodsOf } from './families/course.ts'
import { behavesAs } from './judge.ts'
import type { MethodSpec } from './method-spec.ts'
import type { Random } from './random.ts'
import { type Choices, type Sample, sample } from './sample.ts'
import type { Row } from './tally.ts'

/** Drafts that an unseen message may take. */
const TRIES = 8

export interface MethodRow {
  readonly among: (spec: MethodSpec) => boolean
  readonly choices: Partial<Choices>
  readonly tries: number
  /** A mission with this kind of message is planned, as in the kernel. */
  readonly plan: boolean
}

const hasArguments = ({ args = '' }: MethodSpec): boolean => args !== ''

export const METHOD_ROWS = {
  known: { among: ({ open }) => !open, choices: {}, tries: 1, plan: true },
  example: {
    among: ({ open, vague, sends }) => !sends && !(open && vague),
    choices: { wording: 'heldout', answer: true },
    tries: TRIES,
    plan: true,
  },
  intent: { among: () => true, choices: { wording: 'heldout', note: 'train' }, tries: TRIES, plan: true },
  nonsense: {
    among: (spec) => !spec.sends && !spec.vague && !spec.open && hasArguments(spec),
    choices: { wording: 'nonsense', answer: true, examples: 1 },
    tries: TRIES,
    plan: false,
  },
  'intent, new note': {
    among: () => true,
    choices: { wording: 'heldout', note: 'heldout' },
    tries: TRIES,
    plan: false,
  },
  'unseen, plain': { among: ({ open }) => !open, choices: { wording: 'heldout' }, tries: 1, plan: false },
  'known + example': {
    among: ({ open, sends }) => !open && !sends,
    choices: { answer: true },
    tries: TRIES,
    plan: false,
  },
  'nonsense + note': {
    among: () => true,
    choices: { wording: 'nonsense', note: 'train' },
    tries: TRIES,
    plan: false,
  },
} as const satisfies Readonly<Record<string, MethodRow>>

const FRESH: Choices = { split: 'heldout', wording: 'train', note: 'none', answer: false, examples: 0 }

/** Asks for so many methods. */
export async function scoreMethods(
  row: Row,
  asker: Asker,
  { among, choices, tries, plan }: MethodRow,
  how: {
    readonly random: Random
    readonly course: Course
    readonly cases: number
    readonly facets: boolean
  },
): Promise<void> {
  const { random, course, cases, facets } = how
  const specs = methodsOf(course).filter(among)
  while (row.asked < cases) {
    const of = sample(random, drawMethod(random, specs), { ...FRESH, ...choices })
    if (of === undefined || (of.brief.witnesses?.length ?? 0) < (choices.examples ?? 0)) continue
    const outcome = await asker.write(of, { tries, plan, facets: facets && plan })
    const isRight = outcome.source !== undefined && behavesAs(of, outcome.source, random)
    row.count(isRight, familyOf(of.spec), () => describe(of, outcome))
  }
}

/** Has broken methods mended, from the report of the guardian or the trial. */
export async function scoreRepairs(
  row: Row,
  asker: Asker,
  how: { readonly random: Random; readonly course: Course; readonly cases: number },
): Promise<void> {
  const { random, course, cases } = how
  for (let i = 0; row.asked < cases; i++) {
    const of = sample(random, drawMethod(random, methodsOf(course)), { ...FRESH, answer: i % 2 === 0 })
    const broken = of === undefined || of.spec.open ? undefined : corrupt(random, of)
    if (of === undefined || broken === undefined) continue
    const source = await asker.repair(of, broken)
    const isRight = source !== undefined && behavesAs(of, source, random)
    const kind = broken.report[0]!.split(' ').slice(0, 2).join(' ')
    row.count(
      isRight,
      kind,
      () => `-- ${kind}: ${flat(broken.body)} | ${broken.report.join(' | ')}
   wanted ${flat(of.body)}
   got    ${bodyOf(source)}`,
    )
  }
}

const flat = (text: string): string => text.replace(/\s+/g, ' ')
const bodyOf = (source: string | undefined): string => flat((source ?? 'nothing').replace(/^.*\n/, ''))

const describe = (of: Sample, outcome: Outcome): string =>
  [
    `-- ${of.spec.id}: ${outcome.prompt.replaceAll('\n', ' | ')}`,
    `   facets ${facetAnswersOf(of)
      .map(({ answer }) => answer)
      .join(' / ')} ; answered ${outcome.answers.map(({ answer }) => answer).join(' / ')}`,
    `   wanted ${flat(of.body)}`,
    `   got    ${outcome.source === undefined ? `nothing (${outcome.reason})` : bodyOf(outcome.source)}`,
  ].join('\n')
