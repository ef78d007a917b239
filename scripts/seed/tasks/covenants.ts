// The data that a text holds, in the form of a covenant: fields in another order than the text's, and not all of what it
// tells.
import type { Field } from '../../../src/mind/tasks.ts'
import { type Split, word } from '../names.ts'
import { chance, integer, pick, type Random, shuffle } from '../random.ts'
import { sameJson, type TaskCase, tasks } from './case.ts'
import { entity, facts, fieldOf, fieldValue } from './facts.ts'

export function drawData(random: Random, split: Split): TaskCase {
  const about = entity(random, split)
  const told = facts(random, split, about, integer(random, 2, 3))
  const sentences = told.map(({ predicate }, place) => `${place === 0 ? about.name : 'and'} ${predicate}`)
  const fields: { readonly field: Field; readonly value: unknown }[] = shuffle(
    random,
    told.map((one) => ({ field: fieldOf(random, one), value: fieldValue(one) })),
  ).slice(0, integer(random, 1, told.length))
  fields.unshift({ field: { name: pick(random, ['name', 'who', 'title']), kind: 'text' }, value: about.name })
  let content = `${sentences.join(' ')}.`
  if (chance(random, 0.25)) {
    const tags = Array.from({ length: integer(random, 1, 3) }, () => word(random, split))
    content += ` Tags: ${tags.join(', ')}.`
    fields.push({ field: { name: 'tags', kind: 'list' }, value: tags })
  }
  if (chance(random, 0.25)) {
    const open = chance(random, 0.5)
    content += open ? ' It is open.' : ' It is closed.'
    fields.push({ field: { name: 'open', kind: 'flag' }, value: open })
  }
  const once = fields.filter(
    ({ field }, place) => fields.findIndex((other) => other.field.name === field.name) === place,
  )
  const answer = JSON.stringify(Object.fromEntries(once.map(({ field, value }) => [field.name, value])))
  return {
    task: 'data',
    ask: tasks.data(
      once.map(({ field }) => field),
      content,
    ),
    answer,
    isRight: (given) => sameJson(given, answer),
  }
}
