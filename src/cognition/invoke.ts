// Running a method over what a transaction sees, with what every run needs: the present, a seed, the objects that generated
// code may not change, and oids for the objects that it makes. Oids that a run did not use serve the next one.
import type { Clock } from '../base/clock.ts'
import type { Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import type { ObjectState } from '../image/object-state.ts'
import type { Transaction } from '../image/transaction.ts'
import type { Invocation, Sandbox } from '../sandbox/sandbox.ts'

export interface Run {
  readonly receiver: Oid
  readonly selector: string
  readonly args: readonly Value[]
  /** What the method is to see instead of the transaction's own changes. */
  readonly overlay?: readonly ObjectState[]
}

/** Runs a message in the sandbox; nothing is changed until the caller applies what comes back. */
export type Invoke = (transaction: Transaction, run: Run) => Promise<Invocation>

const OIDS_A_RUN = 16

export function makeInvoke(parts: {
  readonly sandbox: Sandbox
  readonly allocate: (count: number) => readonly Oid[]
  readonly clock: Clock
  readonly frozen: readonly Oid[]
}): Invoke {
  const { sandbox, allocate, clock, frozen } = parts
  const spare: Oid[] = []
  return async (transaction, { overlay = transaction.changes(), ...message }) => {
    while (spare.length < OIDS_A_RUN) spare.push(...allocate(OIDS_A_RUN))
    const newOids = spare.splice(0, OIDS_A_RUN)
    const now = clock.now()
    const call = { ...message, overlay, newOids, frozen, now, randomSeed: now % 2 ** 31 }
    const invocation = await sandbox.invoke({ ...call, snapshot: transaction.snapshot })
    const used = new Set(invocation.kind === 'answer' ? invocation.changed.map(({ oid }) => oid) : [])
    spare.push(...newOids.filter((oid) => !used.has(oid)))
    return invocation
  }
}
