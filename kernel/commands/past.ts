// `at`: an object as it was. `diff`: what became of it between two moments.
import { BatError } from '../../src/base/errors.ts'
import { isOid, numberOf, type Oid, type Tid, tidOf } from '../../src/base/ids.ts'
import { takeTurns } from '../../src/base/turns.ts'
import { isPlainObject, Ref, type Value } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import type { Obj } from '../../src/image/object.ts'
import type { View } from '../../src/image/view.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import { changesOf } from './history.ts'
import { inspectIn } from './inspect.ts'
import { resolveTarget } from './send.ts'

/**
 * What `inspect` would have answered at that moment, and `moment`: the newest transaction of then. `options.path` leads on
 * from the slot into lists, maps and other objects. Throws E_NO_OBJECT, E_NO_SLOT, E_NO_TRANSACTION.
 */
export function lookBack(image: Image, { target_oid, options }: RequestFor<'at'>): Value {
  const { moment, path } = options
  const view = image.at(moment)
  const target = targetThen(image, view, target_oid)
  const [slot, ...deeper] = path
  const found = inspectIn(view, target, slot) as { readonly [key: string]: Value }
  const told = momentOf(image, view.snapshot)
  if (deeper.length === 0) return { ...found, moment: told }
  const place = [view.nameOf(target.oid), slot!]
  return { ...found, value: follow(view, found.value!, { place, path: deeper }), moment: told }
}

/**
 * `{oid, name, from, to, slots: [{slot, before?, after?}]}`: how the slots of an object, or one of them, differ between two
 * moments. Without moments its last change; with one, what changed since then.
 */
export async function diffOf(
  image: Image,
  { target_oid, mission_brief, options }: RequestFor<'diff'>,
): Promise<Value> {
  const slot = mission_brief?.selector
  const oid = resolveEver(image, target_oid)
  const { from, to } = options.from === undefined ? await lastChange(image, oid, slot) : options
  const [a, b] = [tidAt(image, from), tidAt(image, to)]
  const differences = image.diff(oid, a, b).filter((one) => slot === undefined || one.slot === slot)
  return {
    oid,
    name: image.now().nameOf(oid),
    from: momentOf(image, a),
    to: momentOf(image, b),
    slots: differences.map(({ slot: name, before, after }) => ({
      slot: name,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })),
  }
}

/** The oid of what has that name now, or of what ever had that oid. Throws E_NO_OBJECT. */
export function resolveEver(image: Image, target: string | 0): Oid {
  if (typeof target !== 'string' || !isOid(target)) return resolveTarget(image.now(), target).oid
  for (const _ of image.history(target)) return target
  throw new BatError('E_NO_OBJECT', { receiver: target })
}

/** By the name that the root had for it then, or has now. */
function targetThen(image: Image, view: View, target: string | 0): Obj {
  if (target === 0 || isOid(target) || view.root.get(target) instanceof Ref)
    return resolveTarget(view, target)
  const { oid } = resolveTarget(image.now(), target)
  if (view.has(oid)) return view.get(oid)
  const hint = `it was not there yet at ${view.snapshot}: batos history ${target}`
  throw new BatError('E_NO_OBJECT', { receiver: target, hint })
}

function follow(
  view: View,
  value: Value,
  { place, path }: { readonly place: readonly string[]; readonly path: readonly string[] },
): Value {
  const [key, ...deeper] = path
  if (key === undefined) return value
  const inside = insideOf(view, value, key)
  if (inside !== undefined) return follow(view, inside, { place: [...place, key], path: deeper })
  throw new BatError('E_NO_SLOT', { receiver: place.join('.'), slot: key })
}

function insideOf(view: View, value: Value, key: string): Value | undefined {
  if (value instanceof Ref) return view.get(value.oid).lookup(key)?.value
  if (Array.isArray(value)) return (value as readonly Value[])[Number(key)]
  return isPlainObject(value) && Object.hasOwn(value, key) ? (value[key] as Value) : undefined
}

interface Span {
  readonly from: Tid
  readonly to: Tid
}

async function lastChange(image: Image, oid: Oid, slot: string | undefined): Promise<Span> {
  const turn = takeTurns()
  for (const { state, slots } of changesOf(image, oid, slot)) {
    if (slots) return { from: tidOf(numberOf(state.tid) - 1), to: state.tid }
    await turn()
  }
  return { from: image.head, to: image.head }
}

const tidAt = (image: Image, moment: Tid | number | undefined): Tid =>
  moment === undefined ? image.head : image.at(moment).snapshot

function momentOf(image: Image, tid: Tid): Value {
  const record = image.transaction(tid)
  if (record === undefined) return { transaction: tid }
  const { time, user, description } = record
  return { transaction: tid, time: new Date(time), user, description }
}
