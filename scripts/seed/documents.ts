// The documents of the corpus: chat messages in the seed mind's prompt language, with how much of the answer is given.
import { TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { type FacetAnswer, inputsOf } from '../../src/mind/briefs.ts'
import type { ChatMessage } from '../../src/mind/llama-chat.ts'
import { facetQuery, planOf } from '../../src/mind/plan.ts'
import { render } from '../../src/mind/prompts.ts'
import type { TaskName } from '../../src/mind/tasks.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { corrupt } from './corruption.ts'
import type { Course } from './families/course.ts'
import { drawTaught } from './families/taught.ts'
import type { MethodSpec } from './method-spec.ts'
import type { Split } from './names.ts'
import { chance, type Random } from './random.ts'
import { type Choices, type Sample, sample } from './sample.ts'
import type { Wording } from './selector.ts'
import { drawTaskCase } from './tasks/all.ts'
import type { TaskCase } from './tasks/case.ts'

export type Task = 'method' | 'facet' | 'plan' | 'repair' | TaskName

export interface Document {
  readonly task: Task
  readonly messages: readonly ChatMessage[]
  /** Leading characters of the assistant's message that are prefilled. */
  readonly given: number
}

/** Longer documents do not fit the trainer's window. */
const MAX_CHARACTERS = 640

const TEMPLATES = readTemplates(TEMPLATE_NAMES)

/** What the facets of the plan answer for this sample. */
export const facetAnswersOf = (of: Sample): readonly FacetAnswer[] => [
  { facet: 'purpose', answer: of.purpose },
  of.voice === undefined ? { facet: 'effects', answer: of.effects } : { facet: 'voice', answer: of.voice },
]

/** What a template asks, with the answer that is right. */
function document(
  task: keyof typeof TEMPLATES,
  inputs: Readonly<Record<string, string>>,
  answer: string,
): Document | undefined {
  const { messages, prefill } = render(TEMPLATES[task], 'compact', inputs)
  return finished(task, messages, prefill, answer)
}

function finished(
  task: Task,
  messages: readonly ChatMessage[],
  prefill: string,
  answer: string,
): Document | undefined {
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

/**
 * The mixture: what a request of the kernel may look like, in the proportions that training wants. Where a note or an
 * answer stands, the selector often says little or the wrong thing: a model that can go by the selector learns to read
 * nothing else.
 */
export function drawChoices(random: Random, spec: MethodSpec, split: Split): Choices {
  const hint = drawHint(random, spec)
  const answer = hint === 'answer' || (hint === 'note' && !spec.sends && chance(random, 0.2))
  const wording = drawWordingKind(random, spec, hint)
  const nonsense = wording === 'nonsense' || wording === 'garbled'
  return {
    split,
    wording,
    note: hint === 'note' ? 'train' : 'none',
    answer,
    examples: hint === 'answer' && chance(random, nonsense ? 0.5 : 0.1) ? (chance(random, 0.7) ? 1 : 2) : 0,
    decorated: chance(random, 0.07),
    alone: 0.3,
  }
}

type Hint = 'none' | 'note' | 'answer'

function drawHint(random: Random, { open, vague, sends }: MethodSpec): Hint {
  if (open) return vague || chance(random, 0.6) ? 'note' : 'answer'
  const drawn = random()
  if (sends) return drawn < 0.5 ? 'none' : 'note'
  return drawn < 0.5 ? 'none' : drawn < 0.81 ? 'note' : 'answer'
}

function drawWordingKind(random: Random, { vague }: MethodSpec, hint: Hint): Wording {
  const drawn = random()
  if (hint === 'none' || (hint === 'answer' && vague)) return 'train'
  if (hint === 'note')
    return drawn < 0.36 ? 'train' : drawn < 0.64 ? 'garbled' : drawn < 0.84 ? 'nonsense' : 'other'
  return drawn < 0.3 ? 'train' : drawn < 0.66 ? 'garbled' : 'nonsense'
}

/** What is asked for how often. */
const SHARES = {
  method: 0.72,
  repair: 0.065,
  plan: 0.035,
  purpose: 0.04,
  otherFacet: 0.02,
  summary: 0.035,
  child: 0.015,
  thought: 0.025,
  data: 0.025,
  proxy: 0.02,
} as const
type Share = keyof typeof SHARES

/** One document of the corpus; draws again until a draw is usable. */
export function drawDocument(random: Random, split: Split, course: Course): Document {
  for (;;) {
    const share = drawShare(random)
    const made = isTask(share)
      ? taskDocument(drawTaskCase[share](random, split))
      : methodTaskDocument(random, share, { split, course })
    if (made !== undefined) return made
  }
}

function drawShare(random: Random): Share {
  let drawn = random()
  for (const [task, share] of Object.entries(SHARES)) {
    if (drawn < share) return task as Share
    drawn -= share
  }
  return 'method'
}

const isTask = (share: Share): share is TaskName & Share => share in drawTaskCase

const taskDocument = ({ task, ask, answer }: TaskCase): Document | undefined =>
  finished(task, ask.request.messages, ask.request.prefill ?? '', answer)

function methodTaskDocument(
  random: Random,
  share: Exclude<Share, TaskName>,
  { split, course }: { readonly split: Split; readonly course: Course },
): Document | undefined {
  const spec = drawTaught(random, course)
  const choices = drawChoices(random, spec, split)
  const shown =
    share === 'repair' && !spec.sends && chance(random, 0.6) ? { ...choices, answer: true } : choices
  const of = sample(random, spec, shown)
  if (of === undefined) return undefined
  const [purpose, other] = facetAnswersOf(of)
  switch (share) {
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
    default:
      return share satisfies never
  }
}
