// Which children of a node come near a question, by the words of their summaries alone. A word counts by how few of the
// children have it (what all have tells nothing), whole, as its stem, and by its groups of three letters, so that
// `bakery` finds `baker`. A question for a number is nearer to a summary that has one. A pure function of the texts;
// embeddings, where there are some, add to the score.
//
// One child that is clearly nearer than all others is the answer; otherwise the mind is asked about the few that are near.

const WHOLE = 2
const STEM = 1.5
const LETTERS = 0.35
const NUMBER = 1.5
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
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !SMALL.has(word))

const stemOf = (word: string): string => word.replace(/(?<=...)(?:ing|ed|es|er|s|e|y)$/, '')

/** The kind of answer that a question asks for (Li and Roth, Learning question classifiers, 2002), numbers only. */
const ASKS_FOR_NUMBER = /\b(?:how (?:many|much|old|far|long|tall|heavy|often)|when|(?:what|which) year)\b/i

/** What a text is compared by, each with its weight. */
function features(text: string, hasNumber: RegExp): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  if (hasNumber.test(text)) found.set('#', NUMBER)
  for (const word of wordsOf(text)) {
    found.set(`=${word}`, WHOLE)
    found.set(`~${stemOf(word)}`, STEM)
    for (let at = 0; at + 3 <= word.length; at++) found.set(word.slice(at, at + 3), LETTERS)
  }
  return found
}

/** How near each summary is to the question; 0 when they share nothing. */
export function rankChildren(question: string, summaries: readonly string[]): readonly number[] {
  const children = summaries.map((summary) => features(summary, /\d/))
  const asked = features(question, ASKS_FOR_NUMBER)
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
