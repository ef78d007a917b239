// One method asked for once: its family's body with names drawn for the slots, a receiver that also holds other things,
// a message in one of the method's wordings, perhaps the answer, examples, a note. Answers come from running the body.
import type { Value } from '../../src/base/value.ts'
import { type MethodBrief, signatureOf } from '../../src/mind/briefs.ts'
import { changedSlots, type MethodSpec } from './method-spec.ts'
import { isReserved, receiverName, type Split, slotName, WORDS, word } from './names.ts'
import { chance, integer, pick, type Random, shuffle } from './random.ts'
import { compile, outcome } from './runnable.ts'
import { drawWording, OWNERS, type Wording } from './selector.ts'
import { type Example, mostTelling } from './telling.ts'
import { apart, argumentsFor, type Shape, shapeOf, value } from './values.ts'
import { drawNote, dress, ownerKey, spell } from './wording.ts'

export interface Choices {
  /** Where names and values come from. */
  readonly split: Split
  readonly wording: Wording
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
  /** The reference: everything after the signature line, its purpose first. */
  readonly body: string
  readonly purpose: string
  readonly effects: string
  readonly voice: string | undefined
  /** Draws another state and other arguments for the same method. */
  fresh(random: Random, split: Split): { readonly state: Record<string, Value>; readonly args: Value[] }
}

const NUMERALS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')
const SHAPES: readonly Shape[] = ['number', 'text', 'list', 'map', 'flag']
const KINDS: Record<Shape, readonly string[]> = {
  number: ['n'],
  text: ['s', 's', 'p', 'N'],
  list: ['l', 'w'],
  map: ['m'],
  flag: ['b'],
  object: ['h'],
}

const settle = (random: Random, kind: string): string => {
  if (kind === '*') return pick(random, ['n', 's', 'n', 's', 'l', 'w', 'b', 'm'])
  return kind === 'L' ? pick(random, ['l', 'w']) : kind
}

const namesSlot = (text: string): boolean => /\bS\d/.test(text)

/** Draws a message for this method; undefined where the draw came out unusable (an answer that is no value). */
export function sample(random: Random, spec: MethodSpec, choices: Choices): Sample | undefined {
  if (spec.sends && choices.answer) return undefined
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
  const constants = [
    apart(random, split, 2, chance(random, 0.7) ? 12 : 99),
    apart(random, split, 1, 20),
  ] as const
  const quotes = [saying(random, split), saying(random, split), saying(random, split)] as const
  const sent = word(random, split)
  const fill = (text: string): string =>
    text
      .replace(/\bW(?=_?(?!\w))/g, sent)
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
  const wording = drawWording(random, spec, choices)
  const selector = spell(inWords(wording), chance(random, 0.55) ? 'snake' : 'camel')
  if (selector.length > 40 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(selector) || isReserved(selector))
    return undefined

  // other things that the receiver holds, so long as they do not make the message mean something else
  const spelled = namesSlot(wording) || (note !== undefined && namesSlot(note))
  const rivals = (OWNERS.get(ownerKey(wording)) ?? []).filter(
    (other) => other !== spec && other.slots !== undefined,
  )
  const shapes = kinds.map(shapeOf)
  const unclear = choices.wording !== 'train' && choices.wording !== 'heldout'
  const mayHold = (shape: Shape, held: readonly Shape[]): boolean => {
    if (spelled) return true
    if (shapes.includes(shape)) return false
    if (unclear && shapes.length > 0 && shape !== 'text' && shape !== 'flag') return false
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

  const purpose = fill(spec.purpose)
  const code = spec.body.map((line) => `  ${fill(line).replace('SELF', selector)}\n`).join('')
  const body = `  // ${purpose}\n${code}}`
  const run = compile(signatureOf(selector, arity) + body)
  const shown = choices.answer
    ? mostTelling(spec, [], () => {
        const drawn = draw(random, split)
        const answer = outcome(run, drawn.state, drawn.args)
        const held = names.map((name) => drawn.state[name]!)
        return answer === undefined ? undefined : { ...drawn, answer, slots: held }
      })
    : { ...draw(random, split), answer: undefined }
  if (shown === undefined) return undefined
  const { state, args, answer: expected } = shown
  const held = names.map((name) => state[name]!)
  const examples: Example[] = expected === undefined ? [] : [{ slots: held, args, answer: expected }]
  const witnesses: { args: Value[]; expected: Value }[] = []
  for (let i = 0; i < choices.examples && arity > 0; i++) {
    const again = mostTelling(spec, examples, () => {
      const more = spec.absent ? draw(random, split).args : argumentsFor(random, split, spec.args!, held[0])
      const answer = outcome(run, state, more)
      return answer === undefined ? undefined : { slots: held, args: more, answer }
    })
    if (again === undefined) continue
    examples.push(again)
    witnesses.push({ args: again.args, expected: again.answer })
  }
  const changed = changedSlots(spec).map(fill)
  return {
    spec,
    brief: {
      receiver: receiverName(random, split),
      slots: state,
      selector,
      args,
      ...(expected === undefined ? {} : { expected }),
      ...(witnesses.length === 0 ? {} : { witnesses }),
      ...(note === undefined
        ? {}
        : { intent: dress(random, inWords(note), choices.note === 'heldout' ? 'heldout' : 'train') }),
    },
    body,
    purpose,
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

function saying(random: Random, split: Split): string {
  const words = Array.from({ length: integer(random, 1, 3) }, () =>
    chance(random, 0.6) ? pick(random, WORDS[split]) : word(random, split),
  )
  const text = words.join(' ')
  return chance(random, 0.35)
    ? `${text[0]!.toUpperCase()}${text.slice(1)}${pick(random, ['', '', '!', '.', '?'])}`
    : text
}
