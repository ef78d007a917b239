// One method asked for once: its family's body with names drawn for the slots, a receiver that also holds other things,
// a message in one of the method's wordings, perhaps the answer, examples, a note. Answers come from running the body.
import { formatLiteral } from '../../src/base/notation.ts'
import type { Value } from '../../src/base/value.ts'
import { type MethodBrief, signatureOf } from '../../src/mind/briefs.ts'
import { METHODS } from './families/all.ts'
import { changedSlots, type MethodSpec } from './method-spec.ts'
import { isReserved, nonsensePart, receiverName, type Split, slotName, WORDS, word } from './names.ts'
import { chance, integer, pick, type Random, shuffle } from './random.ts'
import { argumentsFor, type Shape, shapeOf, value } from './values.ts'
import { decorate, drawNote, drawPattern, ownerKey, ownersOf, patternsOf, spell } from './wording.ts'

export interface Choices {
  /** Where names and values come from. */
  readonly split: Split
  /** Known wordings, wordings kept for the score, or words that mean nothing. */
  readonly wording: 'train' | 'heldout' | 'nonsense'
  readonly note: 'none' | 'train' | 'heldout'
  readonly answer: boolean
  /** How many further examples. */
  readonly examples: number
  readonly decorated?: boolean
  /** How often the receiver holds nothing but what the method needs; 0.45 unless said. */
  readonly alone?: number
}

export interface Sample {
  readonly spec: MethodSpec
  readonly brief: MethodBrief
  /** The reference: everything after the signature line. */
  readonly body: string
  readonly purpose: string
  readonly effects: string
  readonly voice: string | undefined
  /** Draws another state and other arguments for the same method. */
  fresh(random: Random, split: Split): { readonly state: Record<string, Value>; readonly args: Value[] }
}

const OWNERS = ownersOf(METHODS)
const NUMERALS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')
const SHAPES: readonly Shape[] = ['number', 'text', 'list', 'map', 'flag']
const KINDS: Record<Shape, readonly string[]> = {
  number: ['n'],
  text: ['s', 's', 'p', 'N'],
  list: ['l', 'w'],
  map: ['m'],
  flag: ['b'],
}

const settle = (random: Random, kind: string): string => {
  if (kind === '*') return pick(random, ['n', 's', 'n', 's', 'l', 'w', 'b', 'm'])
  return kind === 'L' ? pick(random, ['l', 'w']) : kind
}

const namesSlot = (text: string): boolean => /\bS\d/.test(text)

/** Draws a message for this method; undefined where the draw came out unusable (an answer that is no value). */
export function sample(random: Random, spec: MethodSpec, choices: Choices): Sample | undefined {
  const { split } = choices
  const kinds = [...(spec.slots ?? '')].map((kind) => settle(random, kind))
  const taken = new Set<string>()
  const fresh = (make: () => string): string => {
    for (;;) {
      const name = make()
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }
  const names = kinds.map((kind) => fresh(() => slotName(random, split, shapeOf(kind))))
  const constants = [integer(random, 2, chance(random, 0.7) ? 12 : 99), integer(random, 1, 20)] as const
  const quotes = [saying(random, split), saying(random, split), saying(random, split)] as const
  const fill = (text: string): string =>
    text
      .replace(/S(\d)/g, (_, slot: string) => names[Number(slot)]!)
      .replace(/Q(\d)/g, (_, quote: string) => quotes[Number(quote) - 1]!)
      .replace(/\bK2\b/g, String(constants[1]))
      .replace(/\bK\b/g, String(constants[0]))
  const numeral = chance(random, 0.5) ? NUMERALS[constants[0]] : undefined
  const inWords = (text: string): string =>
    fill(numeral === undefined ? text : text.replace(/\bK\b/g, numeral))

  const note =
    choices.note === 'none'
      ? undefined
      : drawNote(random, choices.note === 'train' ? spec.note : spec.noteNew)
  const arity = spec.args?.length ?? 0
  let wording: string
  if (choices.wording === 'nonsense') {
    wording =
      arity === 0
        ? nonsensePart(random, split)
        : Array.from({ length: arity }, () => `${nonsensePart(random, split)}:`).join('')
    if (spec.absent) wording = arity === 0 ? `${wording} S0` : wording.replace(/:/, ' S0:')
  } else wording = drawPattern(random, patternsOf(choices.wording === 'train' ? spec.say : spec.sayNew))
  if (choices.decorated) {
    const longer = decorate(random, wording)
    if (!OWNERS.has(ownerKey(longer)) && wording !== 'S0' && !wording.startsWith('S0:')) wording = longer
  }
  const selector = spell(inWords(wording), chance(random, 0.55) ? 'snake' : 'camel')
  if (selector.length > 40 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(selector) || isReserved(selector))
    return undefined

  // other things that the receiver holds, so long as they do not make the message mean something else
  const spelled = namesSlot(wording) || (note !== undefined && namesSlot(note))
  const rivals = (OWNERS.get(ownerKey(wording)) ?? []).filter(
    (other) => other !== spec && other.slots !== undefined,
  )
  const shapes = kinds.map(shapeOf)
  const mayHold = (shape: Shape, held: readonly Shape[]): boolean => {
    if (spelled) return true
    if (shapes.includes(shape)) return false
    if (choices.wording === 'nonsense' && shapes.length > 0 && shape !== 'text' && shape !== 'flag')
      return false
    const all = [...shapes, ...held, shape]
    return !rivals.some((rival) => satisfied([...(rival.slots ?? '')].map(shapeOf), all))
  }
  const own = spec.absent ? [] : names.map((name, index) => [name, kinds[index]!] as const)
  const others: [string, string][] = []
  const wanted = chance(random, choices.alone ?? 0.45) ? 0 : integer(random, 1, spelled ? 3 : 2)
  for (let i = 0; i < wanted && own.length + others.length < 6; i++) {
    const shape = pick(random, SHAPES)
    if (
      !mayHold(
        shape,
        others.map(([, kind]) => shapeOf(kind)),
      )
    )
      continue
    others.push([fresh(() => slotName(random, split, shape)), pick(random, KINDS[shape])])
  }
  const slots = interleave(random, own, shuffle(random, others))
  const draw = (from: Random, of: Split) => {
    const state: Record<string, Value> = {}
    for (const [name, kind] of slots) state[name] = value(from, of, kind)
    return {
      state,
      args: argumentsFor(from, of, spec.args ?? '', names[0] === undefined ? undefined : state[names[0]]),
    }
  }

  const body = `${spec.body.map((line) => `  ${fill(line)}\n`).join('')}}`
  const run = compile(signatureOf(selector, arity) + body)
  const first = draw(random, split)
  const expected = choices.answer ? outcome(run, first.state, first.args) : undefined
  if (choices.answer && expected === undefined) return undefined
  const witnesses = []
  for (let i = 0; i < choices.examples; i++) {
    const { args } = draw(random, split)
    if (names[0] !== undefined && !spec.absent)
      args.splice(0, args.length, ...argumentsFor(random, split, spec.args ?? '', first.state[names[0]]))
    const answer = outcome(run, first.state, args)
    if (answer !== undefined && arity > 0) witnesses.push({ args, expected: answer })
  }
  const changed = changedSlots(spec).map(fill)
  return {
    spec,
    brief: {
      receiver: receiverName(random, split),
      slots: first.state,
      selector,
      args: first.args,
      ...(expected === undefined ? {} : { expected }),
      ...(witnesses.length === 0 ? {} : { witnesses }),
      ...(note === undefined ? {} : { intent: dress(random, inWords(note)) }),
    },
    body,
    purpose: fill(spec.purpose),
    effects: changed.length === 0 ? 'changes nothing' : `changes ${changed.join(' and ')}`,
    voice: spec.voice === undefined ? undefined : fill(spec.voice),
    fresh: draw,
  }
}

/** Can all these shapes be had at once from what is held? */
function satisfied(needed: readonly Shape[], held: readonly Shape[]): boolean {
  const left = [...held]
  return needed.every((shape) => {
    const at = left.indexOf(shape)
    if (at < 0) return false
    left.splice(at, 1)
    return true
  })
}

function interleave<T>(random: Random, fixed: readonly T[], others: readonly T[]): readonly T[] {
  const made = [...fixed]
  for (const other of others) made.splice(integer(random, 0, made.length), 0, other)
  return made
}

/** People write notes with or without a capital, a please, a full stop. */
function dress(random: Random, note: string): string {
  const drawn = random()
  if (drawn < 0.75) return note
  if (drawn < 0.82) return `${note[0]!.toUpperCase()}${note.slice(1)}`
  if (drawn < 0.88) return `please ${note}`
  return drawn < 0.94 ? `${note}.` : `${note} please`
}

function saying(random: Random, split: Split): string {
  const words = Array.from({ length: integer(random, 1, 3) }, () =>
    chance(random, 0.6) ? pick(random, WORDS[split]) : word(random, split),
  )
  const text = words.join(' ')
  return chance(random, 0.35)
    ? `${text[0]!.toUpperCase()}${text.slice(1)}${pick(random, ['', '', '!', '.', '?'])}`
    : text
}

export type Runnable = (self: Record<string, Value>, ...args: Value[]) => Value

/** Our own bodies only: what the model wrote is run elsewhere, fenced. */
export const compile = (source: string): Runnable => new Function(`return (${source})`)() as Runnable

/** The answer, or undefined when it is none that a person would type. */
export function outcome(
  run: Runnable,
  state: Record<string, Value>,
  args: readonly Value[],
): Value | undefined {
  const answer = run(structuredClone(state), ...(structuredClone(args) as Value[]))
  if (answer === undefined || answer === null) return undefined
  if (typeof answer === 'number' && (!Number.isFinite(answer) || Math.abs(answer) > 1e7)) return undefined
  const text = formatLiteral(answer)
  return text.length > 44 || /\.\d{5}|NaN|Infinity|undefined|e[+-]\d/.test(text) ? undefined : answer
}
