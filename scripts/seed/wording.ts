// From the notation of the family files to words: alternatives, selectors in both spellings, decorations.
import type { MethodSpec } from './method-spec.ts'
import type { Split } from './names.ts'
import { chance, pick, type Random } from './random.ts'

/** A pattern cut at its alternatives; each piece is a list of choices. */
type Pattern = readonly (readonly string[])[]

const parsePattern = (text: string): Pattern =>
  text
    .split(/(\([^)]*\))/)
    .filter((piece) => piece !== '')
    .map((piece) => (piece.startsWith('(') ? piece.slice(1, -1).split('|') : [piece]))

const cache = new Map<string, readonly Pattern[]>()
/** The patterns of a list separated by commas. */
export function patternsOf(text: string): readonly Pattern[] {
  const known = cache.get(text) ?? text.split(/,\s*/).map(parsePattern)
  cache.set(text, known)
  return known
}
const notePatterns = new Map<string, Pattern>()

export const drawPattern = (random: Random, patterns: readonly Pattern[]): string =>
  pick(random, patterns)
    .map((choices) => pick(random, choices))
    .join('')

export function drawNote(random: Random, notes: readonly string[]): string {
  const text = pick(random, notes)
  const pattern = notePatterns.get(text) ?? notePattern(text)
  notePatterns.set(text, pattern)
  return pattern
    .map((choices) => pick(random, choices))
    .join('')
    .replace(/ +/g, ' ')
    .trim()
}

/** Round brackets of a note hold alternatives, unless they are the signs themselves: `( before`. */
const notePattern = (text: string): Pattern => (/\(.*\|.*\)/.test(text) ? parsePattern(text) : [[text]])

/** Every text that a list of patterns stands for. */
export const expansions = (patterns: readonly Pattern[]): readonly string[] =>
  patterns.flatMap((pattern) =>
    pattern.reduce<string[]>(
      (made, choices) => made.flatMap((start) => choices.map((choice) => start + choice)),
      [''],
    ),
  )

export const noteExpansions = (notes: readonly string[]): readonly string[] =>
  notes.flatMap((note) => expansions([notePattern(note)]).map((text) => text.replace(/ +/g, ' ').trim()))

/** What people put before a note that names what they want, and around any. */
export const courtesies: Record<Split, readonly string[]> = {
  train: [
    'give',
    'give me',
    'answer',
    'answer with',
    'tell',
    'tell me',
    'return',
    'compute',
    'I want',
    'it is',
  ],
  heldout: ['I would like', 'show me', 'it should be'],
}
const NAMES_SOMETHING = /^(?:the|a|an|half|twice|how|what|which|whether|so many|both) /

/** People write notes with or without a capital, a please, a full stop. */
export function dress(random: Random, note: string, split: Split): string {
  const said =
    NAMES_SOMETHING.test(note) && chance(random, 0.3) ? `${pick(random, courtesies[split])} ${note}` : note
  const drawn = random()
  if (drawn < 0.75) return said
  if (drawn < 0.82) return capital(said)
  if (drawn < 0.88) return `please ${said}`
  return drawn < 0.94 ? `${said}.` : `${said} please`
}

export type Spelling = 'snake' | 'camel'

const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1)

/** `increment by:` as `increment_by_` or `incrementBy_`. */
export function spell(wording: string, spelling: Spelling): string {
  const unary = !wording.includes(':')
  const keys = wording
    .split(':')
    .filter((key) => key.trim() !== '')
    .map((key) => {
      const words = key.trim().split(' ')
      return spelling === 'snake' ? words.join('_') : words[0] + words.slice(1).map(capital).join('')
    })
  return unary ? keys[0]! : `${keys.join('_')}_`
}

const BEFORE = [
  'get',
  'compute',
  'make',
  'find',
  'do',
  'calc',
  'my',
  'the',
  'please',
  'quick',
  'just',
  'now',
  'try',
]
const AFTER = ['it', 'now', 'value', 'this', 'please', 'me', 'for me', 'again', 'quickly', 'thing']

/** The wording with a word that adds nothing: `double` as `compute double` or `double it`. */
export function decorate(random: Random, wording: string): string {
  const [first, ...rest] = wording.split(':')
  const decorated = chance(random, 0.55)
    ? `${pick(random, BEFORE)} ${first}`
    : `${first} ${pick(random, AFTER)}`
  return [decorated, ...rest].join(':')
}

const arityOf = (wording: string): number => wording.split(':').length - 1

/** Who else answers to the same words: the same wording with as many arguments, by method. */
export function ownersOf(methods: readonly MethodSpec[]): ReadonlyMap<string, readonly MethodSpec[]> {
  const owners = new Map<string, MethodSpec[]>()
  for (const spec of methods) {
    for (const wording of new Set([
      ...expansions(patternsOf(spec.say)),
      ...expansions(patternsOf(spec.sayNew)),
    ])) {
      const key = `${wording.replaceAll(' ', '_').replaceAll(':', '_')}/${arityOf(wording)}`
      owners.set(key, [...(owners.get(key) ?? []), spec])
    }
  }
  return owners
}
export const ownerKey = (wording: string): string =>
  `${wording.replaceAll(' ', '_').replaceAll(':', '_')}/${arityOf(wording)}`
