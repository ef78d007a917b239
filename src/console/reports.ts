// The kernel's longer answers as text. Their shapes, as far as they are shown here (more keys may come):
//   inspect            {oid, name, parents: [{oid, name}], slots: {name: value}, understands: [{selector, holder, kind}]}
//   inspect, selector  {oid, selector, holder, value}; the value is a method, a primitive or data
//   audit              the events of the audit trail (logs/metacognition.jsonl)
// What is of another shape is shown as JSON, so that nothing is hidden.
import { formatLiteral } from '../base/notation.ts'
import { type PlainObject, Primitive, Ref, type Value } from '../base/value.ts'
import { jsonOf } from '../base/value-json.ts'
import { type Colours, printable } from './colour.ts'
import {
  answerText,
  durationText,
  methodText,
  selectorText,
  slotText,
  tableText,
  timeText,
} from './rendering.ts'
import { listOf, mapOf, methodIn, textOf } from './value-map.ts'

export function inspectText(found: Value, colours: Colours): string {
  const map = mapOf(found)
  if (map.slots === undefined) return rawText(found)
  const title = [map.name, map.oid]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => nameText(part!))
  const parents = listOf(map.parents).map((parent) => placeText(mapOf(parent)))
  const slots = Object.entries(mapOf(map.slots)).map(([name, value]) => `  ${slotText(name, value, colours)}`)
  const inherited = listOf(map.understands)
    .map(mapOf)
    .filter(({ selector }) => !Object.hasOwn(mapOf(map.slots), String(selector)))
    .map(({ selector }) => selectorText(nameText(selector ?? '')))
  return [
    colours.bold(title.join(', ')) +
      (parents.length === 0 ? '' : colours.dim(` (parents ${parents.join(', ')})`)),
    ...(slots.length === 0 ? [colours.dim('  no slots of its own')] : slots),
    ...(inherited.length === 0 ? [] : [colours.dim(`  understands also ${inherited.join(' ')}`)]),
  ].join('\n')
}

const placeText = ({ oid, name }: PlainObject): string =>
  nameText(name === undefined || name === '' ? (oid ?? '') : name)

export function showText(found: Value, selector: string, colours: Colours): string {
  const map = mapOf(found)
  const holder = map.holder === undefined ? undefined : nameText(map.holder)
  const method = methodIn(found)
  if (method !== undefined)
    return methodText(method, holder === undefined ? { selector } : { selector, holder }, colours)
  const value = map.value ?? found
  if (value instanceof Primitive) return slotText(selector, value, colours)
  return answerText(value, colours)
}

export function auditText(found: Value, colours: Colours): string {
  const events = listOf(found).map(mapOf)
  if (events.length === 0) return 'no such events'
  return tableText(
    events.map((event) => {
      const data = mapOf(event.event_data)
      const duration = typeof data.duration_ms === 'number' ? durationText(data.duration_ms) : ''
      const step = textOf(event.transition_to)
      return {
        when: textOf(event.timestamp)?.slice(11, 23) ?? '',
        cycle: textOf(event.cycle_id) ?? '',
        event: textOf(event.event_type) ?? '',
        state: [textOf(event.psm_state), step].filter((part) => part !== undefined).join(' → '),
        persona: textOf(event.active_persona) ?? '',
        status: textOf(event.status) ?? '',
        took: duration,
        about: aboutText(data),
      }
    }),
    ['when', 'cycle', 'event', 'state', 'persona', 'status', 'took', 'about'],
    colours,
  )
}

function aboutText(data: PlainObject): string {
  const known = data.validation_result ?? data.artifact ?? data.llm_response_raw ?? data.error ?? data.mission
  return known === undefined ? '' : (textOf(known) ?? JSON.stringify(jsonOf(known)))
}

/** Nested maps, one line a number: `cycles.duration_p95 = 812`. */
export function metricsText(found: Value, colours: Colours): string {
  const lines: string[] = []
  const walk = (value: Value, path: string): void => {
    const entries = Object.entries(mapOf(value))
    if (entries.length === 0)
      lines.push(`${path.padEnd(36)} ${colours.cyan(printable(formatLiteral(value)))}`)
    for (const [key, item] of entries) walk(item, path === '' ? key : `${path}.${key}`)
  }
  walk(found, '')
  return lines.join('\n')
}

export const rawText = (value: Value): string => printable(JSON.stringify(jsonOf(value), undefined, 2))

export const nameText = (value: Value): string =>
  value instanceof Ref ? value.oid : printable(textOf(value) ?? formatLiteral(value))

export const momentText = (value: Value | undefined): string =>
  typeof value === 'number'
    ? timeText(value)
    : value instanceof Date
      ? timeText(value.getTime())
      : (textOf(value) ?? '')
