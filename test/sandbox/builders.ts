// Objects, methods and calls for the sandbox's tests, short enough that a test reads as a picture of what it is about.
import type { Oid } from '../../src/base/ids.ts'
import { oidOf } from '../../src/base/ids.ts'
import { Method, type Provenance, type Value } from '../../src/base/value.ts'
import type { ObjectState } from '../../src/image/object-state.ts'
import type { Call, Invocation, Sandbox } from '../../src/sandbox/sandbox.ts'

const provenance: Provenance = {
  author: 'user',
  user: 'ada',
  cycle: 'cycle:1',
  time: 1,
  state: 'active',
  witnesses: [],
}

export const method = (source: string): Method => new Method({ source, provenance })

/** An object; methods are given as text under a key that ends in `()`. */
export function object(n: number, slots: Readonly<Record<string, Value>>): ObjectState {
  const made = new Map<string, Value>()
  for (const [name, value] of Object.entries(slots)) {
    if (name.endsWith('()')) made.set(name.slice(0, -2), method(String(value)))
    else made.set(name, value)
  }
  return { oid: oidOf(n), slots: made }
}

export const call = (
  overlay: readonly ObjectState[],
  selector: string,
  args: readonly Value[] = [],
  more: Partial<Call> = {},
): Call => ({
  snapshot: 'tx:1',
  overlay,
  receiver: overlay[0]!.oid,
  selector,
  args,
  newOids: [oidOf(900), oidOf(901)],
  now: 1_700_000_000_000,
  randomSeed: 7,
  frozen: [],
  ...more,
})

/** Runs `body` as the method `run` of obj:1, whose other slots are `slots`. */
export const runBody = (
  sandbox: Sandbox,
  body: string,
  slots: Readonly<Record<string, Value>> = {},
  more: Partial<Call> = {},
): Promise<Invocation> =>
  sandbox.invoke(
    call([object(1, { ...slots, 'run()': `async function run(self) {\n${body}\n}` })], 'run', [], more),
  )

/** The answer of an invocation that must have one. */
export function answered(invocation: Invocation): Value {
  if (invocation.kind !== 'answer') throw new Error(`no answer: ${JSON.stringify(invocation)}`)
  return invocation.value
}

export const slotsOf = (invocation: Invocation, oid: Oid): Record<string, Value> => {
  if (invocation.kind !== 'answer') throw new Error(`no answer: ${JSON.stringify(invocation)}`)
  const state = invocation.changed.find((changed) => changed.oid === oid)
  return Object.fromEntries(state?.slots ?? [])
}
