// `genesis promote: 'double:' to: traits`: a method moves from the object it was written for to one that this delegates to,
// so that all that delegate to that one inherit it. Before that it is tried on each of them, on its own witnesses; where one
// fails it stays where it is. Objects with a slot of that name nearer to them keep their own.
import { BatError } from '../src/base/errors.ts'
import { takeTurns } from '../src/base/turns.ts'
import { Method, Ref, type Value } from '../src/base/value.ts'
import { tryMethod } from '../src/cognition/trial.ts'
import type { Obj } from '../src/image/object.ts'
import type { Transaction } from '../src/image/transaction.ts'
import type { Kernel } from './kernel.ts'
import type { PrimitiveCall } from './primitives.ts'
import { holdersOf } from './protocol-of.ts'

/** No more receivers than this are tried; the answer tells how many there are. */
const MOST_TRIED = 1000

/**
 * Answers `{selector, holder, receivers, tried, own}`: how many objects inherit the method now, on how many of them it was
 * tried, and how many have a slot of their own instead. Throws E_PROMOTION.
 */
export async function promote({ kernel, transaction, target, args }: PrimitiveCall): Promise<Value> {
  const [typed, to] = args
  const selector = String(typed).replace(/:\s*/g, '_')
  const refused = (reason: string) =>
    new BatError('E_PROMOTION', { receiver: transaction.nameOf(target.oid), selector, reason })
  const method = target.get(selector)
  if (!(method instanceof Method)) throw refused('it has no method of that name in a slot of its own')
  const [, ...parents] = holdersOf(target)
  const holder = to instanceof Ref ? parents.find(({ oid }) => oid === to.oid) : undefined
  if (!holder) {
    const names = parents.map(({ oid }) => transaction.nameOf(oid))
    throw refused(`it delegates to ${names.join(', ') || 'nothing'}, and to nothing else`)
  }
  const name = transaction.nameOf(holder.oid)
  if (holder.has(selector)) throw refused(`${name} has a slot of that name already`)
  const { witnesses } = method.provenance
  if (witnesses.length === 0) throw refused('it has no witness to be tried on')

  target.delete(selector)
  holder.set(selector, method.inState('provisional'))
  const { receivers, own } = await inheritorsOf(kernel, transaction, { holder, selector })
  const faults: string[] = []
  const tried = receivers.slice(0, MOST_TRIED)
  for (const receiver of tried) {
    const setting = { transaction, invoke: kernel.invoke, target: receiver, selector }
    const fault = await tryMethod(method, witnesses, setting)
    if (fault) faults.push(`on ${transaction.nameOf(receiver.oid)} ${fault.message}`)
  }
  if (faults.length > 0)
    throw refused(`${faults.length} of ${tried.length} that would inherit it fail; ${faults[0]}`)
  return { selector, holder: name, receivers: receivers.length, tried: tried.length, own }
}

/** The user's objects that find the method in `holder`, and how many that delegate to it find another slot first. */
async function inheritorsOf(
  { image, world }: Kernel,
  transaction: Transaction,
  { holder, selector }: { readonly holder: Obj; readonly selector: string },
): Promise<{ readonly receivers: readonly Obj[]; readonly own: number }> {
  const states = new Set(Object.values(world.states)) // cycles delegate to these
  const receivers: Obj[] = []
  let own = 0
  const turn = takeTurns()
  for (const oid of image.survey(transaction.snapshot).oids()) {
    await turn()
    if (typeof oid !== 'string' || world.frozen.includes(oid) || !transaction.has(oid)) continue
    const object = transaction.get(oid)
    const [, ...holders] = holdersOf(object).map((one) => one.oid)
    if (!holders.includes(holder.oid) || holders.some((one) => states.has(one))) continue
    if (object.lookup(selector)?.holder.oid === holder.oid) receivers.push(object)
    else own++
  }
  return { receivers, own }
}
