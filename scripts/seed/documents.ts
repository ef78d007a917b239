// The documents of the corpus: chat messages in the seed mind's prompt language, with how much of the answer is given.

import { type FacetAnswer, inputsOf } from '../../src/mind/briefs.ts'
import type { ChatMessage } from '../../src/mind/llama-chat.ts'
import { facetQuery, planOf } from '../../src/mind/plan.ts'
import { render } from '../../src/mind/prompts.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { corrupt } from './corruption.ts'
import { drawMethod } from './families/all.ts'
import type { MethodSpec } from './method-spec.ts'
import type { Split } from './names.ts'
import { chance, integer, type Random } from './random.ts'
import { type Choices, type Sample, sample } from './sample.ts'

export type Task = 'method' | 'facet' | 'plan' | 'repair'

export interface Document {
  readonly task: Task
  readonly messages: readonly ChatMessage[]
  /** Leading characters of the assistant's message that are prefilled. */
  readonly given: number
}

/** Longer documents do not fit the trainer's window. */
const MAX_CHARACTERS = 600

const TEMPLATES = readTemplates(['plan', 'facet', 'method', 'repair'])

/** What the facets of the plan answer for this sample. */
export const facetAnswersOf = (of: Sample): readonly FacetAnswer[] => [
  { facet: 'purpose', answer: of.purpose },
  of.voice === undefined ? { facet: 'effects', answer: of.effects } : { facet: 'voice', answer: of.voice },
]

/** What a template asks, with the answer that is right. */
function document(
  task: Task,
  inputs: Readonly<Record<string, string>>,
  answer: string,
): Document | undefined {
  const { messages, prefill } = render(TEMPLATES[task], 'compact', inputs)
  const made = [...messages, { role: 'assistant', content: prefill + answer } as const]
  const length = made.reduce((sum, { content }) => sum + content.length, 0)
  return length > MAX_CHARACTERS ? undefined : { task, messages: made, given: prefill.length }
}

export const methodDocument = (of: Sample): Document | undefined =>
  document('method', inputsOf(of.brief), of.body)

export function facetDocument(of: Sample, { facet, answer }: FacetAnswer): Document | undefined {
  const persona = facet === 'voice' ? 'ROBIN' : 'BRICK'
  return document(
    'facet',
    { ...inputsOf(of.brief), persona, facet, query: facetQuery(of.brief.selector) },
    answer,
  )
}

export const planDocument = (of: Sample): Document | undefined =>
  document('plan', inputsOf(of.brief), planOf(of.brief.selector, of.voice !== undefined))

export function repairDocument(random: Random, of: Sample): Document | undefined {
  const broken = corrupt(random, of)
  if (broken === undefined) return undefined
  const inputs = { ...inputsOf(of.brief), refused: broken.body, report: broken.report.join('\n') }
  return document('repair', inputs, of.body)
}

/** The mixture: what a request of the kernel may look like, in the proportions that training wants. */
export function drawChoices(random: Random, spec: MethodSpec, split: Split): Choices {
  const nonsense = !spec.vague && chance(random, 0.18)
  let note: Choices['note'] = chance(random, 0.3) ? 'train' : 'none'
  let answer = chance(random, 0.35)
  let examples = chance(random, 0.06) ? integer(random, 1, 2) : 0
  if (nonsense) {
    if (chance(random, 0.75)) note = 'train'
    else {
      answer = true
      examples = integer(random, 0, 2)
    }
  }
  if (spec.open && note === 'none' && (spec.vague || chance(random, 0.5))) note = 'train'
  if (spec.open && note === 'none') answer = true
  return {
    split,
    wording: nonsense ? 'nonsense' : 'train',
    note,
    answer,
    examples,
    decorated: !nonsense && chance(random, 0.07),
    alone: 0.3,
  }
}

/** What is asked for how often. */
const SHARES = { method: 0.81, purpose: 0.06, otherFacet: 0.03, plan: 0.03 } as const

/** One document of the corpus; draws again until a draw is usable. */
export function drawDocument(random: Random, split: Split): Document {
  for (;;) {
    const task = drawTask(random)
    const spec = drawMethod(random)
    const choices = drawChoices(random, spec, split)
    const of = sample(
      random,
      spec,
      task === 'repair' && chance(random, 0.6) ? { ...choices, answer: true } : choices,
    )
    const made = of === undefined ? undefined : documentFor(random, task, of)
    if (made !== undefined) return made
  }
}

type Share = keyof typeof SHARES | 'repair'

function drawTask(random: Random): Share {
  let drawn = random()
  for (const [task, share] of Object.entries(SHARES)) {
    if (drawn < share) return task as Share
    drawn -= share
  }
  return 'repair'
}

function documentFor(random: Random, task: Share, of: Sample): Document | undefined {
  const [purpose, other] = facetAnswersOf(of)
  switch (task) {
    case 'method':
      return methodDocument(of)
    case 'purpose':
      return facetDocument(of, purpose!)
    case 'otherFacet':
      return facetDocument(of, other!)
    case 'plan':
      return planDocument(of)
    case 'repair':
      return repairDocument(random, of)
  }
}
