// The end of a thought that succeeded: the method is installed in the target's own slot, the message is sent again, and
// one commit carries the method, the message's effects, the record of the cycle, the removal of the mission and the
// outcome for the client. When another transaction has changed what this one had read, all of it is done over on the present
// image: trial, message, commit.
import { BatError } from '../base/errors.ts'
import { Ref, type TreeRef, type Value } from '../base/value.ts'
import type { CycleOutcome } from './cycle.ts'
import { settle } from './pending.ts'
import { methodOf } from './stages.ts'
import type { Faculties, Thought } from './thought.ts'
import { faultOf } from './trial.ts'

const TRIES = 8

export async function complete(thought: Thought, faculties: Faculties): Promise<CycleOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await installAndSend(thought, faculties)
    } catch (thrown) {
      if (!(thrown instanceof BatError) || thrown.code !== 'E_CONFLICT' || attempt === TRIES) throw thrown
      thought.reopen()
    }
  }
}

async function installAndSend(thought: Thought, faculties: Faculties): Promise<CycleOutcome> {
  const { mission, target, transaction } = thought
  const { clock, invoke } = faculties
  const method = methodOf(thought, clock.now())
  const [witness] = method.provenance.witnesses
  const { selector, args } = mission
  target.set(selector, method)
  const invocation = await invoke(transaction, { receiver: target.oid, selector, args })
  const fault = faultOf(invocation, witness!)
  if (fault || invocation.kind !== 'answer') {
    throw new BatError('E_METHOD_FAILED', {
      receiver: mission.receiver,
      selector,
      reason: fault?.message ?? invocation.kind,
    })
  }
  transaction.apply(invocation.changed)
  record(thought, faculties, invocation.value)
  const tid = await transaction.commit()
  const purpose = method.provenance.purpose
  thought.observe({ kind: 'commit', transaction: tid, ...(purpose ? { purpose } : {}) })
  return { kind: 'complete', value: invocation.value, transaction: tid, method }
}

function record(thought: Thought, { clock, world }: Faculties, value: Value): void {
  const { transaction, cycle, mission } = thought
  cycle.set('finished', new Date(clock.now()))
  cycle.set('tries', thought.drafts.length)
  const cycles = transaction.get(world.cycles).get('by_id') as TreeRef
  transaction.tree(cycles).set(mission.cycle, new Ref(cycle.oid))
  settle(transaction, world.missions, mission, {
    kind: 'result',
    value,
    cycle: mission.cycle,
    time: clock.now(),
  })
}
