// Small worlds for the tasks about texts: somebody or something, and what is told of it, with names and values from open
// pools.
import type { Value } from '../../../src/base/value.ts'
import type { Field } from '../../../src/mind/tasks.ts'
import { person, type Split, WORDS, word } from '../names.ts'
import { chance, integer, pick, type Random } from '../random.ts'
import { type Kind, RELATIONS, type Relation } from './relations.ts'

export interface Entity {
  readonly kind: Kind
  readonly name: string
}

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)
const place = (random: Random, split: Split): string =>
  capital(word(random, split)) +
  (chance(random, 0.3) ? pick(random, ['ville', 'burg', ' Bay', 'ton', 'field']) : '')

function nameOf(random: Random, split: Split, kind: Kind): string {
  if (kind === 'place') return place(random, split)
  if (kind === 'person')
    return chance(random, 0.5)
      ? person(random, split)
      : `${person(random, split)} ${capital(word(random, split))}`
  return chance(random, 0.5)
    ? `${capital(word(random, split))} ${pick(random, ['Engine', 'Lamp', 'Bridge', 'Server', 'Clock', 'Vase', 'Pump', 'Tower'])}`
    : `${capital(word(random, split))}${integer(random, 1, 99)}`
}

export const entity = (random: Random, split: Split): Entity => {
  const kind = pick(random, ['person', 'person', 'thing', 'place'] as const)
  return { kind, name: nameOf(random, split, kind) }
}

export interface Fact {
  readonly entity: Entity
  readonly relation: Relation
  readonly value: string
  /** With its value: what stands after the name. */
  readonly predicate: string
  readonly question: string
}

export function fact(random: Random, split: Split, about: Entity, among: readonly Relation[]): Fact {
  const relation = pick(random, among)
  const value = drawValue(random, split, relation.value)
  return {
    entity: about,
    relation,
    value,
    predicate: pick(random, relation[split].say).replace('V', value),
    question: pick(random, relation[split].ask).replace('E', about.name),
  }
}

/** So many facts of different kinds about one entity. */
export function facts(random: Random, split: Split, about: Entity, count: number): readonly Fact[] {
  let left = RELATIONS.filter(({ of }) => of.includes(about.kind))
  return Array.from({ length: count }, () => {
    const made = fact(random, split, about, left)
    left = left.filter((relation) => relation !== made.relation)
    return made
  })
}

function drawValue(random: Random, split: Split, kind: Relation['value']): string {
  switch (kind) {
    case 'word':
      return word(random, split)
    case 'words':
      return `${pick(random, WORDS[split])} ${word(random, split)}`
    case 'place':
      return place(random, split)
    case 'person':
      return person(random, split)
    case 'number':
      return String(integer(random, 2, chance(random, 0.5) ? 99 : 9000))
    case 'year':
      return String(integer(random, 1600, 2030))
    default:
      return kind satisfies never
  }
}

export const isNumber = ({ relation }: Fact): boolean =>
  relation.value === 'number' || relation.value === 'year'

export const fieldOf = (random: Random, of: Fact): Field => ({
  name: pick(random, of.relation.field),
  kind: isNumber(of) ? 'number' : 'text',
})
export const fieldValue = (of: Fact): Value => (isNumber(of) ? Number(of.value) : of.value)

/** What is known of one entity, in one line. */
export const summaryOf = (about: readonly Fact[]): string =>
  `${about[0]!.entity.name} ${about.map(({ predicate }) => predicate).join(', ')}`
