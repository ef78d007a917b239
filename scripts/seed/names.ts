// Names and words from open pools: a small model copies what it has not seen only if what it had to copy in training was
// never the same twice. Two thirds come from a list of English words, the rest is put together from pieces or is nonsense.
// Every tenth word of the list, and its own lists below, are held out for the score.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import { chance, integer, pick, type Random } from './random.ts'

export type Split = 'train' | 'heldout'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** What a receiver is called on either side of the split: the root, and an object without a name. */
const ANYWHERE = ['genesis', 'object']
const LIST = readFileSync(join(packageRoot, 'scripts/seed/words.txt'), 'utf8')
  .trim()
  .split('\n')
  .filter((word) => !ANYWHERE.includes(word))
const hash = (word: string): number => {
  let sum = 7
  for (const char of word) sum = (sum * 31 + char.charCodeAt(0)) >>> 0
  return sum
}
/** What people call slots, by the kind of their value. */
const SLOTS: Record<
  'number' | 'text' | 'list' | 'map' | 'flag' | 'object',
  Record<Split, readonly string[]>
> = {
  number: {
    train: words(
      'count total score balance level age price width height speed weight points stock size temperature amount limit volume budget salary lives energy health power depth pages seats tickets coins hours minutes days floor radius length capacity debt steps miles tries x y money counter counts',
    ),
    heldout: words(
      'mileage altitude pressure credit fuel brightness humidity tally wage goals cups visitors gain mass stamina',
    ),
  },
  text: {
    train: words(
      'name title label city owner color author message nickname mode country street email topic language brand greeting word motto unit text job role first_name lastName',
    ),
    heldout: words(
      'surname caption village flavor writer slogan alias province subject tone heading captain',
    ),
  },
  list: {
    train: words(
      'items scores values numbers list prices ages marks entries grades steps results weights readings queue stack history log names words tags guests colors cities friends tasks books songs animals notes players todo',
    ),
    heldout: words(
      'elements measurements quantities rolls payments ratings deltas laps fruits members titles recipes toys planets chores',
    ),
  },
  map: {
    train: words(
      'prices ages map table phones scores stock dictionary index codes limits counts book votes sizes wordCount',
    ),
    heldout: words('registry catalog rates directory wages ledger tariffs'),
  },
  flag: {
    train: words(
      'open active enabled on visible locked ready running paused done lit muted alive online busy',
    ),
    heldout: words('awake armed sealed powered finished flagged frozen'),
  },
  object: {
    train: words(
      'shop lamp engine store bank printer weather mail calendar friend helper partner owner parent door robot oracle web search maps translator tool',
    ),
    heldout: words('oven pump radio tractor mentor neighbor courier scanner'),
  },
}

const PEOPLE: Record<Split, readonly string[]> = {
  train: words(
    'Ada Bruno Clara Hugo Ines Dmitri Elif Farid Jonas Kira Luca Mona Nils Anna Tom Eva Max Sofia Ben Bob Alice John Mary World',
  ),
  heldout: words('Greta Milo Nadia Oskar Petra Rashid Selma Tomas Ulla Vera'),
}
const RECEIVERS: Record<Split, readonly string[]> = {
  train: words(
    'counter account box lamp robot shop player clock garden door bank basket car room team ship house cat dog store library wallet machine calculator book school train game hero person cart tank',
  ),
  heldout: words(
    'kettle tractor museum violin bakery drone castle farmer elevator turbine wizard parrot harbor gauge fridge',
  ),
}

/** The lists of names above, all together. */
export const LISTED: Record<Split, ReadonlySet<string>> = {
  train: listed('train'),
  heldout: listed('heldout'),
}
function listed(split: Split): ReadonlySet<string> {
  const slots = Object.values(SLOTS).flatMap((lists) => lists[split])
  return new Set([...slots, ...PEOPLE[split], ...RECEIVERS[split]])
}

const isHeldOut = (word: string): boolean =>
  LISTED.heldout.has(word) || (hash(word) % 10 === 3 && !LISTED.train.has(word))
/** The word list, split once and for all. */
export const WORDS: Record<Split, readonly string[]> = {
  train: LIST.filter((word) => !isHeldOut(word)),
  heldout: LIST.filter(isHeldOut),
}
const WORD_SETS: Record<Split, ReadonlySet<string>> = {
  train: new Set([...WORDS.train, ...LISTED.train]),
  heldout: new Set([...WORDS.heldout, ...LISTED.heldout]),
}
/** Whether a word belongs to one side of the split, or to none (put together, or nonsense). */
export const mayUse = (split: Split, word: string): boolean =>
  !WORD_SETS[split === 'train' ? 'heldout' : 'train'].has(word)

/** Words that cannot be names in JavaScript, or mean something else in a prompt. */
const RESERVED = new Set(
  words(
    'debugger prototype constructor hasOwnProperty toString valueOf in is as do if of for let new var const with this return switch function while break continue class delete default export extends finally import instanceof super throw typeof yield static await async arguments package private protected public interface implements catch undefined NaN Infinity true false null self case else enum eval try void by use a b c d x y i old last first next result __proto__ send get set from Math Object Array String Number Set',
  ),
)
export const isReserved = (name: string): boolean => RESERVED.has(name)

const HEADS = words('b c d f g h j k l m n p r s t v w z br cr dr fl gr pl sk st tr th sh qu ch')
const VOWELS = words('a e i o u a e i o ai ou ee oo ea')
const TAILS = ['', '', 'n', 'r', 'l', 's', 'm', 'x', 't', 'nd', 'ck', 'p', 'g', 'b', 'ng', 'st', 'v']

function syllables(random: Random): string {
  let made = ''
  for (let i = integer(random, 1, 3); i > 0; i--) {
    made +=
      pick(random, HEADS) + pick(random, VOWELS) + (i === 1 || chance(random, 0.3) ? pick(random, TAILS) : '')
  }
  return made.length < 3 ? `${made}${pick(random, HEADS)}o` : made
}

function pieces(random: Random, split: Split): string {
  let made = ''
  for (let i = integer(random, 1, 3); i > 0; i--) {
    const word = pick(random, WORDS[split])
    const from = integer(random, 0, Math.max(0, word.length - 3))
    made += word.slice(from, from + integer(random, 2, 4))
  }
  return made
}

const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1)

/** One word in small letters: English, put together, or nonsense. */
export function word(random: Random, split: Split): string {
  for (;;) {
    const drawn = random()
    const made =
      drawn < 0.64 ? pick(random, WORDS[split]) : drawn < 0.84 ? pieces(random, split) : syllables(random)
    if (made.length > 1 && made.length < 13 && !RESERVED.has(made) && mayUse(split, made)) return made
  }
}

/** A name for a slot that holds this kind of value. */
export function slotName(random: Random, split: Split, kind: keyof typeof SLOTS): string {
  const drawn = random()
  if (drawn < 0.3) return pick(random, SLOTS[kind][split])
  const first = word(random, split)
  if (drawn > 0.92 && first.length < 9) {
    const second = pick(random, WORDS[split]).slice(0, 8)
    return chance(random, 0.5) ? first + capital(second) : `${first}_${second}`
  }
  return first
}

/** A person: often one everybody knows, else any word with a capital. */
export const person = (random: Random, split: Split): string =>
  chance(random, 0.25) ? pick(random, PEOPLE[split]) : capital(word(random, split))

/** The root, an object without a name, or one by its name. */
export function receiverName(random: Random, split: Split): string {
  const drawn = random()
  if (drawn < 0.15) return pick(random, ANYWHERE)
  return drawn < 0.7 ? pick(random, RECEIVERS[split]) : word(random, split)
}

/** The parts of a selector nobody knows. */
export const nonsensePart = (random: Random, split: Split): string =>
  chance(random, 0.75)
    ? word(random, split)
    : `${word(random, split)}${chance(random, 0.5) ? '_' : ' '}${word(random, split)}`.replace(
        / (.)/,
        (_, c: string) => c.toUpperCase(),
      )
