// What the commands of the rescue console share: the image and the moment that is looked at, how the words behind a command
// are read, how lines are listed.
import type { Clock } from '../../src/base/clock.ts'
import { BatError } from '../../src/base/errors.ts'
import { isTid, type Oid, type Tid } from '../../src/base/ids.ts'
import { Ref } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import { ROOT } from '../../src/image/object-state.ts'
import type { Survey } from '../../src/image/text/survey.ts'
import { TextReader } from '../../src/image/text/text-reader.ts'
import type { NameOf } from '../../src/image/text/value-text.ts'
import { findPlace, formatPlace, type Place, readPlace, slotsOf } from './place.ts'

export interface Rescue {
  readonly image: Image
  readonly clock: Clock
  /** The moment that is looked at; the present when undefined. */
  at: Tid | undefined
}

export interface Answer {
  readonly text: string
  /** False when the answer is that something is damaged. */
  readonly ok?: boolean
}

/** So many entries of a Tree, slots or transactions are listed. */
const LISTED = 100

export const surveyOf = ({ image, at }: Rescue): Survey => image.survey(at ?? image.head)

export function placeIn(survey: Survey, text: string): { place: Place; typed: string; words: string[] } {
  const reader = new TextReader('line', text)
  const typed = readPlace(reader)
  return {
    place: findPlace(survey, typed),
    typed: formatPlace(typed),
    words: reader.rest.split(/\s+/).filter((word) => word !== ''),
  }
}

export function namesIn(survey: Survey): NameOf {
  const names = new Map<Oid, string>([[ROOT, 'root']])
  for (const each of slotsOf(survey.find(ROOT)))
    if ('value' in each && each.value instanceof Ref) names.set(each.value.oid, each.slot)
  return ({ oid }) => names.get(oid)
}

export function tidHere(word: string): Tid {
  const tid = /^\d{1,15}$/.test(word.trim()) ? `tx:${word.trim()}` : word.trim()
  if (isTid(tid)) return tid
  throw new BatError('E_USAGE', {
    problem: word === '' ? 'which transaction?' : `${word} is no transaction`,
    hint: 'write tx:90',
  })
}

export function listed(lines: Iterable<string | undefined>): string {
  const shown: string[] = []
  for (const line of lines) {
    if (line === undefined) continue
    if (shown.length === LISTED) return [...shown, `… more than ${LISTED}`].join('\n')
    shown.push(line)
  }
  return shown.length === 0 ? 'nothing' : shown.join('\n')
}

/** That a command was typed otherwise than it is written. */
export const misused = (usage: string): BatError =>
  new BatError('E_USAGE', { problem: 'not as it is written', hint: `write ${usage}` })
