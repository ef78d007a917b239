// From what a person typed about the past (`at`, `diff`, `history`, `undo`) to what the kernel is asked.
import { BatError } from '../base/errors.ts'
import { isTid, type Tid } from '../base/ids.ts'
import { momentOf } from '../base/moment.ts'
import type { RequestBody } from '../protocol/messages.ts'
import { placeOf, targetOf } from './requests.ts'

type BodyOf<Command> = Extract<RequestBody, { command: Command }>

export interface HistoryOptions {
  readonly limit: number
  readonly from?: string
  readonly to?: string
  readonly user?: string
}

export function historyBody(place: string, options: HistoryOptions, now: number): BodyOf<'history'> {
  const { limit, from, to, user } = options
  return {
    command: 'history',
    ...slotOf(place),
    options: {
      limit,
      ...(from === undefined ? {} : { from: momentOf(from, now) }),
      ...(to === undefined ? {} : { to: momentOf(to, now) }),
      ...(user === undefined ? {} : { user }),
    },
  }
}

/** `place` may lead deeper than a slot: `genesis.config.port`. */
export function atBody(when: string, place: string, now: number): BodyOf<'at'> {
  const { target, path } = deepPlaceOf(place)
  return { command: 'at', target_oid: target, options: { moment: momentOf(when, now), path } }
}

export function diffBody(place: string, [from, to]: readonly string[], now: number): BodyOf<'diff'> {
  const span = {
    ...(from === undefined ? {} : { from: momentOf(from, now) }),
    ...(to === undefined ? {} : { to: momentOf(to, now) }),
  }
  return { command: 'diff', ...slotOf(place), options: span }
}

export function undoBody(transactions: readonly string[], keep: readonly string[] = []): BodyOf<'undo'> {
  return { command: 'undo', options: { tids: transactions.map(tidOf), keep: keep.map(targetOf) } }
}

/** `90` or `tx:90`. Throws E_USAGE. */
function tidOf(text: string): Tid {
  const tid = /^\d+$/.test(text) ? `tx:${text}` : text
  if (isTid(tid)) return tid
  throw new BatError('E_USAGE', {
    problem: `${text} is no transaction`,
    hint: 'batos history lists them: tx:90',
  })
}

/** `OBJECT` or `OBJECT.SLOT`. */
function slotOf(place: string): Pick<BodyOf<'diff'>, 'target_oid' | 'mission_brief'> {
  if (!place.includes('.')) return { target_oid: targetOf(place) }
  const { target, selector } = placeOf(place)
  return { target_oid: target, mission_brief: { selector } }
}

/** `OBJECT`, `OBJECT.SLOT` or `OBJECT.SLOT.KEY…`. */
function deepPlaceOf(text: string): { target: string | 0; path: string[] } {
  const [object = '', slot, ...keys] = text.split('.')
  if (slot === undefined) return { target: targetOf(object), path: [] }
  const { target, selector } = placeOf(`${object}.${slot}`)
  return { target, path: [selector, ...keys] }
}
