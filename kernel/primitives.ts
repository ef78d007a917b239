// The methods written in TypeScript that slots of the image name. A primitive works in the transaction of the message
// that reached it and answers an image value.
import { BatError } from '../src/base/errors.ts'
import { formatLiteral } from '../src/base/notation.ts'
import type { PlainObject, Value } from '../src/base/value.ts'
import { dataSlots } from '../src/cognition/trial.ts'
import type { Obj } from '../src/image/object.ts'
import type { Transaction } from '../src/image/transaction.ts'
import type { Message } from './dispatch.ts'
import type { Kernel } from './kernel.ts'
import { promote } from './promotion.ts'
import { understood } from './protocol-of.ts'

export interface PrimitiveCall {
  readonly kernel: Kernel
  readonly transaction: Transaction
  readonly target: Obj
  readonly args: readonly Value[]
  readonly message: Message
}

export const primitives: Readonly<Record<string, (call: PrimitiveCall) => Value | Promise<Value>>> = {
  clone: ({ target }) => target.clone().ref,
  clone_as_: cloneAs,
  promote_to_: promote,
  print: ({ target }) => print(target),
  slots: ({ target }) => understood(target).map(({ name }) => name),
  doesNotUnderstand_: ({ message }) => {
    throw new BatError('E_PRIMITIVE', {
      name: 'doesNotUnderstand_',
      problem: `is what the kernel does by itself: send ${message.receiver} the message that you mean`,
    })
  },
  'mind.status': ({ kernel }) => JSON.parse(JSON.stringify(kernel.engine.status())) as PlainObject,
  'metrics.summary': ({ kernel }) => kernel.metrics.summary() as unknown as PlainObject,
}

/** `genesis clone_as: 'robot'`: a copy that the root knows by that name. */
function cloneAs({ kernel, transaction, target, args }: PrimitiveCall): Value {
  const [name] = args
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name)) {
    throw new BatError('E_PRIMITIVE', {
      name: 'clone_as_',
      problem: 'takes a name made of letters, digits and underscores',
    })
  }
  if (transaction.root.has(name))
    throw new BatError('E_PRIMITIVE', { name: 'clone_as_', problem: `finds that ${name} exists already` })
  if (kernel.world.frozen.includes(target.oid))
    throw new BatError('E_FROZEN', { object: target.oid, by: 'cloning' })
  const copy = target.clone()
  transaction.root.set(name, copy.ref)
  return copy.ref
}

function print(target: Obj): string {
  const shown = Object.entries(dataSlots(target)).map(([name, value]) => `${name}: ${formatLiteral(value)}`)
  return `${target.oid} { ${shown.join(', ')} }`
}
