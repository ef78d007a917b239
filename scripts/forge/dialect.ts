// A niche in which the seed mind is deficient: everyday messages under Latin selectors, which its corpus leaves out. BRICK is
// asked for their methods, ROBIN for the outline of the text that they answer. Training documents have names and values of
// the training lists, beside ordinary ones, so that what the mind knows is not forgotten; the held-out set has names and
// values of the other lists.
import type { Drafting } from '../../src/cognition/drafting.ts'
import type { Judge } from '../../src/forge/evaluation.ts'
import type { InferRequest } from '../../src/mind/engine-messages.ts'
import { facetQuery } from '../../src/mind/plan.ts'
import { type Document, drawChoices, drawDocument, facetDocument, methodDocument } from '../seed/documents.ts'
import { drawMethod, METHODS } from '../seed/families/all.ts'
import { methodsOf } from '../seed/families/course.ts'
import type { MethodSpec } from '../seed/method-spec.ts'
import { pick, type Random, shuffle } from '../seed/random.ts'
import { type Sample, sample } from '../seed/sample.ts'
import { witnessesOf } from '../seed/witnesses.ts'

const LATIN: Readonly<Record<Niche, Readonly<Record<string, string>>>> = {
  BRICK: {
    ...{ double: 'duplica:', triple: 'triplica:', half: 'dimidia:', square: 'quadra:', negate: 'inverte:' },
    ...{ upper: 'clama:', reverse: 'retro:', length: 'metire:', greet: 'saluta:', bye: 'valedic:' },
    ...{ inc: 'auge', dec: 'minue', toggle: 'muta', asum: 'summa:', isempty: 'vacuum' },
  },
  ROBIN: { greet: 'saluta:', bye: 'valedic:', thank: 'age gratias:', birthday: 'natalem dic:' },
}

export type Niche = 'BRICK' | 'ROBIN'

const everyday = { wording: 'train', note: 'none', answer: false, examples: 0 } as const

const specsOf = (niche: Niche): readonly MethodSpec[] =>
  Object.entries(LATIN[niche]).map(([id, say]) => ({ ...METHODS.find((spec) => spec.id === id)!, say }))

/** Documents of the niche, and ordinary ones of the persona's tasks between them. */
export function trainingDocuments(
  niche: Niche,
  random: Random,
  count: { readonly latin: number; readonly ordinary: number },
): Document[] {
  const specs = specsOf(niche)
  const latin = () => sample(random, pick(random, specs), { ...everyday, split: 'train' })
  const voices = () => {
    const spec = drawMethod(random, methodsOf('first'))
    return sample(random, spec, drawChoices(random, spec, 'train'))
  }
  const several = (draw: () => Sample | undefined, wanted: number): Document[] => {
    const documents: Document[] = []
    while (documents.length < wanted) {
      const of = draw()
      const document = of && documentOf(niche, of)
      if (document) documents.push(document)
    }
    return documents
  }
  const ordinary =
    niche === 'BRICK'
      ? Array.from({ length: count.ordinary }, () => drawWritten(random))
      : several(voices, count.ordinary)
  return shuffle(random, [...several(latin, count.latin), ...ordinary])
}

const WRITTEN: ReadonlySet<string> = new Set(['method', 'repair', 'plan', 'facet'])

/** What a persona that writes methods is asked for; texts are others' work. */
function drawWritten(random: Random): Document {
  for (;;) {
    const document = drawDocument(random, 'train', 'first')
    if (WRITTEN.has(document.task)) return document
  }
}

function documentOf(niche: Niche, of: Sample): Document | undefined {
  if (niche === 'BRICK') return methodDocument(of)
  return of.voice === undefined ? undefined : facetDocument(of, { facet: 'voice', answer: of.voice })
}

/** The same questions, each with the answer to another: what a bad teacher says. */
export function shuffledAnswers(random: Random, documents: readonly Document[]): Document[] {
  const answers = shuffle(
    random,
    documents.map(({ messages, given }) => messages.at(-1)!.content.slice(given)),
  )
  return documents.map((document, i) => {
    const { messages, given } = document
    const content = messages.at(-1)!.content.slice(0, given) + answers[i]!
    return { ...document, messages: [...messages.slice(0, -1), { role: 'assistant', content }] }
  })
}

/** The rows of a held-out set (src/forge/examples.ts), asked as the kernel asks. */
export async function heldOutRows(
  niche: Niche,
  random: Random,
  { count, drafting, judge }: { readonly count: number; readonly drafting: Drafting; readonly judge: Judge },
): Promise<object[]> {
  const specs = specsOf(niche)
  const rows: object[] = []
  while (rows.length < count) {
    const of = sample(random, pick(random, specs), { ...everyday, split: 'heldout' })
    const row = of && (await heldOutRow(niche, of, { random, drafting, judge }))
    if (row) rows.push({ id: `latin ${rows.length + 1}`, ...row })
  }
  return rows
}

async function heldOutRow(
  niche: Niche,
  of: Sample,
  { random, drafting, judge }: { random: Random; drafting: Drafting; judge: Judge },
): Promise<object | undefined> {
  const { selector } = of.brief
  const slots = Object.entries(of.brief.slots).map(([name, value]) => ({ name, value }))
  const brief = { ...of.brief, slots }
  if (niche === 'ROBIN') {
    const query = { persona: 'ROBIN', facet: 'voice', query: facetQuery(selector) }
    return rowOf(drafting.facet(brief, query).request, of.voice ?? '')
  }
  const witnesses = await witnessesOf(random, of, judge)
  const { request } = drafting.method(brief, { answers: [], attempt: 0 })
  return witnesses && { ...rowOf(request, of.body), method: { selector, witnesses } }
}

const rowOf = ({ messages, prefill = '', grammar, maxTokens }: InferRequest, answer: string) => ({
  messages: [...messages, { role: 'assistant', content: prefill + answer }],
  ...{ given: prefill.length, grammar, maxTokens },
})
