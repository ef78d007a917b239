// `inspect`: an object as it is (its slots, its parents, what it understands), or one of its methods with how it came to be.
import { BatError } from '../../src/base/errors.ts'
import { nearest } from '../../src/base/nearest.ts'
import { Method, Primitive, Ref, type Value } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import type { Obj } from '../../src/image/object.ts'
import type { View } from '../../src/image/view.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import { understood } from '../protocol-of.ts'
import { resolveTarget } from './send.ts'

/**
 * Without a selector: `{oid, names, parents, slots, understands: [{selector, holder, kind, arity?}], names_of_root}`; with one:
 * `{oid, selector, holder, value}`. Throws E_NO_OBJECT, E_NO_SLOT.
 */
export function inspect(image: Image, request: RequestFor<'inspect'>): Value {
  const present = image.now()
  return inspectIn(present, resolveTarget(present, request.target_oid), request.mission_brief?.selector)
}

/** The same of an object as a view sees it. */
export function inspectIn(view: View, target: Obj, selector: string | undefined): Value {
  const names = rootNames(view.root)
  return selector === undefined ? describe(target, names) : show(target, selector, names)
}

function describe(target: Obj, names: ReadonlyMap<string, string>): Value {
  const slots = [...target.slots()]
  return {
    oid: target.oid,
    name: names.get(target.oid) ?? '',
    parents: target.parents().map(({ oid }) => ({ oid, name: names.get(oid) ?? '' })),
    slots: Object.fromEntries(slots),
    understands: understood(target)
      .filter(({ value }) => value instanceof Method || value instanceof Primitive)
      .map(({ name, value, holder }) => ({
        selector: name,
        holder: names.get(holder.oid) ?? holder.oid,
        kind: value instanceof Method ? 'method' : 'primitive',
        ...(value instanceof Method
          ? { purpose: value.provenance.purpose ?? '', state: value.provenance.state }
          : {}),
      })),
  }
}

function show(target: Obj, selector: string, names: ReadonlyMap<string, string>): Value {
  const found = target.lookup(selector) ?? target.lookup(`${selector}_`)
  if (found) {
    const name = found.holder.has(selector) ? selector : `${selector}_`
    return {
      oid: target.oid,
      selector: name,
      holder: names.get(found.holder.oid) ?? found.holder.oid,
      value: found.value,
    }
  }
  const receiver = names.get(target.oid) ?? target.oid
  const near = nearest(
    selector,
    understood(target).map(({ name }) => name),
  )
  throw new BatError('E_NO_SLOT', {
    receiver,
    slot: selector,
    hint: near ? `did you mean ${near}?` : `batos inspect ${receiver}`,
  })
}

const rootNames = (root: Obj): ReadonlyMap<string, string> =>
  new Map(
    [...root.slots()].flatMap(([name, value]) => (value instanceof Ref ? [[value.oid, name] as const] : [])),
  )
