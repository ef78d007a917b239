// Values of each kind, drawn at random. Numbers above twelve are split between training and score like the words.
import { oidOf } from '../../src/base/ids.ts'
import { Ref, type Value } from '../../src/base/value.ts'
import { person, type Split, WORDS, word } from './names.ts'
import { chance, integer, pick, type Random } from './random.ts'

/** Kinds that slots are told apart by. */
export type Shape = 'number' | 'text' | 'list' | 'map' | 'flag' | 'object'

export const shapeOf = (kind: string): Shape => {
  if ('nuqfMQj'.includes(kind)) return 'number'
  if ('lwLJA'.includes(kind)) return 'list'
  if ('mO'.includes(kind)) return 'map'
  if (kind === 'h') return 'object'
  return kind === 'b' ? 'flag' : 'text'
}

/** A whole number; above twelve those that leave 3 when divided by five are kept for the score. */
export function apart(random: Random, split: Split, low: number, high: number): number {
  for (;;) {
    const drawn = integer(random, low, high)
    if (drawn < 13 || (drawn % 5 === 3) === (split === 'heldout')) return drawn
  }
}
const natural = (random: Random, split: Split, high: number): number => apart(random, split, 0, high)

export function number(random: Random, split: Split): number {
  const drawn = random()
  const size =
    drawn < 0.55
      ? natural(random, split, 12)
      : drawn < 0.88
        ? natural(random, split, 150)
        : natural(random, split, 3000)
  const kind = random()
  if (kind < 0.07) return -size
  return kind < 0.12 ? size + integer(random, 1, 9) / 10 : size
}

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)
const several = (random: Random, low: number, high: number, make: () => Value): Value[] =>
  Array.from({ length: integer(random, low, high) }, make)

const phrase = (random: Random, split: Split, low: number, high: number): string =>
  several(random, low, high, () => word(random, split)).join(' ')

const someNumber = (random: Random, split: Split): number =>
  natural(random, split, chance(random, 0.6) ? 12 : 150)

/** A value of this kind, by itself: kinds that depend on a slot or another argument are drawn by `argument`. */
export function value(random: Random, split: Split, kind: string): Value {
  switch (kind) {
    case 'n':
    case 'M':
      return number(random, split)
    case 'u':
      return natural(random, split, chance(random, 0.8) ? 9 : 20)
    case 'q':
    case 'Q':
      return apart(random, split, 1, chance(random, 0.8) ? 9 : 20)
    case 'f':
      return natural(random, split, 60) + integer(random, 0, 999) / pick(random, [10, 100, 1000])
    case 'j':
      return apart(random, split, 1600, 2090)
    case 's':
      return chance(random, 0.85)
        ? word(random, split)
        : chance(random, 0.5)
          ? capital(word(random, split))
          : phrase(random, split, 2, 2)
    case 'p':
      return chance(random, 0.3) ? word(random, split) : phrase(random, split, 2, 4)
    case 'P':
      return chance(random, 0.4)
        ? word(random, split).toUpperCase()
        : several(random, 1, 3, () => capital(word(random, split))).join(' ')
    case 'V':
    case 'R':
    case 'D':
      return chance(random, 0.5)
        ? `${word(random, split)}${pick(random, WORDS[split])}`.slice(0, 14)
        : phrase(random, split, 2, 3)
    case 'N':
      return person(random, split)
    case 'F':
      return several(random, 2, 3, () => person(random, split)).join(' ')
    case 'G':
      return chance(random, 0.5)
        ? pick(random, ['Hello', 'Hi', 'Dear', 'Welcome', 'Ciao', 'Hey'])
        : capital(word(random, split))
    case 'T':
      return `${' '.repeat(integer(random, 0, 3))}${word(random, split)}${' '.repeat(integer(random, 1, 3))}`
    case 'c':
    case 'g':
      return kind === 'g'
        ? pick(random, [', ', '-', ' ', ' and ', '+', '/', ';', ''])
        : pick(random, [...'aeiourstln'])
    case 't':
      return String(number(random, split))
    case 'B':
      return chance(random, 0.4) ? '' : word(random, split)
    case 'Y': {
      if (chance(random, 0.5)) return word(random, split)
      const half = word(random, split).slice(0, 4)
      return (
        half +
        [...half]
          .reverse()
          .join('')
          .slice(integer(random, 0, 1))
      )
    }
    case 'y':
      return pick(random, [...'abcdefghlmnoprstw'])
    case 'z':
      return pick(random, WORDS[split]).slice(-integer(random, 1, 3))
    case 'x':
      return word(random, split)
    case 'd':
      return `${apart(random, split, 1900, 2090)}-${String(integer(random, 1, 12)).padStart(2, '0')}-${String(integer(random, 1, 28)).padStart(2, '0')}`
    case 'h':
      return new Ref(oidOf(apart(random, split, 10, 400)))
    case 'b':
      return chance(random, 0.5)
    case 'l':
      return several(random, chance(random, 0.07) ? 0 : 1, 5, () => someNumber(random, split))
    case 'J':
      return several(random, 1, 5, () => number(random, split))
    case 'w':
      return several(random, 1, 4, () => (chance(random, 0.85) ? word(random, split) : person(random, split)))
    case 'm':
      return Object.fromEntries(
        several(random, chance(random, 0.07) ? 0 : 1, 3, () => word(random, split)).map((key) => [
          key,
          someNumber(random, split),
        ]),
      )
    case 'O':
      return Object.fromEntries(
        several(random, 1, 3, () => word(random, split)).map((key) => [key, someNumber(random, split)]),
      )
    case 'A':
      return value(random, split, pick(random, ['l', 'w']))
    default:
      throw new RangeError(`no such kind of value: ${kind}`)
  }
}

/** Values for all parameters; `first` is the receiver's first slot, on which some kinds depend. */
export function argumentsFor(random: Random, split: Split, kinds: string, first: Value | undefined): Value[] {
  const made: Value[] = []
  for (const kind of kinds) made.push(argument(random, split, kind, first))
  const at = (kind: string) => kinds.indexOf(kind)
  if (at('x') >= 0 && at('R') >= 0 && chance(random, 0.65))
    made[at('x')] = pick(random, String(made[at('R')]).split(' '))
  if (/s.*R/.test(kinds) && chance(random, 0.8)) made[0] = pick(random, String(made[at('R')]).split(' '))
  if (kinds === 'cR' || kinds === 'cp')
    made[0] = chance(random, 0.8) ? pick(random, [...String(made[1])]).replace(' ', 'a') : made[0]!
  if (kinds === 'Dc') {
    const mark = pick(random, [',', '-', ';', ' ', '/', ':'])
    made[0] = several(random, 2, 4, () => word(random, split)).join(mark)
    made[1] = mark
  }
  if (kinds === 'Vy' && chance(random, 0.6)) made[1] = String(made[0]).slice(0, integer(random, 1, 3))
  if (kinds === 'Vz' && chance(random, 0.6)) made[1] = String(made[0]).slice(-integer(random, 1, 3))
  if (kinds === 'uu' || kinds === 'jj') {
    if (chance(random, 0.85)) made.sort((x, y) => Number(x) - Number(y))
    if (kinds === 'uu' && Number(made[1]) > 6) made[1] = Math.min(Number(made[0]) + integer(random, 0, 4), 12)
  }
  if ((kinds === 'nn' || kinds === 'ss') && chance(random, 0.08)) made[1] = made[0]!
  if (kinds === 'lo')
    made[1] =
      chance(random, 0.6) && (made[0] as Value[]).length > 0
        ? pick(random, made[0] as Value[])
        : someNumber(random, split)
  if (kinds === 'nnn' && chance(random, 0.6)) {
    const low = Number(made[1])
    made[2] = low + integer(random, 1, 20)
    if (chance(random, 0.5)) made[0] = low + integer(random, 0, Number(made[2]) - low)
  }
  if (kinds === 'll' && (made[0] as Value[]).length > 0 && chance(random, 0.7)) {
    made[1] = [...(made[1] as Value[]), pick(random, made[0] as Value[])]
  }
  return made
}

function argument(random: Random, split: Split, kind: string, first: Value | undefined): Value {
  if (kind === '=') return sameKind(random, split, first)
  if (kind === '*') return value(random, split, pick(random, ['n', 's', 'n', 's', 'w', 'l', 'b']))
  if (kind === 'o') return someNumber(random, split)
  if (kind === 'i') return integer(random, 0, Math.max(0, (first as Value[]).length - 1))
  if (kind === 'E' || kind === 'e') {
    const list = first as Value[]
    if (kind === 'e' && list.length > 0 && chance(random, 0.6)) return pick(random, list)
    return typeof list[0] === 'string' ? word(random, split) : someNumber(random, split)
  }
  if (kind === 'k') {
    const keys = Object.keys(first as object)
    return keys.length > 0 && chance(random, 0.65) ? pick(random, keys) : word(random, split)
  }
  return value(random, split, kind)
}

function sameKind(random: Random, split: Split, like: Value | undefined): Value {
  if (typeof like === 'number') return number(random, split)
  if (typeof like === 'string') return value(random, split, 's')
  if (typeof like === 'boolean') return chance(random, 0.5)
  if (Array.isArray(like)) return value(random, split, typeof like[0] === 'string' ? 'w' : 'l')
  return value(random, split, 'm')
}
