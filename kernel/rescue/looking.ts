// The commands of the rescue console that look: at the present or at any moment before, at what is sound and at what is not.
import { BatError } from '../../src/base/errors.ts'
import { numberOf, type Oid, type Tid, tidOf } from '../../src/base/ids.ts'
import { momentOf } from '../../src/base/moment.ts'
import { Method, type Value } from '../../src/base/value.ts'
import { guardText } from '../../src/guardian/guard-file.ts'
import { parseTreeKey } from '../../src/image/keyspace.ts'
import { ROOT } from '../../src/image/object-state.ts'
import { formatObject } from '../../src/image/text/object-text.ts'
import { problemOf, type Survey } from '../../src/image/text/survey.ts'
import { formatLine, formatName, formatTreeKey, type NameOf } from '../../src/image/text/value-text.ts'
import { followed, slotsOf, valueAt } from './place.ts'
import { type Answer, listed, misused, namesIn, placeIn, type Rescue, surveyOf, tidHere } from './rescue.ts'

const WIDTH = 100
/** A transaction is looked for over so many that were packed. */
const PACKED = 100_000

export function list(rescue: Rescue, rest: string): Answer {
  const survey = surveyOf(rescue)
  const nameOf = namesIn(survey)
  const place = followed(survey, rest === '' ? { kind: 'object', oid: ROOT } : placeIn(survey, rest).place)
  if (place.kind === 'tree') return { text: listed(treeLines(survey, place.oid, nameOf)) }
  if (place.kind !== 'object') return show(rescue, rest)
  const found = survey.find(place.oid)
  const lines = slotsOf(found).map((each) =>
    'value' in each ? shortLine(formatName(each.slot), each.value, nameOf) : `! damaged: ${each.damage}`,
  )
  return { text: listed([...(found?.damage === undefined ? [] : [`! damaged: ${found.damage}`]), ...lines]) }
}

export function show(rescue: Rescue, rest: string): Answer {
  const survey = surveyOf(rescue)
  const { place, typed } = placeIn(survey, rest)
  const nameOf = namesIn(survey)
  const found = place.kind === 'object' ? survey.find(place.oid) : undefined
  if (place.kind === 'object' && found?.kind === 'object')
    return {
      text: formatObject({ ...found, oid: place.oid }, nameOf).trimEnd(),
      ok: found.damage === undefined,
    }
  if (place.kind === 'tree') return { text: listed(treeLines(survey, place.oid, nameOf)) }
  const value = valueAt(survey, place)
  if (value === undefined) throw noSlot(typed)
  return { text: formatLine(typed, value, nameOf).trimEnd() }
}

export function history(rescue: Rescue, rest: string): Answer {
  const survey = surveyOf(rescue)
  if (rest === '') return { text: listed(transactionLines(rescue)) }
  const { place } = placeIn(survey, rest)
  const oid = place.kind === 'within' ? undefined : place.oid
  if (oid === undefined)
    throw new BatError('E_NO_SLOT', { receiver: rest, slot: 'history', hint: 'name an object' })
  const lines = [...survey.history(oid)].map(
    ({ tid, what }) => `${transactionLine(rescue, tid)}${what && `  ${what}`}`,
  )
  return { text: listed(lines) }
}

export function goTo(rescue: Rescue, rest: string): Answer {
  const now = rest === '' || rest === 'now'
  rescue.at = now ? undefined : rescue.image.at(momentOf(rest, rescue.clock.now())).snapshot
  return { text: `looking at ${rescue.at ?? `the present, ${rescue.image.head}`}` }
}

export function diff(rescue: Rescue, rest: string): Answer {
  const survey = surveyOf(rescue)
  const { place, words } = placeIn(survey, rest)
  const [from, to = rescue.at ?? rescue.image.head] = words.map(tidHere)
  if (place.kind === 'within' || from === undefined) throw misused('diff PLACE TX [TX]')
  const [before, after] = [from, to].map((tid) => {
    const then = rescue.image.survey(tid)
    return new Map(linesOf(then, place.oid, namesIn(then)))
  }) as [Map<string, string>, Map<string, string>]
  const labels = [...new Set([...before.keys(), ...after.keys()])].filter(
    (label) => before.get(label) !== after.get(label),
  )
  const lines = labels.flatMap((label) => [
    ...prefixed('- ', before.get(label)),
    ...prefixed('+ ', after.get(label)),
  ])
  return { text: lines.length === 0 ? `no difference between ${from} and ${to}` : lines.join('\n') }
}

export function guard(rescue: Rescue, rest: string): Answer {
  const survey = surveyOf(rescue)
  const { place, typed } = placeIn(survey, rest)
  const value = valueAt(survey, place)
  if (!(value instanceof Method))
    throw new BatError('E_USAGE', { problem: `${typed} is no method`, hint: 'ls lists slots' })
  const { ok, violations } = guardText(value.source)
  const lines = violations.map(({ code, line, column, message }) => `${line}:${column}: ${code}: ${message}`)
  return { ok, text: ok ? 'nothing to object to' : lines.join('\n') }
}

function* treeLines(survey: Survey, oid: Oid, nameOf: NameOf): Generator<string> {
  for (const entry of survey.entries(oid)) {
    if ('value' in entry) yield shortLine(formatTreeKey(parseTreeKey(entry.key)), entry.value, nameOf)
    else yield `! damaged: ${entry.damage}`
  }
}

/** The lines of an object or a Tree by their labels. */
function* linesOf(survey: Survey, oid: Oid, nameOf: NameOf): Generator<[string, string]> {
  const found = survey.find(oid)
  for (const each of slotsOf(found)) {
    const label = formatName(each.slot)
    yield [label, 'value' in each ? formatLine(label, each.value, nameOf) : `damaged: ${each.damage}\n`]
  }
  if (found?.kind !== 'tree') return
  for (const entry of survey.entries(oid)) {
    const label = formatTreeKey(parseTreeKey(entry.key))
    yield [label, 'value' in entry ? formatLine(label, entry.value, nameOf) : `damaged: ${entry.damage}\n`]
  }
}

function* transactionLines(rescue: Rescue): Generator<string> {
  let absent = 0
  for (let number = numberOf(rescue.at ?? rescue.image.head); number >= 0 && absent < PACKED; number--) {
    const line = transactionLine(rescue, tidOf(number))
    if (line === undefined) absent++
    else {
      absent = 0
      yield line
    }
  }
}

function transactionLine({ image }: Rescue, tid: Tid): string | undefined {
  try {
    const record = image.transaction(tid)
    if (!record) return undefined
    const time = new Date(record.time).toISOString().slice(0, 19).replace('T', ' ')
    return `${tid.padEnd(10)} ${time}  ${record.user.padEnd(8)} ${record.description}`
  } catch (error) {
    return `${tid.padEnd(10)} ! damaged: ${problemOf(error)}`
  }
}

function shortLine(label: string, value: Value, nameOf: NameOf): string {
  const lines = formatLine(label, value, nameOf).trimEnd().split('\n')
  const [first = ''] = lines
  const more = lines.length > 1 || first.length > WIDTH
  return more ? `${first.slice(0, WIDTH)} …` : first
}

const prefixed = (prefix: string, text: string | undefined): string[] =>
  text === undefined
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => prefix + line)

const noSlot = (typed: string): BatError =>
  new BatError('E_USAGE', { problem: `there is no ${typed}`, hint: 'ls OBJECT lists its slots' })
