// A question, and summaries of which one promises the answer. Some others are about the same one, some tell the same of
// others; in most the words decide, and the ranking does without the mind. What the mind is asked are the nearest.
import type { Split } from '../names.ts'
import { chance, integer, pick, type Random, shuffle } from '../random.ts'
import { type TaskCase, tasks } from './case.ts'
import { entity, type Fact, fact, facts, summaryOf } from './facts.ts'

export interface ChildQuestion {
  readonly question: string
  readonly summaries: readonly string[]
  /** The place of the right one. */
  readonly right: number
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
  const mixed = shuffle(random, [...children])
  return { question: asked!.question, summaries: mixed.map(summaryOf), right: mixed.indexOf(children[0]!) }
}

export function drawChild(random: Random, split: Split): TaskCase {
  const { question, summaries, right } = drawChildQuestion(random, split, pick(random, [2, 3, 4]))
  const answer = String(right + 1)
  return {
    task: 'child',
    ask: tasks.child(question, summaries),
    answer,
    isRight: (given) => given.trim() === answer,
  }
}
