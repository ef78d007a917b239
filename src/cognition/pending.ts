// The missions that wait, and the outcomes of those that ended: two trees of the object `missions`. A mission is pending
// from the moment it is acknowledged until the very transaction that carries its effects; the outcome is put down in that
// same transaction, so that a client that lost its connection, or a kernel that was killed, finds either both or neither.
import type { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import type { PlainObject, TreeRef, Value } from '../base/value.ts'
import type { Transaction } from '../image/transaction.ts'
import type { View } from '../image/view.ts'
import { type Mission, missionOfValue, missionToValue } from './mission.ts'

export type Outcome =
  | {
      readonly kind: 'result'
      readonly value: Value
      readonly cycle?: string
      readonly transaction?: string
      readonly time: number
    }
  | {
      readonly kind: 'error'
      readonly code: string
      readonly message: string
      readonly remedy: string
      readonly retryable: boolean
      readonly details: PlainObject
      readonly cycle?: string
      readonly time: number
    }

/** A coded error as the outcome that is kept. */
export const errorOutcome = (
  error: BatError,
  mission: { readonly cycle?: string },
  time: number,
): Outcome => ({
  kind: 'error',
  code: error.code,
  message: error.message,
  remedy: error.remedy ?? '',
  retryable: error.retryable,
  details: JSON.parse(JSON.stringify(error.details)) as PlainObject,
  ...(mission.cycle === undefined ? {} : { cycle: mission.cycle }),
  time,
})

/** Puts a mission among those that wait. */
export function accept(transaction: Transaction, missions: Oid, mission: Mission): void {
  tree(transaction, missions, 'pending').set(mission.id, missionToValue(mission))
}

/** Takes a mission from those that wait and keeps its outcome for the request that waits for it. */
export function settle(transaction: Transaction, missions: Oid, mission: Mission, outcome: Outcome): void {
  tree(transaction, missions, 'pending').delete(mission.id)
  if (mission.request !== '') keepOutcome(transaction, missions, mission.request, outcome)
}

export function keepOutcome(
  transaction: Transaction,
  missions: Oid,
  request: string,
  outcome: Outcome,
): void {
  tree(transaction, missions, 'outcomes').set(request, outcome as unknown as PlainObject)
}

export function outcomeOf(view: View, missions: Oid, request: string): Outcome | undefined {
  return tree(view, missions, 'outcomes').get(request) as Outcome | undefined
}

/** All that wait, in the order in which they were accepted (mission ids sort by time). */
export function pendingMissions(view: View, missions: Oid): Mission[] {
  return [...tree(view, missions, 'pending').entries()].map(([, value]) =>
    missionOfValue(value as PlainObject),
  )
}

/** Forgets outcomes older than `before` (milliseconds); answers how many. */
export function dropOutcomes(transaction: Transaction, missions: Oid, before: number): number {
  const outcomes = tree(transaction, missions, 'outcomes')
  const old = [...outcomes.entries()].filter(([, value]) => (value as unknown as Outcome).time < before)
  for (const [request] of old) outcomes.delete(request)
  return old.length
}

function tree(view: View, missions: Oid, slot: 'pending' | 'outcomes') {
  return view.tree(view.get(missions).get(slot) as TreeRef)
}
