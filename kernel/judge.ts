// Whether an answer to an example is right. A method is looked at by the guardian and run in the sandbox on an object that
// is there for this one message; there is no image around it, so that a score depends on nothing but model and adapter.
import { type Oid, oidOf } from '../src/base/ids.ts'
import { Method, type PlainObject, type Provenance, type Value } from '../src/base/value.ts'
import { sameAnswer } from '../src/base/value-equality.ts'
import { faultOf } from '../src/cognition/trial.ts'
import type { Judge } from '../src/forge/evaluation.ts'
import type { CheckWitness } from '../src/forge/examples.ts'
import { auditMethod } from '../src/guardian/audit.ts'
import type { ObjectState } from '../src/image/object-state.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'

/** Makes the judge of a sandbox that needs no image. */
export const makeJudge =
  (sandbox: Pick<Sandbox, 'invoke'>): Judge =>
  async ({ request, check }, text) => {
    if (check.kind === 'exact') return text.trim() === check.answer
    const { selector, witnesses } = check
    const source = ((request.prefill ?? '') + text).trimEnd()
    const arity = witnesses[0]?.args.length ?? 0
    if (!auditMethod(source, { name: selector, arity }).ok) return false
    const method = new Method({ source, provenance: nobodys })
    for (const witness of witnesses) if (!(await passes(sandbox, selector, method, witness))) return false
    return true
  }

const nobodys: Provenance = {
  ...{ author: 'nobody', user: 'nobody', cycle: '', time: 0 },
  ...{ state: 'provisional', witnesses: [] },
}
const receiver: Oid = oidOf(1)
/** The moment and the chance that every method of an examination is given. */
const fixed = { now: 1_767_225_600_000, randomSeed: 1 } as const

async function passes(
  sandbox: Pick<Sandbox, 'invoke'>,
  selector: string,
  method: Method,
  { slots, args, expected, after }: CheckWitness,
): Promise<boolean> {
  const held: ObjectState = {
    oid: receiver,
    slots: new Map<string, Value>([...Object.entries(slots), [selector, method]]),
  }
  const invocation = await sandbox.invoke({
    ...{ snapshot: 'tx:1', overlay: [held], receiver, selector, args, frozen: [], ...fixed },
    newOids: Array.from({ length: 8 }, (_, i) => oidOf(2 + i)),
  })
  if (faultOf(invocation, { args, slots, ...(expected === undefined ? {} : { expected }) })) return false
  if (after === undefined || invocation.kind !== 'answer') return true
  const state = invocation.changed.find(({ oid }) => oid === receiver)?.slots ?? held.slots
  return sameAnswer(dataOf(state), after)
}

const dataOf = (slots: ReadonlyMap<string, Value>): PlainObject =>
  Object.fromEntries(
    [...slots].filter(([name, value]) => !name.startsWith('_') && !(value instanceof Method)),
  )
