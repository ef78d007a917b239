// The commands of the rescue console that change the image: each is one transaction of the user `rescue`, which `undo` takes
// back like any other.
import { BatError } from '../../src/base/errors.ts'
import { BlobRef, TreeRef, type Value } from '../../src/base/value.ts'
import type { Draft } from '../../src/image/commit.ts'
import { formatEntryKey } from '../../src/image/keyspace.ts'
import { ROOT } from '../../src/image/object-state.ts'
import type { Found } from '../../src/image/text/survey.ts'
import { TextReader } from '../../src/image/text/text-reader.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import { findPlace, formatPlace, type Place, readPlace, slotsOf, valueAt } from './place.ts'
import { type Answer, misused, placeIn, type Rescue, tidHere } from './rescue.ts'

export async function undo(rescue: Rescue, rest: string): Promise<Answer> {
  const tid = tidHere(rest)
  const undone = await rescue.image.undo(tid, { user: 'rescue', meta: { kind: 'undo' } })
  return { text: `${tid} is undone, by ${undone}` }
}

export async function revert(rescue: Rescue, rest: string): Promise<Answer> {
  const reader = new TextReader('line', rest)
  const typed = readPlace(reader)
  const tid = tidHere(reader.rest)
  const then = rescue.image.survey(rescue.image.at(tid).snapshot)
  const place = findPlace(rescue.image.survey(), typed)
  if (place.kind === 'tree')
    throw new BatError('E_USAGE', { problem: 'a Tree is reverted by entry', hint: 'revert PLACE[KEY] TX' })
  if (place.kind === 'object') {
    const before = draftOf(then.find(place.oid))
    return change(rescue, `revert ${rest}`, (transaction) => transaction.restore(place.oid, before))
  }
  if (!isPart(place)) throw misused('revert PLACE TX')
  const value = valueAt(then, place)
  return change(rescue, `revert ${rest}`, (transaction) => put(transaction, place, value))
}

export async function forget(rescue: Rescue, rest: string): Promise<Answer> {
  const { place, typed } = placeIn(rescue.image.survey(), rest)
  if (place.kind === 'object' || place.kind === 'tree') {
    if (place.oid === ROOT) throw new BatError('E_FROZEN', { object: 'root', by: 'anyone' })
    return change(rescue, `forget ${typed}`, (transaction) => transaction.restore(place.oid, undefined))
  }
  if (!isPart(place)) throw misused('forget PLACE')
  return change(rescue, `forget ${typed}`, (transaction) => put(transaction, place, undefined))
}

export async function set(rescue: Rescue, rest: string): Promise<Answer> {
  const reader = new TextReader('line', rest)
  const typed = readPlace(reader)
  reader.take('=')
  const value = reader.value()
  reader.end()
  const survey = rescue.image.survey()
  for (const { of } of reader.mentions) {
    if (of instanceof BlobRef) rescue.image.blobPath(of)
    else if (survey.find(of.oid)?.kind !== (of instanceof TreeRef ? 'tree' : 'object'))
      throw new BatError('E_NO_OBJECT', { receiver: of.oid })
  }
  const place = findPlace(survey, typed)
  if (!isPart(place)) throw misused('set PLACE = VALUE')
  return change(rescue, `set ${formatPlace(typed)}`, (transaction) => put(transaction, place, value))
}

/** What an object is restored to; undefined where it was not there. Throws E_RECORD_DAMAGED. */
function draftOf(found: Found | undefined): Draft | undefined {
  if (found?.damage !== undefined) throw damagedThen(found.damage)
  const slots = new Map<string, Value>()
  for (const each of slotsOf(found)) {
    if ('damage' in each) throw damagedThen(each.damage)
    slots.set(each.slot, each.value)
  }
  return found && { kind: 'object', slots, created: false, generation: -1 }
}

type Part = Extract<Place, { readonly kind: 'slot' } | { readonly kind: 'entry' }>

const isPart = (place: Place): place is Part => place.kind === 'slot' || place.kind === 'entry'

/** Commits one change as the user `rescue`. */
async function change(
  rescue: Rescue,
  description: string,
  work: (transaction: Transaction) => void,
): Promise<Answer> {
  if (rescue.at !== undefined)
    throw new BatError('E_USAGE', {
      problem: `${rescue.at} is looked at, where nothing can be changed`,
      hint: 'at now',
    })
  const { tid } = await rescue.image.transact({ user: 'rescue', description, meta: { kind: 'rescue' } }, work)
  return { text: `done, by ${tid}; undo ${tid} takes it back` }
}

function put(transaction: Transaction, place: Part, value: Value | undefined): void {
  if (place.kind === 'slot') {
    const object = transaction.get(place.oid)
    if (value === undefined) object.delete(place.slot)
    else object.set(place.slot, value)
  } else if (value === undefined) transaction.setEntry(place.oid, formatEntryKey(place.key), undefined)
  else transaction.tree(new TreeRef(place.oid)).set(place.key, value)
}

function damagedThen(damage: string): BatError {
  const [record = '', problem = ''] = damage.split(/: (.*)/s)
  return new BatError('E_RECORD_DAMAGED', { record, problem })
}
