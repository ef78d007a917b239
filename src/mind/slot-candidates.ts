// Names of slots that a method may use: those that the receiver has, and those that the message or the intent could name
// (`increment_score` on an object without a score makes one), and messages that it may send. The grammar of a method knows
// no others.
import { wordsOf } from '../base/notation.ts'
import type { MethodBrief } from './briefs.ts'
import { type SlotKind, slotKindOf } from './slot-kind.ts'

const MOST = 48
const RESERVED = new Set(['self', 'constructor', 'prototype', '__proto__'])

const isSlotName = (name: string): boolean =>
  /^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(name) && !name.endsWith('_') && !RESERVED.has(name)

/** The receiver's slots first, then those that words of the message and of the intent could mean. */
export function slotCandidates(brief: MethodBrief): readonly string[] {
  const held = Object.keys(brief.slots).filter(isSlotName)
  const intent = (brief.intent ?? '').split(/[^A-Za-z0-9_]+/).filter((word) => word.length > 1)
  const named = [...runsOf(brief.selector), ...intent].filter(isSlotName)
  return [...new Set([...held, ...named])].slice(0, Math.max(MOST, held.length))
}

/** Messages that the objects in the receiver's slots may be sent: the message itself, and what it and the intent name. */
export function messageCandidates(brief: MethodBrief): readonly string[] {
  if (!Object.values(slotKinds(brief)).includes('any')) return []
  const words = [...runsOf(brief.selector), ...(brief.intent ?? '').split(/[^A-Za-z0-9_]+/)]
  const names = [...new Set(words)].filter((word) => word.length > 1 && isSlotName(word))
  return [...new Set([brief.selector, ...names.flatMap((name) => [name, `${name}_`])])].slice(0, MOST)
}

/** `increment_high_score` could mean `score`, `high_score`, `highScore`, `increment` …; the ends first. */
function runsOf(selector: string): readonly string[] {
  const plain = selector.split('_').filter((word) => word !== '')
  const words = wordsOf(selector)
  const runs: string[] = [...plain].reverse()
  for (let length = 1; length <= 3; length++) {
    for (let from = words.length - length; from >= 0; from--) {
      const run = words.slice(from, from + length)
      runs.push(run.join('_'), run[0]! + run.slice(1).map(capital).join(''))
    }
  }
  return runs
}

const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1)

/** What each of the receiver's slots holds. */
export const slotKinds = (brief: MethodBrief): Readonly<Record<string, SlotKind>> =>
  Object.fromEntries(Object.entries(brief.slots).map(([name, value]) => [name, slotKindOf(value)]))
