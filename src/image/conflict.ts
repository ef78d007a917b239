// Whether a transaction may be committed. It conflicts when an object it changed, an entry it changed, or an object whose
// reading it declared to matter, has a newer version than its snapshot, unless the object's resolver makes one of both.
import { BatError } from '../base/errors.ts'
import { type Oid, tidOf } from '../base/ids.ts'
import { forEachInTurns, type Turn } from '../base/turns.ts'
import type { CommitRequest, Draft } from './commit.ts'
import { mergedSlots } from './conflict-resolvers.ts'
import type { Key } from './keyspace.ts'
import type { Slots } from './object-state.ts'
import type { Revision } from './revisions.ts'

/** What is committed by now, or will be before the request. */
export interface Newest {
  /** The number of the transaction that changed an object last. */
  tidOf(oid: Oid): number | undefined
  revision(oid: Oid): Revision | undefined
  /** The number of the transaction that changed an entry last. */
  entryTid(tree: Oid, key: Key): number | undefined
  /** As it was at `moment`. */
  at(oid: Oid, moment: number): Revision | undefined
}

/** The objects that a resolver made one of both of, as they are to be written; or the conflict. */
export type Checked = { readonly merged: ReadonlyMap<Oid, Slots> } | { readonly conflict: BatError }

/** `changed`: the drafts of what was there before. What is created has an oid that nobody else has. */
export async function checkConflicts(
  request: CommitRequest,
  changed: ReadonlyMap<Oid, Draft>,
  { newest, turn }: { readonly newest: Newest; readonly turn: Turn },
): Promise<Checked> {
  const { moment, drafts, entries, currentReads } = request
  const merged = new Map<Oid, Slots>()
  const theirs = new Map<Oid, number>()
  let cause: unknown
  await forEachInTurns(changed, turn, ([oid, draft]) => {
    const tid = newest.tidOf(oid)
    if (tid === undefined || tid <= moment) return
    try {
      const slots = mergedWith(draft, oid, { request, newest })
      if (slots) merged.set(oid, slots)
      else theirs.set(oid, tid)
    } catch (error) {
      cause ??= error
      theirs.set(oid, tid)
    }
  })
  await forEachInTurns(currentReads, turn, (oid) => {
    const tid = newest.tidOf(oid)
    if (tid !== undefined && tid > moment) theirs.set(oid, tid)
  })
  for (const [tree, changes] of entries) {
    if (drafts.get(tree)?.created) continue
    const tid = newest.tidOf(tree) ?? -1
    if (tid <= moment) continue
    await forEachInTurns(changes.values(), turn, ({ key }) => {
      const entryTid = newest.entryTid(tree, key) ?? -1
      if (entryTid > moment) theirs.set(tree, entryTid)
    })
    if (newest.revision(tree)?.kind !== 'tree') theirs.set(tree, tid)
  }
  if (theirs.size === 0) return { merged }
  const last = [...theirs.values()].reduce((most, tid) => Math.max(most, tid))
  const details = { objects: [...theirs.keys()], ours: tidOf(moment), theirs: tidOf(last) }
  return { conflict: new BatError('E_CONFLICT', details, { cause }) }
}

/** What a draft and the changes of others make together; undefined where nobody knows. */
function mergedWith(
  draft: Draft,
  oid: Oid,
  { request, newest }: { readonly request: CommitRequest; readonly newest: Newest },
): Slots | undefined {
  if (draft.kind !== 'object') return undefined
  const committed = newest.revision(oid)
  const base = newest.at(oid, request.moment)
  if (committed?.kind !== 'object' || base?.kind !== 'object') return undefined
  const resolver = request.resolverOf(oid)
  const states = { base: base.slots, committed: committed.slots, ours: draft.slots }
  return resolver && mergedSlots(states, resolver)
}
