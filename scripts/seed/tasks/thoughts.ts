// A step of the search for an answer: nothing found yet, or nothing that is about the question (search), a summary that is
// (descend), an opened text that tells it (finish).
import type { Found, NextThought } from '../../../src/mind/tasks.ts'
import type { Split } from '../names.ts'
import { chance, integer, pick, type Random, shuffle } from '../random.ts'
import { sameJson, type TaskCase, tasks } from './case.ts'
import { entity, facts, summaryOf } from './facts.ts'

export function drawThought(random: Random, split: Split): TaskCase {
  const about = entity(random, split)
  const [asked, beside] = facts(random, split, about, 2)
  const found: Found[] = Array.from({ length: integer(random, 0, 2) }, () => ({
    kind: 'summary',
    line: summaryOf(facts(random, split, entity(random, split), 2)),
  }))
  const next = pick(random, ['search', 'descend', 'finish'] as const)
  const promising: Found = { kind: 'summary', line: summaryOf([beside!]) }
  const telling: Found = { kind: 'text', line: `${about.name} ${asked!.predicate}.` }
  if (next === 'descend' || (next === 'finish' && chance(random, 0.5))) found.push(promising)
  shuffle(random, found)
  // opened texts stand last, after the summaries that led to them
  if (next === 'finish') found.push(telling)
  const number = 1 + found.indexOf(promising)
  const thought: NextThought = {
    known: next === 'finish' ? telling.line : '',
    missing: next === 'finish' ? '' : asked!.question,
    next,
    about: next === 'search' ? about.name : next === 'descend' ? String(number) : '',
  }
  const answer = JSON.stringify(thought)
  return {
    task: 'thought',
    ask: tasks.thought(asked!.question, found),
    answer,
    isRight: (given) => sameJson(given, answer),
  }
}
