// Whether a method does what its reference does: both are run on fresh inputs, and answer, whole state and flag must agree.
// What the model wrote runs in a context of its own with a time limit (the real sandbox is the kernel's; here nothing but
// numbers and texts is at stake).
import vm from 'node:vm'
import { signatureOf } from '../../src/mind/briefs.ts'
import type { Random } from './random.ts'
import type { Sample } from './sample.ts'

const LIMIT_MS = 500
const INPUTS = 6

/** How a run ended: answer, state after it and flag as one text, numbers rounded to ten digits. */
export interface Run {
  readonly answer: string
  readonly state: string
  readonly flag: boolean
}

/** An object in a slot answers every message with its own id, the name and the arguments. */
const RUN = `(() => {
  const other = (oid) => new Proxy({}, {
    get: (_, name) => name === 'toJSON' ? () => ({ oid })
      : typeof name === 'symbol' ? undefined : (...sent) => [oid, name, sent],
  })
  const alive = (key, value) => value !== null && typeof value === 'object'
    && Object.keys(value).join() === 'oid' ? other(value.oid) : value
  const exact = (key, value) => value === undefined ? '<undefined>'
    : typeof value === 'number' ? (Number.isFinite(value) ? Number(value.toPrecision(10)) : String(value)) : value
  const method = (__source)
  const state = JSON.parse(__state, alive), args = JSON.parse(__args)
  const answer = method(state, ...args)
  const flag = state._p_changed === true
  delete state._p_changed
  return JSON.stringify({ answer: JSON.stringify(answer, exact) ?? '<undefined>', state: JSON.stringify(state, exact), flag })
})()`

/** Runs a function's text; throws what it throws. */
export function runSource(source: string, state: unknown, args: readonly unknown[]): Run {
  const context = vm.createContext({ __state: JSON.stringify(state), __args: JSON.stringify(args) })
  const text = vm.runInContext(
    RUN.replace('__source', () => source),
    context,
    { timeout: LIMIT_MS },
  )
  return JSON.parse(text as string) as Run
}

/** Whether `source` equals the sample's reference on its own message and on fresh ones. */
export function behavesAs(of: Sample, source: string, random: Random): boolean {
  const reference = signatureOf(of.brief.selector, of.brief.args.length) + of.body
  const inputs = [
    { state: of.brief.slots, args: of.brief.args },
    ...Array.from({ length: INPUTS }, () => of.fresh(random, 'heldout')),
  ]
  return inputs.every(({ state, args }) => {
    const wanted = runSource(reference, state, args)
    try {
      const got = runSource(source, state, args)
      return got.answer === wanted.answer && got.state === wanted.state && got.flag === wanted.flag
    } catch {
      return false
    }
  })
}
