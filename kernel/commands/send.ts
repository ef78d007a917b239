// `send`: a message to an object, or a slot of it read or set.
import { BatError } from '../../src/base/errors.ts'
import { isOid, type Oid } from '../../src/base/ids.ts'
import { nearest } from '../../src/base/nearest.ts'
import { type Argument, formatLiteral, resolveNames } from '../../src/base/notation.ts'
import { Ref, type Value } from '../../src/base/value.ts'
import { keepOutcome, type Outcome } from '../../src/cognition/pending.ts'
import type { Obj } from '../../src/image/object.ts'
import type { View } from '../../src/image/view.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import type { Session } from '../desk.ts'
import { send } from '../dispatch.ts'
import type { Kernel } from '../kernel.ts'

type SendRequest = RequestFor<'send'> | RequestFor<'initiate_cognitive_cycle'>

export async function sendCommand(kernel: Kernel, request: SendRequest, session: Session): Promise<Outcome> {
  const brief = request.mission_brief
  const { target, args, expected } = read(kernel, request)
  const receiver = request.target_oid === 0 ? 'root' : request.target_oid
  switch (brief.type) {
    case 'get_slot':
      return {
        kind: 'result',
        value: getSlot(kernel, target, brief.selector, receiver),
        time: kernel.clock.now(),
      }
    case 'set_slot':
      return setSlot(kernel, { target, slot: brief.selector, value: args[0]!, receiver }, session)
    case 'message': {
      const { intent = '', insist = false, approve = false } = brief.kwargs
      return send(
        kernel,
        {
          target,
          receiver,
          selector: brief.selector,
          args,
          expected,
          intent,
          insist,
          approve,
          user: session.user,
          request: session.request,
        },
        { observe: session.observe, accepted: session.accepted },
      )
    }
    default:
      return brief satisfies never
  }
}

function read(
  kernel: Kernel,
  request: SendRequest,
): { target: Oid; args: readonly Value[]; expected: readonly Value[] } {
  const present = kernel.image.now()
  const { mission_brief: brief, target_oid } = request
  const find = (name: string) => new Ref(resolveTarget(present, name).oid)
  const given = (argument: Argument) => resolveNames(argument, find)
  const kwargs = brief.type === 'message' ? brief.kwargs : {}
  return {
    target: resolveTarget(present, target_oid).oid,
    args: brief.type === 'get_slot' ? [] : brief.args.map(given),
    expected: kwargs.has_expected === true ? [given(kwargs.expected ?? null)] : [],
  }
}

/** The object that a request is for: by oid, by the name that the root has for it, or the root itself. */
export function resolveTarget(view: View, target: string | 0): Obj {
  if (target === 0) return view.root
  if (isOid(target)) {
    if (view.has(target)) return view.get(target)
    throw new BatError('E_NO_OBJECT', { receiver: target })
  }
  const value = view.root.get(target)
  if (value instanceof Ref) return view.get(value.oid)
  const names = [...view.root.slots()].map(([name]) => name)
  const near = nearest(target, names)
  const hint = near
    ? `did you mean ${near}?`
    : `make one: genesis clone_as: '${target}'; there are ${names.join(', ')}`
  throw new BatError('E_NO_OBJECT', { receiver: target, hint })
}

function getSlot(kernel: Kernel, target: Oid, slot: string, receiver: string): Value {
  const object = kernel.image.now().get(target)
  const found = object.lookup(slot)
  if (found) return found.value
  const near = nearest(
    slot,
    [...object.slots()].map(([name]) => name),
  )
  throw new BatError('E_NO_SLOT', {
    receiver,
    slot,
    hint: near ? `did you mean ${near}?` : `set it with ${receiver}.${slot} = value`,
  })
}

async function setSlot(
  kernel: Kernel,
  { target, slot, value, receiver }: { target: Oid; slot: string; value: Value; receiver: string },
  session: Session,
): Promise<Outcome> {
  if (kernel.world.frozen.includes(target)) throw new BatError('E_FROZEN', { object: receiver, by: 'hand' })
  if (slot.startsWith('_p_'))
    throw new BatError('E_RESERVED', {
      selector: slot,
      reason: "names that begin with _p_ are the image's own",
    })
  const outcome: Outcome = { kind: 'result', value, time: kernel.clock.now() }
  const { tid } = await kernel.image.transact(
    {
      user: session.user,
      description: `${receiver}.${slot} = ${formatLiteral(value).slice(0, 60)}`,
      meta: { kind: 'set' },
    },
    (transaction) => {
      transaction.get(target).set(slot, value)
      keepOutcome(transaction, kernel.world.missions, session.request, outcome)
    },
  )
  return { ...outcome, transaction: tid }
}
