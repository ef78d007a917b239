// Places of an image as they are typed at the rescue console, and what is there. It is looked for in a survey, so damage on
// the way is told and costs nothing else.
//
//   place := (name in the root | 'root' | 'obj:12') ( '.' slot or key | '[' value ']' )*
//
// A slot, an item or an entry that names an object or a Tree is followed when the place goes on behind it:
// `missions.outcomes["abc"].value`. Values are in the notation of dumps.
import { BatError } from '../../src/base/errors.ts'
import type { Oid } from '../../src/base/ids.ts'
import { nearest } from '../../src/base/nearest.ts'
import { isPlainObject, Ref, TreeRef, type Value } from '../../src/base/value.ts'
import { formatEntryKey, keyText, type TreeKey } from '../../src/image/keyspace.ts'
import { ROOT } from '../../src/image/object-state.ts'
import type { Found, Survey } from '../../src/image/text/survey.ts'
import type { TextReader } from '../../src/image/text/text-reader.ts'
import { formatName, formatTreeKey } from '../../src/image/text/value-text.ts'

export interface TypedPlace {
  readonly start: string
  readonly steps: readonly TreeKey[]
}

/** What a place is: a thing with an oid, or a slot or entry of one, or something within their value. */
export type Place =
  | { readonly kind: 'object' | 'tree'; readonly oid: Oid }
  | { readonly kind: 'slot'; readonly oid: Oid; readonly slot: string }
  | { readonly kind: 'entry'; readonly oid: Oid; readonly key: TreeKey }
  | { readonly kind: 'within'; readonly value: Value }

/** Reads a place, up to what cannot belong to it. Throws E_TEXT. */
export function readPlace(reader: TextReader): TypedPlace {
  const start = reader.startsWithOid ? reader.oidHere() : reader.slotName()
  const steps: TreeKey[] = []
  for (;;) {
    if (reader.takes('.')) steps.push(reader.slotName())
    else if (reader.takes('[')) {
      steps.push(reader.treeKey('a key or an index'))
      reader.take(']')
    } else return { start, steps }
  }
}

export const formatPlace = ({ start, steps }: TypedPlace): string =>
  [
    start,
    ...steps.map((step) => (typeof step === 'string' ? `.${formatName(step)}` : `[${formatTreeKey(step)}]`)),
  ].join('')

/** Finds a place. Throws E_NO_OBJECT, E_NO_SLOT. */
export function findPlace(survey: Survey, typed: TypedPlace): Place {
  let place: Place = thing(survey, startOf(survey, typed.start))
  for (const [i, step] of typed.steps.entries()) {
    const receiver = formatPlace({ start: typed.start, steps: typed.steps.slice(0, i) })
    place = into(survey, followed(survey, place), { step, receiver })
  }
  return place
}

/** The value at a place; undefined where a slot or an entry is not there. Throws E_RECORD_DAMAGED. */
export function valueAt(survey: Survey, place: Place): Value | undefined {
  switch (place.kind) {
    case 'object':
      return new Ref(place.oid)
    case 'tree':
      return new TreeRef(place.oid)
    case 'within':
      return place.value
    case 'slot': {
      const found = slotsOf(survey.find(place.oid)).find(({ slot }) => slot === place.slot)
      return found && soundValue(found)
    }
    case 'entry': {
      const wanted = keyText(formatEntryKey(place.key))
      for (const entry of survey.entries(place.oid))
        if (keyText(entry.key) === wanted) return soundValue(entry)
      return undefined
    }
    default:
      return place satisfies never
  }
}

function soundValue(found: { readonly value: Value } | { readonly damage: string }): Value {
  if ('value' in found) return found.value
  const [record = '', problem = ''] = found.damage.split(/: (.*)/s)
  throw new BatError('E_RECORD_DAMAGED', { record, problem })
}

function startOf(survey: Survey, start: string): Oid {
  if (/^obj:\d+$/.test(start)) return start as Oid
  if (start === 'root') return ROOT
  const slots = slotsOf(survey.find(ROOT))
  for (const found of slots)
    if (found.slot === start && 'value' in found && found.value instanceof Ref) return found.value.oid
  const near = nearest(
    start,
    slots.map(({ slot }) => slot),
  )
  const hint = near === undefined ? 'ls lists those that the root names' : `did you mean ${near}?`
  throw new BatError('E_NO_OBJECT', { receiver: start, hint })
}

function thing(survey: Survey, oid: Oid): Place {
  const found = survey.find(oid)
  if (!found) throw new BatError('E_NO_OBJECT', { receiver: oid, hint: 'ls lists those that the root names' })
  return { kind: found.kind, oid }
}

/** What a place stands for: the object or the Tree that its value names, where it names one. */
export function followed(survey: Survey, place: Place): Place {
  if (place.kind === 'object' || place.kind === 'tree') return place
  const value = valueAt(survey, place)
  if (value instanceof Ref || value instanceof TreeRef) return thing(survey, value.oid)
  return { kind: 'within', value: value ?? null }
}

function into(
  survey: Survey,
  place: Place,
  { step, receiver }: { readonly step: TreeKey; readonly receiver: string },
): Place {
  if (place.kind === 'tree') return { kind: 'entry', oid: place.oid, key: step }
  if (place.kind === 'object' && typeof step === 'string') return { kind: 'slot', oid: place.oid, slot: step }
  const value = valueAt(survey, place)
  if (Array.isArray(value) && typeof step === 'number' && step in value)
    return { kind: 'within', value: value[step] }
  if (isPlainObject(value) && Object.hasOwn(value, String(step)))
    return { kind: 'within', value: value[String(step)] as Value }
  throw new BatError('E_NO_SLOT', {
    receiver,
    slot: String(step),
    hint: `show ${receiver} tells what is there`,
  })
}

export const slotsOf = (found: Found | undefined) => (found?.kind === 'object' ? found.slots : [])
