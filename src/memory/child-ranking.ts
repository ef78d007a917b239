// Which children of a node come near a question, by the words of their summaries alone. A word counts by how few of the
// children have it (what all have tells nothing), whole, as its stem, and by its groups of three letters, so that
// `bakery` finds `baker`. A summary with what a question asks for (a number, a place, a person, something else) is nearer
// than one without. A pure function of the texts: there are no embeddings yet.
//
// One child that is clearly nearer than all others is the answer; otherwise the mind is asked about the few that are near.

const WHOLE = 2
const STEM = 1.5
const LETTERS = 0.35
const KIND = 3
/** Who has less than this share of the best score is not near. */
const NEAR = 0.9
const MOST = 4

/** Words that questions are made of. */
const SMALL = new Set(
  'a an and are as at be by can did do does for from had has have he her his how in is it its many much of on or she the their they to was were what when where which who whose why with'.split(
    ' ',
  ),
)

const wordsOf = (text: string): readonly string[] =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '' && !SMALL.has(word))
    .map((word) => word.toLowerCase())

/** Without its ending, and the consonant that was doubled for it: `shipped` as `ships`. */
const stemOf = (word: string): string =>
  word.replace(/(?<=...)(?:([^aeiouls])\1(?:ing|ed|er)|(?:ing|ed|es|er|s|e|y))$/, '$1')

/** What a question can ask for: the coarse classes of Li and Roth, Learning question classifiers, 2002. */
type AnswerKind = 'number' | 'place' | 'person' | 'other'

const ASKS_FOR: readonly (readonly [AnswerKind, RegExp])[] = [
  [
    'number',
    /\bhow (?:many|much|old|far|long|tall|large|heavy|often)\b|\bwhen\b|\b(?:what|which) (?:year|age|price|weight|port)\b/i,
  ],
  ['place', /\bwhere\b|\b(?:what|which) (?:place|city|town|village|country|street|room)\b/i],
  ['person', /\b(?:who|whom|whose)\b/i],
  ['other', /\b(?:what|which)\b/i],
]

const asksFor = (question: string): AnswerKind | undefined =>
  ASKS_FOR.find(([, words]) => words.test(question))?.[0]

/** What the clauses of a summary could answer; the name that it begins with is none of it. */
const kindsIn = (summary: string): readonly AnswerKind[] =>
  summary
    .replace(/^(?:[A-Z]\S*\s+)+/, '')
    .split(/[,;.]\s/)
    .map(kindOf)

function kindOf(clause: string): AnswerKind {
  if (/\d/.test(clause)) return 'number'
  if (/\b(?:at|from|in|near|to) (?:the )?\p{Lu}/u.test(clause)) return 'place'
  return /\p{Lu}/u.test(clause) ? 'person' : 'other'
}

/** What a text is compared by, each with its weight. */
function features(text: string, kinds: readonly AnswerKind[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>(kinds.map((kind) => [`?${kind}`, KIND]))
  for (const word of wordsOf(text)) {
    found.set(`=${word}`, WHOLE)
    found.set(`~${stemOf(word)}`, STEM)
    for (let at = 0; at + 3 <= word.length; at++) found.set(word.slice(at, at + 3), LETTERS)
  }
  return found
}

/** How near each summary is to the question; 0 when they share nothing. */
export function rankChildren(question: string, summaries: readonly string[]): readonly number[] {
  const children = summaries.map((summary) => features(summary, kindsIn(summary)))
  const kind = asksFor(question)
  const asked = features(question, kind ? [kind] : [])
  return children.map((child) => {
    let score = 0
    for (const [feature, weight] of asked) {
      if (!child.has(feature)) continue
      const holders = children.filter((other) => other.has(feature)).length
      score += weight * Math.log(1 + summaries.length / holders)
    }
    return score
  })
}

/** The places of the children worth asking about, the nearest first: one where the words decide. */
export function nearestChildren(question: string, summaries: readonly string[]): readonly number[] {
  const scores = rankChildren(question, summaries)
  const best = Math.max(...scores)
  return scores
    .map((score, place) => ({ score, place }))
    .filter(({ score }) => score >= best * NEAR)
    .sort((x, y) => y.score - x.score)
    .slice(0, MOST)
    .map(({ place }) => place)
}
