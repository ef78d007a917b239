// The primordial objects, made in one transaction when an image is new. What an object can do is visible in it: behaviour
// of ours is a primitive named in a slot, and can be overridden by a method in the image. The kernel's own objects are
// listed in `orchestrator.frozen`: nothing that the model writes may change them.
import type { Oid } from '../src/base/ids.ts'
import { type PlainObject, Primitive, Ref, type Value } from '../src/base/value.ts'
import { type Codex, personas } from '../src/cognition/personas.ts'
import { type StateName, stateNames } from '../src/cognition/states.ts'
import type { World } from '../src/cognition/thought.ts'
import type { Image } from '../src/image/image.ts'
import type { Obj } from '../src/image/object.ts'
import type { Transaction } from '../src/image/transaction.ts'
import type { View } from '../src/image/view.ts'

/** Makes the primordial objects unless they are there, and answers what the kernel needs of them. */
export async function openWorld(image: Image): Promise<World> {
  const present = image.now()
  if (present.root.has('genesis')) {
    const added = lackingIn(present)
    if (added.length > 0) {
      const options = { user: 'kernel', description: 'traits', meta: { kind: 'genesis' } }
      await image.transact(options, (transaction) => {
        for (const [name, primitive] of added) traitsIn(transaction).set(name, primitive)
      })
    }
    return worldOf(present)
  }
  const { value } = await image.transact(
    { user: 'kernel', description: 'genesis', meta: { kind: 'genesis' } },
    (transaction) => {
      createWorld(transaction)
      return worldOf(transaction)
    },
  )
  return value
}

/** What every object inherits from `traits`. */
const INHERITED = ['clone', 'clone_as_', 'promote_to_', 'print', 'slots', 'doesNotUnderstand_']

const traitsIn = (view: View): Obj => view.get((view.root.get('traits') as Ref).oid)

/** What `traits` did not have yet when the image was made. */
const lackingIn = (present: View): readonly (readonly [string, Primitive])[] =>
  Object.entries(primitives(INHERITED)).filter(([name]) => !traitsIn(present).has(name))

function createWorld(transaction: Transaction): void {
  const { root } = transaction
  const named = (name: string, slots: Record<string, Value>): Obj => {
    const object = transaction.create(slots)
    root.set(name, object.ref)
    return object
  }
  const traits = named('traits', primitives(INHERITED))
  const child = { 'traits*': traits.ref }
  named('genesis', child)
  const mind = named('mind', { ...child, ...primitives(['status']) })
  const people = transaction.create({
    ...child,
    ...Object.fromEntries(
      Object.entries(personas).map(([name, codex]) => {
        const slots = { ...child, name, codex: codex as unknown as PlainObject, expert: null }
        return [name, transaction.create(slots).ref]
      }),
    ),
  })
  root.set('personas', people.ref)
  const states = named('states', {
    ...child,
    ...Object.fromEntries(stateNames.map((name) => [name, stateObject(transaction, traits, name).ref])),
  })
  const missions = named('missions', {
    ...child,
    pending: transaction.createTree().ref,
    outcomes: transaction.createTree().ref,
  })
  const cycles = transaction.create({ ...child, by_id: transaction.createTree().ref })
  const metrics = named('metrics', { ...child, ...primitives(['summary']) })
  const tools = named('tools', child)
  const orchestrator = named('orchestrator', { ...child, cycles: cycles.ref })
  const own = [root, traits, mind, people, states, missions, cycles, metrics, tools, orchestrator]
  const inner = [...people.slots(), ...states.slots()].map(([, value]) => value)
  orchestrator.set('frozen', [...own.map(({ ref }) => ref), ...inner.filter((value) => value instanceof Ref)])
}

const primitives = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, new Primitive(primitiveOf(name))]))

const primitiveOf = (selector: string): string =>
  selector === 'status' ? 'mind.status' : selector === 'summary' ? 'metrics.summary' : selector

const stateObject = (transaction: Transaction, traits: Obj, name: StateName): Obj =>
  transaction.create({ 'traits*': traits.ref, name, process_: new Primitive(`state.${name.toLowerCase()}`) })

function worldOf(view: View): World {
  const { root } = view
  const at = (object: Obj, slot: string): Oid => (object.get(slot) as Ref).oid
  const states = view.get(at(root, 'states'))
  const orchestrator = view.get(at(root, 'orchestrator'))
  return {
    states: Object.fromEntries(stateNames.map((name) => [name, at(states, name)])) as Record<StateName, Oid>,
    missions: at(root, 'missions'),
    cycles: at(orchestrator, 'cycles'),
    frozen: (orchestrator.get('frozen') as readonly Ref[]).map(({ oid }) => oid),
  }
}

/** The codices of the personas as they are in the image now. */
export function codicesOf(image: Image): Readonly<Record<string, Codex>> {
  const present = image.now()
  const people = present.get((present.root.get('personas') as Ref).oid)
  const named = [...people.slots()].filter(([name, value]) => value instanceof Ref && !name.endsWith('*'))
  return Object.fromEntries(
    named.map(([name, ref]) => [name, present.get((ref as Ref).oid).get('codex') as unknown as Codex]),
  )
}
