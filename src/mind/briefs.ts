// What the mind is told about a message that needs a method: who received it, what it holds, the message as sent, what
// the user expects of it. The same lines go to the seed mind's training corpus and to the kernel's prompts, so a change
// here needs a new corpus.
//
// The receiver's slots are shown at most six, first those that the message or the intent names; each value is cut to 60
// characters. A line is left out when there is nothing to say. A small model is told before the name of each slot whether
// it was asked for, by a sign, and its kind, by a letter: it reads from left to right, so what stands behind a name cannot
// tell it which name to take.
import { formatLiteral, formatMessage } from '../base/notation.ts'
import type { PlainObject, Value } from '../base/value.ts'
import { slotKindLetters, slotKindOf } from './slot-kind.ts'
import { slotLinker, slotLinkSigns } from './slot-link.ts'

export interface Example {
  readonly args: readonly Value[]
  /** The key is absent when no answer is known. */
  readonly expected?: Value
}

export interface FacetAnswer {
  readonly facet: string
  readonly answer: string
}

export interface MethodBrief extends Example {
  /** The receiver's name among the root's slots, or `object`. */
  readonly receiver: string
  /** Its data slots. */
  readonly slots: PlainObject
  readonly selector: string
  /** Further messages the method must answer. */
  readonly witnesses?: readonly Example[]
  /** The user's own words. */
  readonly intent?: string
}

const MAX_SLOTS = 6
const MAX_VALUE = 60
const MAX_WITNESSES = 2
const PARAMETERS = ['a', 'b', 'c', 'd'] as const

/** A value as a prompt shows it: notation, cut to 60 characters. */
export function shownValue(value: Value): string {
  const text = formatLiteral(value)
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 3)}...`
}

/** The slots worth showing, in their own order: first choice are those that share a word with message or intent. */
export function shownSlots(
  brief: MethodBrief,
  linkOf = slotLinker(brief.selector, brief.intent),
): readonly (readonly [string, Value])[] {
  const entries = Object.entries(brief.slots)
  if (entries.length <= MAX_SLOTS) return entries
  const byLink = (['whole', 'part', 'none'] as const).flatMap((link) =>
    entries.filter(([name]) => linkOf(name) === link),
  )
  const chosen = new Set(byLink.slice(0, MAX_SLOTS))
  return entries.filter((entry) => chosen.has(entry))
}

/** The parameters of a method with so many arguments, after `self`. */
export const parametersOf = (arity: number): readonly string[] => PARAMETERS.slice(0, arity)

/** `increment_by_` with one argument: the line that the model's answer starts with, and its newline. */
export const signatureOf = (selector: string, arity: number): string =>
  `function ${selector}(${['self', ...parametersOf(arity)].join(', ')}) {\n`

const exampleLine = (selector: string, example: Example): string => {
  const sent = formatMessage(selector, example.args.map(cutArgument))
  return 'expected' in example ? `${sent} => ${shownValue(example.expected as Value)}` : sent
}
/** Long texts are cut inside the message too, so that one argument cannot fill the prompt. */
const cutArgument = (value: Value): Value =>
  typeof value === 'string' && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE - 3)}...` : value

/** What the templates are filled with. */
export function inputsOf(brief: MethodBrief, facets: readonly FacetAnswer[] = []) {
  const lines = (texts: readonly string[]): string => texts.join('\n')
  const linkOf = slotLinker(brief.selector, brief.intent)
  const shown = shownSlots(brief, linkOf)
  return {
    receiver: brief.receiver,
    slots: lines(shown.map(([name, value]) => `self.${name}=${shownValue(value)}`)),
    typed_slots: lines(
      shown.map(
        ([name, value]) =>
          `${slotLinkSigns[linkOf(name)]}${slotKindLetters[slotKindOf(value)]} self.${name}=${shownValue(value)}`,
      ),
    ),
    message: exampleLine(brief.selector, brief),
    examples: lines(
      (brief.witnesses ?? [])
        .slice(0, MAX_WITNESSES)
        .map((example) => `ex ${exampleLine(brief.selector, example)}`),
    ),
    note: brief.intent === undefined ? '' : `note ${oneLine(brief.intent)}`,
    facets: lines(facets.map(({ facet, answer }) => `${facet} ${answer}`)),
    signature: signatureOf(brief.selector, brief.args.length),
    selector: brief.selector,
    parameters: ['self', ...parametersOf(brief.args.length)].join(', '),
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 160)
