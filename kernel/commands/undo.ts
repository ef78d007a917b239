// `undo`: a new transaction that takes others back.
import { BatError } from '../../src/base/errors.ts'
import { isOid, type Oid, type Tid } from '../../src/base/ids.ts'
import { Ref, TreeRef, type Value } from '../../src/base/value.ts'
import type { World } from '../../src/cognition/thought.ts'
import type { Image } from '../../src/image/image.ts'
import type { View } from '../../src/image/view.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import { talliesIn } from '../tallies.ts'
import { kindOf, OF_USERS } from './history.ts'
import { resolveTarget } from './send.ts'

export interface Undoing {
  readonly image: Image
  readonly world: World
  readonly user: string
}

/**
 * Takes back `options.tids`, or the last thing that this user did and did not take back yet. Answers `{transaction, undid:
 * [{transaction, description}]}`. Throws E_UNDO_CONFLICT, E_UNDO_REFERRED, E_NO_TRANSACTION, E_NOTHING_TO_UNDO, E_NO_OBJECT.
 */
export async function undo({ image, world, user }: Undoing, { options }: RequestFor<'undo'>): Promise<Value> {
  const tids = options.tids.length > 0 ? options.tids : [lastOf(image, user)]
  const present = image.now()
  const undone = tids.map((tid) => image.transaction(tid))
  const keep = [
    ...options.keep.map((name) => (isTree(present, name) ? name : resolveTarget(present, name).oid)),
    ...bookkeeping(present, world),
    ...undone.flatMap((record) => thoughtOf(present, world, record?.meta.cycle)),
  ]
  const meta = { kind: 'undo', undoes: tids }
  const isAccount = (oid: Oid) => isRecord(present, world, oid)
  const transaction = await image.undo(tids, { user, keep, isAccount, meta })
  const undid = undone.map((record) => ({
    transaction: record?.tid ?? '',
    description: record?.description ?? '',
  }))
  return { transaction, undid }
}

const isTree = (view: View, name: string | 0): name is Oid =>
  name !== 0 && isOid(name) && view.kindOf(name) === 'tree'

/** What has happened has happened: undo takes back neither outcomes nor the record of thoughts and how they ended. */
const bookkeeping = (view: View, world: World): Oid[] => [
  ...[world.missions, world.cycles].flatMap((oid) =>
    [...view.get(oid).slots()].flatMap(([, value]) => (value instanceof TreeRef ? [value.oid] : [])),
  ),
  ...talliesIn(view),
]

/** Whether it is the record of a thought, or the list of outcomes. */
function isRecord(view: View, { cycles, missions }: World, oid: Oid): boolean {
  const outcomes = view.get(missions).get('outcomes') as TreeRef
  if (oid === outcomes.oid) return true
  const id = view.has(oid) ? view.get(oid).get('id') : undefined
  const byId = view.tree(view.get(cycles).get('by_id') as TreeRef)
  const ref = typeof id === 'string' ? byId.get(id) : undefined
  return ref instanceof Ref && ref.oid === oid
}

/** The record of the thought that a transaction was. */
function thoughtOf(view: View, world: World, cycle: unknown): Oid[] {
  if (typeof cycle !== 'string') return []
  const ref = view.tree(view.get(world.cycles).get('by_id') as TreeRef).get(cycle)
  return ref instanceof Ref ? [ref.oid] : []
}

/** The newest transaction of a user that is in effect; an undo that was itself taken back counts for nothing. */
function lastOf(image: Image, user: string): Tid {
  const undone = new Set<unknown>()
  for (const record of image.transactions({ reverse: true })) {
    if (undone.has(record.tid)) continue
    const kind = kindOf(record)
    if (kind === 'undo') for (const tid of [record.meta.undoes].flat()) undone.add(tid)
    else if (record.user === user && OF_USERS.has(kind)) return record.tid
  }
  throw new BatError('E_NOTHING_TO_UNDO', { user })
}
