// The inbox: methods that passed guardian and trial and wait for a user's word, by the id of the cycle that wrote them, in
// the tree `missions.proposals`. Nothing in it expires. A proposal remembers what stood in its slot when it was made; it is
// stale when something else stands there, or when its witnesses no longer pass.
import type { Oid } from '../base/ids.ts'
import { Method, type PlainObject, Ref, type TreeRef, type Value } from '../base/value.ts'
import type { Obj } from '../image/object.ts'
import type { Transaction } from '../image/transaction.ts'
import type { View } from '../image/view.ts'

export interface Proposal {
  readonly id: string
  readonly target: Oid
  readonly receiver: string
  readonly selector: string
  readonly method: Method
  readonly user: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number
  /** Hash of the method that stood in the slot, `''` when none did. */
  readonly before: string
  readonly quarantined: boolean
}

/** The hash of the method in an object's own slot, `''` when none is there. */
export function hashAt(object: Obj, selector: string): string {
  const value = object.get(selector)
  return value instanceof Method ? value.hash : ''
}

export function putProposal(transaction: Transaction, missions: Oid, { id, ...proposal }: Proposal): void {
  const object = transaction.get(missions)
  if (!object.has('proposals')) object.set('proposals', transaction.createTree().ref)
  const value = { ...proposal, target: new Ref(proposal.target) } as unknown as PlainObject
  transaction.tree(object.get('proposals') as TreeRef).set(id, value)
}

export const dropProposal = (transaction: Transaction, missions: Oid, id: string): void =>
  void inbox(transaction, missions)?.delete(id)

export function proposalOf(view: View, missions: Oid, id: string): Proposal | undefined {
  const value = inbox(view, missions)?.get(id)
  return value === undefined ? undefined : readProposal(id, value)
}

/** All that wait, the oldest first (ids of cycles sort by time). */
export const proposalsOf = (view: View, missions: Oid): Proposal[] =>
  [...(inbox(view, missions)?.entries() ?? [])].map(([id, value]) => readProposal(String(id), value))

function readProposal(id: string, value: Value): Proposal {
  const { target, ...rest } = value as unknown as Omit<Proposal, 'id' | 'target'> & { target: Ref }
  return { ...rest, id, target: target.oid }
}

function inbox(view: View, missions: Oid) {
  const object = view.get(missions)
  return object.has('proposals') ? view.tree(object.get('proposals') as TreeRef) : undefined
}
