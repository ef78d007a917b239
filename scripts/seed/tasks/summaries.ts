// A text and the line by which it is found again: the name of what it is about, and the first two things told of it. Texts
// come as prose, as notes under a heading, and as code.
import { signatureOf } from '../../../src/mind/briefs.ts'
import { drawMethod } from '../families/all.ts'
import type { Split } from '../names.ts'
import { chance, integer, pick, type Random } from '../random.ts'
import { sample } from '../sample.ts'
import { type TaskCase, tasks } from './case.ts'
import { entity, type Fact, facts, summaryOf } from './facts.ts'

/** Sentences that tell nothing of the one who is meant. */
export const FILLERS: Record<Split, readonly string[]> = {
  train: [
    'Nobody knows why.',
    'The weather was fine that day.',
    'This was written down later.',
    'More is not known.',
    'It is a long story.',
    'Others say the same.',
    'Many have asked about this.',
    'There is a song about it.',
    'There are stories of another kind.',
    'Here is what we found.',
    'Few people care.',
    'Some of this may be wrong.',
    'The old books say little.',
    'All of it is true.',
    'We have it from a friend.',
    'Read this with care.',
    'This is a short note.',
    'Not everyone agrees.',
    'The list is not complete.',
    'Those were hard times.',
    'What follows is new.',
    'Please keep this.',
    'I heard it yesterday.',
    'You may have heard otherwise.',
    'Two witnesses were asked.',
    'For more see the archive.',
    'It rained all week.',
    'None of it was ever printed.',
    'A picture of it has been lost.',
    'Time will tell.',
  ],
  heldout: ['There are letters about it.', 'Few have heard of this.', 'The rest is silence.'],
}
/** Words before a sentence that tell nothing. */
export const OPENINGS: Record<Split, readonly string[]> = {
  train: [
    'As far as we know ',
    'They say that ',
    'According to the list ',
    'Remember: ',
    'Everybody knows that ',
    'It is said that ',
    'Please note: ',
    'In short, ',
    'From the archive: ',
    'We can be sure that ',
    'By all accounts ',
  ],
  heldout: ['It is well known that ', 'For the record: '],
}
const PRONOUNS = { person: ['She', 'He'], thing: ['It'], place: ['It'] } as const

export function drawSummary(random: Random, split: Split): TaskCase {
  for (;;) {
    const made = chance(random, 0.12) ? ofCode(random, split) : ofFacts(random, split)
    if (made !== undefined) return made
  }
}

/** Whether a summary names what the text is about. */
const keeps = (name: string) => (answer: string) => answer.includes(name)

function ofFacts(random: Random, split: Split): TaskCase {
  const about = entity(random, split)
  const told = facts(random, split, about, integer(random, 2, 4))
  const content = chance(random, 0.25) ? notes(told) : prose(random, split, told)
  const answer = summaryOf(told.slice(0, 2))
  return { task: 'summary', ask: tasks.summary(content), answer, isRight: keeps(about.name) }
}

const notes = (told: readonly Fact[]): string =>
  `# ${told[0]!.entity.name}\n${told.map(({ predicate }) => `- ${predicate}`).join('\n')}`

function prose(random: Random, split: Split, told: readonly Fact[]): string {
  const { name, kind } = told[0]!.entity
  const sentences = told.map(({ predicate }, place) => {
    const opening = place === 0 && chance(random, 0.2) ? pick(random, OPENINGS[split]) : ''
    const subject = place === 0 || chance(random, 0.35) ? name : pick(random, PRONOUNS[kind])
    return `${opening}${subject} ${predicate}.`
  })
  if (chance(random, 0.4))
    sentences.splice(integer(random, 0, sentences.length), 0, pick(random, FILLERS[split]))
  return sentences.join(' ')
}

/** The text of a method: its name and its purpose. */
function ofCode(random: Random, split: Split): TaskCase | undefined {
  const spec = drawMethod(random)
  if (spec.open) return undefined
  const wording = split === 'train' ? 'train' : 'heldout'
  const of = sample(random, spec, { split, wording, note: 'none', answer: false, examples: 0 })
  if (of === undefined) return undefined
  const { selector, args } = of.brief
  const content = signatureOf(selector, args.length) + of.body
  return {
    task: 'summary',
    ask: tasks.summary(content),
    answer: `${selector} ${of.purpose}`,
    isRight: keeps(selector),
  }
}
