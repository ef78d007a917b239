// `history`: what changed, when, by whom and why, of the whole image, one object or one slot of it.
import { numberOf, type Tid } from '../../src/base/ids.ts'
import { takeTurns } from '../../src/base/turns.ts'
import type { Value } from '../../src/base/value.ts'
import type { PastState, TransactionRecord } from '../../src/image/history.ts'
import type { Image } from '../../src/image/image.ts'
import type { Slots } from '../../src/image/object-state.ts'
import { sameValue } from '../../src/image/same-value.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import { resolveEver } from './past.ts'

type Options = RequestFor<'history'>['options']

/** Transactions that carry something a user did; the others (missions accepted, outcomes kept) are bookkeeping. */
export const OF_USERS: ReadonlySet<string> = new Set([
  'send',
  'set',
  'cycle',
  'undo',
  'feedback',
  'apply',
  'expert',
])

export const kindOf = (record: TransactionRecord): string => String(record.meta.kind ?? '')

/**
 * The newest transactions first: `{transaction, time, user, kind, description, cycle}`, and of an object `slots`, the
 * names of those that changed. Throws E_NO_OBJECT, E_NO_TRANSACTION.
 */
export async function historyOf(image: Image, request: RequestFor<'history'>): Promise<Value> {
  const { limit = 20, user } = request.options
  const turn = takeTurns()
  const rows: Value[] = []
  for (const { record, slots } of request.target_oid === 0
    ? ofImage(image, request.options)
    : ofObject(image, request)) {
    await turn()
    if (record === undefined || (user !== undefined && record.user !== user)) continue
    rows.push({
      transaction: record.tid,
      time: new Date(record.time),
      user: record.user,
      kind: kindOf(record),
      description: record.description,
      cycle: String(record.meta.cycle ?? ''),
      ...(slots === undefined ? {} : { slots }),
    })
    if (rows.length === limit) break
  }
  return rows
}

interface Found {
  /** Absent where it is of no interest. */
  readonly record?: TransactionRecord
  readonly slots?: readonly string[]
}

function* ofImage(image: Image, { from, to }: Options): Iterable<Found> {
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  for (const record of image.transactions({ ...range, reverse: true })) {
    const kind = kindOf(record)
    yield OF_USERS.has(kind) || kind === 'genesis' ? { record } : {}
  }
}

function* ofObject(
  image: Image,
  { target_oid, mission_brief, options }: RequestFor<'history'>,
): Iterable<Found> {
  const { from, to } = options
  for (const { state, slots } of changesOf(image, resolveEver(image, target_oid), mission_brief?.selector)) {
    if (from !== undefined && isBefore(state, from)) return
    const late = to !== undefined && isAfter(state, to)
    const record = slots && !late ? image.transaction(state.tid) : undefined
    yield record && slots ? { record, slots } : {}
  }
}

export interface SlotsChanged {
  readonly state: PastState
  /** Undefined where the slot asked for did not change. */
  readonly slots: readonly string[] | undefined
}

/** The revisions of an object, the newest first, with the names of the slots, or the one of interest, that each changed. */
export function* changesOf(image: Image, oid: PastOid, slot?: string): Iterable<SlotsChanged> {
  let newer: PastState | undefined
  const change = (state: PastState, older: PastState | undefined): SlotsChanged => {
    const slots = changed(older?.slots ?? NONE, state.slots ?? NONE, slot)
    return { state, slots: slot === undefined || slots.length > 0 ? slots : undefined }
  }
  for (const state of image.history(oid)) {
    if (newer) yield change(newer, state)
    newer = state
  }
  if (newer) yield change(newer, undefined)
}

type PastOid = Parameters<Image['history']>[0]
const NONE: Slots = new Map<string, Value>()

function changed(before: Slots, after: Slots, only: string | undefined): string[] {
  const names = only === undefined ? new Set([...after.keys(), ...before.keys()]) : [only]
  return [...names].filter((name) => !sameValue(before.get(name), after.get(name)))
}

const isBefore = ({ tid, time }: PastState, from: Tid | number): boolean =>
  typeof from === 'string' ? numberOf(tid) < numberOf(from) : time < from

const isAfter = ({ tid, time }: PastState, to: Tid | number): boolean =>
  typeof to === 'string' ? numberOf(tid) > numberOf(to) : time > to
