// A mission is a request that needs thought, as data: it is written to the image before it is acknowledged, and removed
// by the transaction that carries its effects (or by the one that records its failure), so that after a crash it is
// taken up again and no effect happens twice.
import { createHash } from 'node:crypto'
import type { Oid } from '../base/ids.ts'
import { formatLiteral, formatMessage } from '../base/notation.ts'
import { type PlainObject, Ref, type Value } from '../base/value.ts'

export interface Mission {
  readonly id: string
  readonly cycle: string
  /** A message to be answered, or a method whose witnesses fail and which is to be written anew. */
  readonly type: 'unhandled_message' | 'stale_method'
  readonly target: Oid
  /** What the user calls the target; its oid when it has no name. */
  readonly receiver: string
  readonly selector: string
  readonly args: readonly Value[]
  /** The answer expected, as a list of one; empty when none was given. */
  readonly expected: readonly Value[]
  readonly intent: string
  /** Whether the method is shown and waits for the user's word before it is committed. */
  readonly approve: boolean
  /** The user whose message it was, and the request that waits for the outcome (`''` when none does). */
  readonly user: string
  readonly request: string
  /** The cycle in which this message was sent, when a method sent it. */
  readonly parent: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly accepted: number
}

export function missionToValue(mission: Mission): PlainObject {
  return { ...mission, target: new Ref(mission.target) }
}

export function missionOfValue(value: PlainObject): Mission {
  const { target, ...rest } = value as unknown as Omit<Mission, 'target'> & { target: Ref }
  return { ...rest, target: target.oid }
}

/** The mission as one would type it: `genesis double: 4 => 8`. */
export function missionText({ receiver, selector, args, expected, intent }: Mission): string {
  const answer = expected.length > 0 ? ` => ${formatLiteral(expected[0]!)}` : ''
  return `${receiver} ${formatMessage(selector, args)}${answer}${intent === '' ? '' : ` # ${intent}`}`
}

/** SHA-256 of what is asked (not of who asked, or when), hexadecimal. */
export const missionHash = (mission: Mission): string =>
  createHash('sha256').update(missionText(mission)).digest('hex')
