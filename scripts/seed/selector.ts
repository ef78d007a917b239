// The wording of a message: one that is listed for its method, or one that says less or something else, so that a note or
// an example has to tell what is meant.
//
//   train     one of the wordings to learn            heldout   one of those kept for the score
//   garbled   a known wording with a word changed     nonsense  words that mean nothing
//   other     a known wording of another method: beside a note only, which is then right
import { METHODS } from './families/all.ts'
import type { MethodSpec } from './method-spec.ts'
import { nonsensePart, type Split, word } from './names.ts'
import { chance, integer, pick, type Random } from './random.ts'
import { decorate, drawPattern, ownerKey, ownersOf, patternsOf } from './wording.ts'

export type Wording = 'train' | 'heldout' | 'garbled' | 'nonsense' | 'other'

/** Which methods answer to the same words. */
export const OWNERS = ownersOf(METHODS)

const arityOf = ({ args = '' }: MethodSpec): number => args.length

/** The keys of a message in the notation of the family files. */
export function drawWording(
  random: Random,
  spec: MethodSpec,
  how: { readonly wording: Wording; readonly split: Split; readonly decorated?: boolean },
): string {
  switch (how.wording) {
    case 'nonsense':
      return nonsense(random, spec, how.split)
    case 'garbled':
      return garbled(random, spec, how.split)
    case 'other':
      return otherWording(random, spec) ?? nonsense(random, spec, how.split)
    case 'heldout':
      return drawPattern(random, patternsOf(spec.sayNew))
    case 'train': {
      const wording = drawPattern(random, patternsOf(spec.say))
      const longer = how.decorated && !/^S0(:|$)/.test(wording) ? decorate(random, wording) : wording
      return OWNERS.has(ownerKey(longer)) ? wording : longer
    }
    default:
      return how.wording satisfies never
  }
}

function nonsense(random: Random, spec: MethodSpec, split: Split): string {
  const parts = Array.from({ length: Math.max(1, arityOf(spec)) }, () => nonsensePart(random, split))
  if (spec.absent) parts[0] += ' S0'
  return arityOf(spec) === 0 ? parts[0]! : parts.map((part) => `${part}:`).join('')
}

/** Words that hold a wording together. */
const SMALL = new Set('of in to by and or with from for than is the at on as it if me S0 S1 K K2'.split(' '))

function garbled(random: Random, spec: MethodSpec, split: Split): string {
  const words = drawPattern(random, patternsOf(spec.say)).split(/([ :])/)
  const large = words.flatMap((text, index) => (/\w/.test(text) && !SMALL.has(text) ? [index] : []))
  if (large.length === 0) return nonsense(random, spec, split)
  // of two words that mean something both may go
  for (let i = chance(random, 0.4) ? integer(random, 1, large.length) : 1; i > 0; i--)
    words[pick(random, large)] = word(random, split)
  return words.join('')
}

/** A wording of another method with as many arguments, about slots that this one has too. */
function otherWording(random: Random, spec: MethodSpec): string | undefined {
  for (let i = 0; i < 40; i++) {
    const other = pick(random, METHODS)
    if (other === spec || arityOf(other) !== arityOf(spec)) continue
    const wording = drawPattern(random, patternsOf(other.say))
    if ([...wording.matchAll(/S(\d)/g)].every(([, slot]) => Number(slot) < (spec.slots ?? '').length))
      return wording
  }
  return undefined
}
