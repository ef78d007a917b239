// The cognitive cycle: one mission through the states of states.ts, in one transaction. The driver asks the cycle object
// for its `process_`, which it finds by delegation in the state it is in, runs that, and moves the cycle to the state that
// the answer names: a loop, no recursion. A throw, a timeout, a cancel: the transaction is doomed and aborted, and the image
// is as if the thought had not been; what must outlive it is written by whoever called.
import { BatError, batErrorOf } from '../base/errors.ts'
import { Method, Primitive, Ref, type Value } from '../base/value.ts'
import { complete } from './complete.ts'
import type { Mission } from './mission.ts'
import type { Observation } from './observation.ts'
import type { Outcome } from './pending.ts'
import { stages } from './stages.ts'
import { isStateName, type StateName } from './states.ts'
import { type Faculties, Thought } from './thought.ts'
import { whatHelps } from './what-helps.ts'

export type CycleOutcome =
  | {
      readonly kind: 'complete'
      readonly value: Value
      readonly transaction: string
      readonly method: Method
    }
  | { readonly kind: 'proposed'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly error: BatError; readonly state: StateName }

export interface CycleOptions {
  readonly signal: AbortSignal
  /** After how long a timeout of the signal comes, in milliseconds. */
  readonly limitMs: number
  readonly observe: (observation: Observation) => void
}

const personas: Readonly<Partial<Record<StateName, string>>> = {
  DECOMPOSING: 'BRICK',
  REASONING: 'BABS',
  SYNTHESIZING: 'BRICK',
  VALIDATING: 'ALFRED',
}

/** Thinks a mission through. Never throws: a failure is an outcome. */
export async function runCycle(
  mission: Mission,
  faculties: Faculties,
  options: CycleOptions,
): Promise<CycleOutcome> {
  const thought = new Thought(mission, faculties, options)
  try {
    for (;;) {
      options.signal.throwIfAborted()
      if (thought.state === 'COMPLETE') return await complete(thought, faculties)
      const next = await process(thought, faculties)
      thought.enter(next, personas[next])
    }
  } catch (thrown) {
    const state = thought.state
    const error = withHint(failureOf(thrown, options), thought, faculties)
    thought.transaction.doom(error.message)
    thought.transaction.abort()
    thought.enter('FAILED', 'ALFRED')
    options.observe({ kind: 'abort', code: error.code, message: error.message })
    return { kind: 'failed', error, state }
  }
}

async function process(thought: Thought, faculties: Faculties): Promise<StateName> {
  const found = thought.cycle.lookup('process_')?.value
  if (found instanceof Primitive) {
    const stage = stages[found.name]
    if (stage) return stage(thought, faculties)
  }
  if (found instanceof Method) return processByMethod(thought, faculties)
  throw new BatError('E_INTERNAL', { reason: `the state ${thought.state} has no process_ that can be run` })
}

/** A state whose `process_` somebody has written anew: it is run like any method, and its answer names the next state. */
async function processByMethod({ transaction, cycle }: Thought, faculties: Faculties): Promise<StateName> {
  const message = { receiver: cycle.oid, selector: 'process_', args: [new Ref(cycle.oid)] }
  const invocation = await faculties.invoke(transaction, message)
  if (invocation.kind === 'answer' && isStateName(invocation.value)) {
    transaction.apply(invocation.changed)
    return invocation.value
  }
  const reason = invocation.kind === 'failed' ? invocation.message : 'it does not name a state'
  throw new BatError('E_INTERNAL', { reason: `process_ of a state failed: ${reason}` })
}

function failureOf(thrown: unknown, { signal, limitMs }: CycleOptions): BatError {
  if (!signal.aborted || thrown instanceof BatError) return batErrorOf(thrown)
  if (signal.reason instanceof BatError) return signal.reason
  const timeout = (signal.reason as Error | undefined)?.name === 'TimeoutError'
  return timeout
    ? new BatError('E_CYCLE_TIMEOUT', { limit: limitMs }, { cause: thrown })
    : new BatError('E_CANCELLED', {}, { cause: thrown })
}

/** Adds what helps to a failure that saying more may prevent; whoever waited for a person's word in vain has nothing to add. */
function withHint(error: BatError, { mission, state }: Thought, { drafting }: Faculties): BatError {
  const { code, details, cause } = error
  if (code !== 'E_CYCLE_TIMEOUT' && code !== 'E_PLAN') return error
  if (mission.approve && state === 'VALIDATING') return error
  return new BatError(code, { ...details, hint: whatHelps(mission, drafting.profile) }, { cause })
}
