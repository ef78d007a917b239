// A question, and summaries of which one promises the answer. Some others are about the same one, some tell the same of
// others; in most the words decide, and the ranking does without the mind. The mind is asked about the nearest, for the words
// that promise the answer. To learn from, there are also texts that are all about the same one.
import { childOf, nearestChildren } from '../../../src/memory/child-ranking.ts'
import type { Split } from '../names.ts'
import { chance, integer, pick, type Random, shuffle } from '../random.ts'
import { type TaskCase, tasks } from './case.ts'
import { entity, type Fact, fact, facts, summaryOf } from './facts.ts'

export interface ChildQuestion {
  readonly question: string
  readonly summaries: readonly string[]
  /** The place of the right one. */
  readonly right: number
  /** What the right one says of it. */
  readonly quote: string
}

/** `most` children at most. */
export function drawChildQuestion(random: Random, split: Split, most: number): ChildQuestion {
  const about = entity(random, split)
  const [asked, beside, ...others] = facts(random, split, about, 4)
  const children: (readonly Fact[])[] = [chance(random, 0.5) ? [asked!, beside!] : [beside!, asked!]]
  if (chance(random, 0.5)) children.push(others)
  const count = integer(random, Math.min(3, most), most)
  while (children.length < count) {
    const other = entity(random, split)
    if (other.name === about.name) continue
    const told = facts(random, split, other, 2)
    children.push(
      other.kind === about.kind && chance(random, 0.6)
        ? [fact(random, split, other, [asked!.relation]), told[0]!]
        : told,
    )
  }
  return asking(random, asked!, children)
}

const asking = (random: Random, asked: Fact, children: readonly (readonly Fact[])[]): ChildQuestion => {
  const mixed = shuffle(random, [...children])
  const right = mixed.findIndex((told) => told.includes(asked))
  return { question: asked.question, summaries: mixed.map(summaryOf), right, quote: asked.predicate }
}

export function drawChild(random: Random, split: Split): TaskCase {
  const { question, summaries, right, quote } = (chance(random, 0.5) ? drawNear : drawAlike)(random, split)
  return {
    task: 'child',
    ask: tasks.child(question, summaries),
    answer: quote,
    isRight: (given) => childOf(question, summaries, given) === right,
  }
}

/** What the ranking leaves to the mind. */
function drawNear(random: Random, split: Split): ChildQuestion {
  for (;;) {
    const drawn = drawChildQuestion(random, split, 8)
    const near = nearestChildren(drawn.question, drawn.summaries)
    const right = near.indexOf(drawn.right)
    if (near.length > 1 && right >= 0)
      return { ...drawn, summaries: near.map((place) => drawn.summaries[place]!), right }
  }
}

/** Two or three children about the same one. */
function drawAlike(random: Random, split: Split): ChildQuestion {
  const told = facts(random, split, entity(random, split), pick(random, [4, 6]))
  const children = Array.from({ length: told.length / 2 }, (_, pair) => told.slice(2 * pair, 2 * pair + 2))
  return asking(random, pick(random, told), children)
}
