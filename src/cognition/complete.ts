// The end of a thought that succeeded: the method is installed in the target's own slot, the message is sent again (but for
// a stale method, which is only replaced), and one commit carries the method, the message's effects, the record of the cycle, the removal of the mission and the
// outcome for the client. When another transaction has changed what this one had read, all of it is done over on the present
// image: trial, message, commit.
import { BatError } from '../base/errors.ts'
import { type Method, Ref, type TreeRef, type Value } from '../base/value.ts'
import { despiteConflicts } from '../image/retry.ts'
import type { CycleOutcome } from './cycle.ts'
import { errorOutcome, type Outcome, settle } from './pending.ts'
import { policyOf } from './policy.ts'
import { hashAt, putProposal } from './proposals.ts'
import { methodOf } from './stages.ts'
import type { Faculties, Thought } from './thought.ts'
import { faultOf } from './trial.ts'

const TRIES = 8

export const complete = (thought: Thought, faculties: Faculties): Promise<CycleOutcome> =>
  despiteConflicts(() => installAndSend(thought, faculties), {
    tries: TRIES,
    onConflict: () => thought.reopen(),
  })

async function installAndSend(thought: Thought, faculties: Faculties): Promise<CycleOutcome> {
  const { mission, target, transaction } = thought
  const { clock } = faculties
  const method = methodOf(thought, clock.now())
  if (!mission.approve && policyOf(target).policy === 'propose') return propose(thought, faculties, method)
  target.set(mission.selector, method)
  const value = mission.type === 'stale_method' ? null : await sendAgain(thought, faculties, method)
  record(thought, faculties, { kind: 'result', value, cycle: mission.cycle, time: clock.now() })
  const tid = await transaction.commit()
  const purpose = method.provenance.purpose
  thought.observe({ kind: 'commit', transaction: tid, ...(purpose ? { purpose } : {}) })
  return { kind: 'complete', value, transaction: tid, method }
}

async function sendAgain(
  { mission, target, transaction }: Thought,
  { invoke }: Faculties,
  method: Method,
): Promise<Value> {
  const { receiver, selector, args } = mission
  const invocation = await invoke(transaction, { receiver: target.oid, selector, args })
  const fault = faultOf(invocation, method.provenance.witnesses[0]!)
  if (fault || invocation.kind !== 'answer')
    throw new BatError('E_METHOD_FAILED', { receiver, selector, reason: fault?.message ?? invocation.kind })
  transaction.apply(invocation.changed)
  return invocation.value
}

/** Where the policy wants a user's word first: the method goes to the inbox, and nothing else of the message happens. */
async function propose(thought: Thought, faculties: Faculties, method: Method): Promise<CycleOutcome> {
  const { mission, target, transaction } = thought
  const { receiver, selector, user, cycle: id } = mission
  const { clock, world } = faculties
  const time = clock.now()
  const before = hashAt(target, selector)
  const proposal = { id, target: target.oid, receiver, selector, method, user, time, before }
  putProposal(transaction, world.missions, { ...proposal, quarantined: false })
  const outcome = errorOutcome(new BatError('E_PROPOSED', { receiver, selector, id }), mission, time)
  record(thought, faculties, outcome)
  thought.observe({ kind: 'commit', transaction: await transaction.commit() })
  return { kind: 'proposed', outcome }
}

function record(thought: Thought, { clock, world }: Faculties, outcome: Outcome): void {
  const { transaction, cycle, mission } = thought
  cycle.set('finished', new Date(clock.now()))
  cycle.set('tries', thought.drafts.length)
  const cycles = transaction.get(world.cycles).get('by_id') as TreeRef
  transaction.tree(cycles).set(mission.cycle, new Ref(cycle.oid))
  settle(transaction, world.missions, mission, outcome)
}
