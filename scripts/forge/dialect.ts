// A niche in which the seed mind is deficient: everyday methods under Latin selectors, which its corpus leaves out. Training
// documents have names and values of the training lists, beside ordinary documents, so that what the mind knows is not
// forgotten; the held-out set has names and values of the other lists.

import type { Drafting } from '../../src/cognition/drafting.ts'
import type { Judge } from '../../src/forge/evaluation.ts'
import { type Document, drawDocument, methodDocument } from '../seed/documents.ts'
import { METHODS } from '../seed/families/all.ts'
import { pick, type Random, shuffle } from '../seed/random.ts'
import { sample } from '../seed/sample.ts'
import { witnessesOf } from '../seed/witnesses.ts'

const LATIN: Readonly<Record<string, string>> = {
  double: 'duplica:',
  triple: 'triplica:',
  half: 'dimidia:',
  square: 'quadra:',
  negate: 'inverte:',
  upper: 'clama:',
  reverse: 'retro:',
  length: 'metire:',
  greet: 'saluta:',
  bye: 'valedic:',
  inc: 'auge',
  dec: 'minue',
  toggle: 'muta',
  asum: 'summa:',
  isempty: 'vacuum',
}

export interface DialectOptions {
  readonly random: Random
  /** How many of the Latin selectors are used; all when absent. */
  readonly selectors?: number
}

const everyday = { wording: 'train', note: 'none', answer: false, examples: 0 } as const

function specsOf({ selectors = Number.POSITIVE_INFINITY }: DialectOptions) {
  return Object.entries(LATIN)
    .slice(0, selectors)
    .map(([id, say]) => ({ ...METHODS.find((spec) => spec.id === id)!, say }))
}

/** So many documents in the dialect, and ordinary ones between them. */
export function trainingDocuments(
  options: DialectOptions,
  count: { readonly latin: number; readonly ordinary: number },
): Document[] {
  const { random } = options
  const specs = specsOf(options)
  const documents = Array.from({ length: count.ordinary }, () => drawDocument(random, 'train'))
  while (documents.length < count.latin + count.ordinary) {
    const of = sample(random, pick(random, specs), { ...everyday, split: 'train' })
    const document = of && methodDocument(of)
    if (document) documents.push(document)
  }
  return shuffle(random, documents)
}

/** The same questions, each with the answer of another: what a bad teacher says. */
export function shuffledAnswers(random: Random, documents: readonly Document[]): Document[] {
  const answers = shuffle(
    random,
    documents.map(({ messages, given }) => messages.at(-1)!.content.slice(given)),
  )
  return documents.map(({ messages, given, ...rest }, i) => {
    const start = messages.at(-1)!.content.slice(0, given)
    return {
      ...rest,
      messages: [...messages.slice(0, -1), { role: 'assistant', content: start + answers[i]! }],
      given,
    }
  })
}

/** The rows of a held-out set (src/forge/examples.ts), asked as the kernel asks. */
export async function heldOutRows(
  options: DialectOptions,
  { count, drafting, judge }: { readonly count: number; readonly drafting: Drafting; readonly judge: Judge },
): Promise<object[]> {
  const { random } = options
  const specs = specsOf(options)
  const rows: object[] = []
  while (rows.length < count) {
    const of = sample(random, pick(random, specs), { ...everyday, split: 'heldout' })
    const witnesses = of && (await witnessesOf(random, of, judge))
    if (of === undefined || witnesses === undefined) continue
    const slots = Object.entries(of.brief.slots).map(([name, value]) => ({ name, value }))
    const { request } = drafting.method({ ...of.brief, slots }, { answers: [], attempt: 0 })
    const { messages, prefill = '', grammar, maxTokens } = request
    rows.push({
      id: `latin ${rows.length + 1}`,
      messages: [...messages, { role: 'assistant', content: prefill + of.body }],
      ...{ given: prefill.length, grammar, maxTokens },
      method: { selector: of.brief.selector, witnesses },
    })
  }
  return rows
}
