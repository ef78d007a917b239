// Trying a method: the message it was written for (and every earlier witness) is sent to the receiver as it would be with
// the method installed, in the sandbox, over what the transaction sees; nothing of it is kept. A witness fails before the
// method is there and passes after.
import { formatLiteral } from '../base/notation.ts'
import type { Method, PlainObject, Value, Witness } from '../base/value.ts'
import { sameAnswer } from '../base/value-equality.ts'
import type { Obj } from '../image/object.ts'
import type { Transaction } from '../image/transaction.ts'
import type { Invocation } from '../sandbox/sandbox.ts'
import type { Invoke } from './invoke.ts'

export interface TrialSetting {
  readonly transaction: Transaction
  readonly invoke: Invoke
  readonly target: Obj
  readonly selector: string
}

export interface TrialFault {
  readonly code: string
  /** For a person. */
  readonly message: string
  /** The few words after the code that the model is told: `7 not 8`. */
  readonly brief: string
  readonly line?: number
}

/** Runs `method` on each witness in turn; the first that fails is told. */
export async function tryMethod(
  method: Method,
  witnesses: readonly Witness[],
  setting: TrialSetting,
): Promise<TrialFault | undefined> {
  for (const witness of witnesses) {
    const invocation = await runWitness(method, witness, setting)
    const fault = faultOf(invocation, witness)
    if (fault) return fault
  }
  return undefined
}

async function runWitness(method: Method, witness: Witness, setting: TrialSetting): Promise<Invocation> {
  const { transaction, invoke, target, selector } = setting
  const slots = new Map([...target.slots(), ...Object.entries(witness.slots), [selector, method] as const])
  const others = transaction.changes().filter(({ oid }) => oid !== target.oid)
  const overlay = [...others, { oid: target.oid, slots }]
  return invoke(transaction, { receiver: target.oid, selector, args: witness.args, overlay })
}

/** What is wrong with how a witness ended; undefined when nothing is. */
export function faultOf(invocation: Invocation, witness: Witness): TrialFault | undefined {
  switch (invocation.kind) {
    case 'answer':
      return answerFault(invocation.value, invocation.changed.length > 0, witness)
    case 'unhandled':
      return {
        code: 'threw',
        message: `it sends ${invocation.selector}, which ${invocation.receiver} does not understand`,
        brief: `${invocation.selector} is not understood`,
      }
    case 'failed':
      return {
        code: invocation.code,
        message: invocation.message,
        brief: invocation.message,
        ...(invocation.line === undefined ? {} : { line: invocation.line }),
      }
    case 'lost':
      return { code: 'lost', message: invocation.message, brief: invocation.message }
    default:
      return invocation satisfies never
  }
}

function answerFault(value: Value, changed: boolean, witness: Witness): TrialFault | undefined {
  if (witness.expected !== undefined) {
    if (sameAnswer(value, witness.expected)) return undefined
    const [got, wanted] = [formatLiteral(value), formatLiteral(witness.expected)]
    return {
      code: 'answer',
      message: `it answers ${got}, ${wanted} was expected`,
      brief: `${got} not ${wanted}`,
    }
  }
  if (typeof value === 'number' && Number.isNaN(value)) {
    return { code: 'answer', message: 'it answers NaN', brief: 'NaN' }
  }
  if (value === null && !changed) {
    return { code: 'answer', message: 'it answers nothing and changes nothing', brief: 'nothing' }
  }
  return undefined
}

/** The data slots of an object that a witness keeps: plain values, no methods, no parents. */
export function dataSlots(target: Obj): PlainObject {
  return Object.fromEntries(
    [...target.slots()].filter(
      ([name, value]) => !name.startsWith('_') && !name.endsWith('*') && isData(value),
    ),
  )
}

const isData = (value: Value): boolean =>
  value === null ||
  typeof value !== 'object' ||
  value instanceof Date ||
  value instanceof Uint8Array ||
  Array.isArray(value) ||
  Object.getPrototypeOf(value) === Object.prototype
