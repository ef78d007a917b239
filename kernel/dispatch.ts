// Sending a message: find what answers it, run that, commit what it changed together with its outcome, answer. What
// nothing understands becomes a mission (missions.ts); a method that sends such a message is stopped with nothing done,
// and run anew when the missing method is there.
import { BatError } from '../src/base/errors.ts'
import type { Oid } from '../src/base/ids.ts'
import { nearest } from '../src/base/nearest.ts'
import { formatLiteral, formatMessage } from '../src/base/notation.ts'
import { Method, Primitive, type Value } from '../src/base/value.ts'
import { sameAnswer } from '../src/base/value-equality.ts'
import type { Mission } from '../src/cognition/mission.ts'
import type { Observation } from '../src/cognition/observation.ts'
import { keepOutcome, type Outcome, settle } from '../src/cognition/pending.ts'
import { policyOf } from '../src/cognition/policy.ts'
import type { Transaction } from '../src/image/transaction.ts'
import type { Kernel } from './kernel.ts'
import { primitives } from './primitives.ts'
import { understood } from './protocol-of.ts'

/** New methods that one message may need before it is answered, and times it is run again after a conflict. */
const MOST_MISSIONS = 16
const MOST_CONFLICTS = 16

export interface Message {
  readonly target: Oid
  /** What the user calls the target. */
  readonly receiver: string
  readonly selector: string
  readonly args: readonly Value[]
  readonly expected: readonly Value[]
  readonly intent: string
  readonly insist: boolean
  readonly approve: boolean
  readonly user: string
  /** The key under which the outcome is kept. */
  readonly request: string
}

export interface Following {
  readonly observe: (observation: Observation, cycle: string) => void
  readonly accepted: (mission: Mission) => void
}

type Ran =
  | { readonly kind: 'done'; readonly value: Value; readonly transaction?: string }
  | {
      readonly kind: 'missing'
      readonly target: Oid
      readonly selector: string
      readonly args: readonly Value[]
    }

/** Sends a message for a client and answers its outcome's value; failures are thrown. */
export async function send(kernel: Kernel, message: Message, following: Following): Promise<Outcome> {
  const started = performance.now()
  for (let missions = 0; missions <= MOST_MISSIONS; missions++) {
    const ran: Ran =
      message.insist && missions === 0 ? { kind: 'missing', ...message } : await run(kernel, message)
    if (ran.kind === 'done') {
      kernel.metrics.time('send', performance.now() - started)
      return { ...ran, kind: 'result', time: kernel.clock.now() }
    }
    const own = ran.target === message.target && ran.selector === message.selector
    const outcome = await think(kernel, message, ran, own, following)
    if (own || outcome.kind === 'error') return outcome
  }
  throw new BatError('E_TOO_DEEP', {
    receiver: message.receiver,
    selector: message.selector,
    limit: MOST_MISSIONS,
  })
}

/** Carries out an accepted mission whose message is understood by now; the mission ends in the same transaction. */
export async function sendKnown(kernel: Kernel, mission: Mission): Promise<Outcome | undefined> {
  if (mission.type === 'stale_method') return undefined
  const found = kernel.image.now().get(mission.target).lookup(mission.selector)?.value
  if (!(found instanceof Method) || found.provenance.time < mission.accepted) return undefined
  const ran = await run(kernel, { ...mission, insist: false }, mission)
  if (ran.kind === 'done') return { ...ran, kind: 'result', time: kernel.clock.now() }
  throw new BatError('E_METHOD_LOST', { receiver: mission.receiver, selector: mission.selector })
}

async function run(kernel: Kernel, message: Message, mission?: Mission): Promise<Ran> {
  const { image, world, clock, metrics } = kernel
  const options = {
    user: message.user,
    description: `${message.receiver} ${formatMessage(message.selector, message.args)}`,
    meta: { kind: 'send', ...(mission ? { mission: mission.id } : {}) },
  }
  const work = async (transaction: Transaction) => {
    const ran = await runIn(kernel, transaction, message)
    if (ran.kind === 'missing') return { ran, changed: false }
    checkExpectation(message, ran.value)
    const changed = transaction.changes().length > 0 || mission !== undefined
    const outcome: Outcome = { kind: 'result', value: ran.value, time: clock.now() }
    if (mission) settle(transaction, world.missions, mission, outcome)
    else if (changed && message.request !== '')
      keepOutcome(transaction, world.missions, message.request, outcome)
    return { ran, changed }
  }
  const { value, tid } = await image.transact(options, work, {
    tries: MOST_CONFLICTS,
    onConflict: () => metrics.count('conflicts'),
  })
  const { ran, changed } = value
  return ran.kind === 'done' && changed ? { ...ran, transaction: tid } : ran
}

async function runIn(kernel: Kernel, transaction: Transaction, message: Message): Promise<Ran> {
  const { selector, args, receiver } = message
  const target = transaction.get(message.target)
  const found = target.lookup(selector)
  if (!found) return { kind: 'missing', target: target.oid, selector, args }
  if (found.value instanceof Primitive) {
    const primitive = primitives[found.value.name]
    if (!primitive)
      throw new BatError('E_PRIMITIVE', {
        name: found.value.name,
        problem: 'is not one that this kernel has',
      })
    return { kind: 'done', value: await primitive({ kernel, transaction, target, args, message }) }
  }
  if (found.value instanceof Method) {
    const ran = await runMethod(kernel, transaction, message, found.value)
    if (ran.kind === 'done') kernel.standing.succeeded(found.holder, selector, found.value)
    return ran
  }
  if (args.length > 0) throw new BatError('E_NOT_A_METHOD', { receiver, selector })
  return { kind: 'done', value: found.value }
}

async function runMethod(
  kernel: Kernel,
  transaction: Transaction,
  message: Message,
  method: Method,
): Promise<Ran> {
  const { receiver, selector, args, target } = message
  const takes = arityOf(method)
  if (takes !== args.length) throw new BatError('E_ARITY', { receiver, selector, takes, given: args.length })
  const invocation = await kernel.invoke(transaction, { receiver: target, selector, args })
  switch (invocation.kind) {
    case 'answer':
      transaction.apply(invocation.changed)
      return { kind: 'done', value: invocation.value }
    case 'unhandled':
      return {
        kind: 'missing',
        target: invocation.receiver,
        selector: invocation.selector,
        args: invocation.args,
      }
    case 'failed':
      kernel.metrics.count('method_failures')
      throw new BatError('E_METHOD_FAILED', {
        receiver,
        selector,
        reason: `${invocation.message}${invocation.line === undefined ? '' : ` (line ${invocation.line})`}`,
        kind: invocation.code,
      })
    case 'lost':
      throw new BatError('E_METHOD_LOST', { receiver, selector })
    default:
      return invocation satisfies never
  }
}

/** The number of parameters after `self`. */
const arityOf = (method: Method): number =>
  (/\(([^)]*)\)/.exec(method.source)?.[1]?.split(',').length ?? 1) - 1

function checkExpectation({ expected, receiver, selector, args }: Message, value: Value): void {
  if (expected.length === 0 || sameAnswer(value, expected[0]!)) return
  throw new BatError('E_EXPECTATION', {
    receiver,
    message: formatMessage(selector, args),
    answer: formatLiteral(value),
    expected: formatLiteral(expected[0]!),
  })
}

async function think(
  kernel: Kernel,
  message: Message,
  missing: Extract<Ran, { kind: 'missing' }>,
  own: boolean,
  following: Following,
): Promise<Outcome> {
  const receiver = own ? message.receiver : missing.target
  checkWritable(kernel, message, missing, receiver)
  let cycle = ''
  const mission = await kernel.missions.accept(
    {
      type: 'unhandled_message',
      target: missing.target,
      receiver,
      selector: missing.selector,
      args: missing.args,
      expected: own ? message.expected : [],
      intent: own ? message.intent : '',
      approve: message.approve,
      user: message.user,
      request: own ? message.request : '',
      parent: own ? '' : message.request,
    },
    (observation) => following.observe(observation, cycle),
  )
  cycle = mission.cycle
  following.accepted(mission)
  return (await kernel.missions.outcome(mission.id))!
}

/** Refuses what no method may be written for: a frozen object, a reserved name, a slip of the fingers. */
function checkWritable(
  kernel: Kernel,
  message: Message,
  missing: Extract<Ran, { kind: 'missing' }>,
  receiver: string,
): void {
  const { selector, target } = missing
  if (kernel.world.frozen.includes(target))
    throw new BatError('E_FROZEN', { object: receiver, by: 'a new method' })
  const reason = unwritable(selector, missing.args.length)
  if (reason) throw new BatError('E_RESERVED', { selector: selector.slice(0, 40), reason })
  const object = kernel.image.now().get(target)
  if (policyOf(object).policy === 'off')
    throw new BatError('E_POLICY_OFF', { receiver, selector: shown(selector) })
  if (message.insist) return
  const suggestion = near(kernel, target, selector)
  if (suggestion === undefined) return
  throw new BatError('E_NEAR_MISS', { receiver, selector: shown(selector), suggestion: shown(suggestion) })
}

/** Names that a function cannot have, and those that mean something to whatever calls it. */
const RESERVED = new Set(
  `arguments await break case catch class const constructor continue debugger default delete do else enum eval export
  extends false finally for function if implements import in instanceof interface let new null package private protected
  prototype public return send self static super switch then this throw toJSON toString true try typeof undefined
  valueOf var void while with yield`.split(/\s+/),
)
const MOST_ARGUMENTS = 4

function unwritable(selector: string, args: number): string | undefined {
  if (RESERVED.has(selector)) return 'the name is reserved'
  if (!/^[A-Za-z][A-Za-z0-9_]{0,99}$/.test(selector))
    return 'a selector is made of letters, digits and underscores'
  return args > MOST_ARGUMENTS
    ? `a method takes at most ${MOST_ARGUMENTS} arguments; a list or a map can hold more`
    : undefined
}

function near(kernel: Kernel, target: Oid, selector: string): string | undefined {
  if (selector.replace(/_$/, '').length < 4) return undefined
  const known = understood(kernel.image.now().get(target)).filter(
    ({ value }) => value instanceof Method || value instanceof Primitive,
  )
  return nearest(
    selector,
    known.map(({ name }) => name),
    1,
  )
}

/** `greet_` as a person types it: `greet:`. */
const shown = (selector: string): string => selector.replace(/_$/, ':')
