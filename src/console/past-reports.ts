// What was told of the past as text. The shapes shown here (more keys may come):
//   history  [{transaction, time, user, kind, description, cycle, slots?: [name]}], newest first
//   at       what inspect tells, and moment: {transaction, time, user, description}
//   diff     {oid, name, from: moment, to: moment, slots: [{slot, before?, after?}]}
//   undo     {transaction, undid: [{transaction, description}]}
import { formatLiteral } from '../base/notation.ts'
import { Method, Primitive, type Value } from '../base/value.ts'
import { jsonOf } from '../base/value-json.ts'
import { type Colours, printable } from './colour.ts'
import { around, type DiffLine, lineDiff } from './line-diff.ts'
import { answerText, selectorText, tableText } from './rendering.ts'
import { inspectText, momentText, nameText, rawText, showText } from './reports.ts'
import { listOf, mapOf, textOf } from './value-map.ts'

export function historyText(found: Value, colours: Colours): string {
  const rows = listOf(found).map(mapOf)
  if (rows.length === 0) return 'nothing has happened here yet'
  return tableText(
    rows.map((row) => ({
      transaction: nameText(row.transaction ?? ''),
      when: momentText(row.time),
      who: nameText(row.user ?? ''),
      kind: nameText(row.kind ?? ''),
      what: nameText(row.description ?? ''),
      slots: listOf(row.slots).map(nameText).join(' '),
    })),
    ['transaction', 'when', 'who', 'kind', 'what', 'slots'],
    colours,
  )
}

/** `path` is how the place was asked for, without the object. */
export function atText(found: Value, path: readonly string[], colours: Colours): string {
  const map = mapOf(found)
  const [selector] = path
  const shown =
    selector === undefined
      ? inspectText(found, colours)
      : path.length === 1
        ? showText(found, selector, colours)
        : answerText(map.value ?? null, colours)
  return `${colours.dim(`as of ${whenText(map.moment)}`)}\n${shown}`
}

export function diffText(found: Value, colours: Colours): string {
  const { name, oid, from, to, slots } = mapOf(found)
  if (slots === undefined) return rawText(found)
  const changes = listOf(slots).map(mapOf)
  const title = colours.bold(nameText(name ?? oid ?? ''))
  const span = `${nameText(mapOf(from).transaction ?? '')} → ${whenText(to)}`
  if (changes.length === 0) return `${title} ${colours.dim(span)}\nno difference`
  const texts = changes.map(({ slot, before, after }) => slotDiff(nameText(slot ?? ''), before, after))
  return [`${title} ${colours.dim(span)}`, ...texts.flat().map((line) => painted(line, colours))].join('\n')
}

export function undoText(done: Value): string {
  const { transaction, undid } = mapOf(done)
  const undone = listOf(undid).map(mapOf)
  if (transaction === undefined || undone.length === 0) return rawText(done)
  const each = undone.map(({ transaction: tid, description }) => {
    const what = textOf(description) ?? ''
    return `${nameText(tid ?? '')}${what === '' ? '' : ` (${printable(what)})`}`
  })
  return `${each.join(', ')} ${each.length === 1 ? 'is' : 'are'} undone, by ${nameText(transaction)}`
}

/** `tx:8, 2026-03-01 14:05:09 (owner: genesis.count = 3)`. */
function whenText(moment: Value | undefined): string {
  const { transaction, time, user, description } = mapOf(moment)
  const why = [user, description]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => nameText(part!))
  const when = time === undefined ? '' : `, ${momentText(time)}`
  return `${nameText(transaction ?? '')}${when}${why.length === 0 ? '' : ` (${why.join(': ')})`}`
}

/** A line of a difference; undefined stands for unchanged lines left out. */
type Line = DiffLine | undefined

function slotDiff(name: string, before: Value | undefined, after: Value | undefined): Line[] {
  const [old, now] = [before, after].map((value) => (value === undefined ? [] : linesOf(name, value)))
  const short = old!.length <= 1 && now!.length <= 1
  if (short) return [...old!.map(signed('-')), ...now!.map(signed('+'))]
  const what = after ?? before!
  const sign = before === undefined ? '+' : after === undefined ? '-' : ' '
  const title = { sign, line: what instanceof Method ? `${selectorText(name)} method` : name } as const
  const lines: Line[] = around(lineDiff(old!, now!))
  return [title, ...lines.map((line) => line && { ...line, line: `  ${line.line}` })]
}

const signed =
  (sign: '-' | '+') =>
  (line: string): Line => ({ sign, line })

/** A value as the lines in which it is compared. */
function linesOf(name: string, value: Value): readonly string[] {
  if (value instanceof Method) {
    const { state, author } = value.provenance
    return [...value.source.trimEnd().split('\n'), `(${state}, by ${author})`]
  }
  if (value instanceof Primitive) return [`${selectorText(name)} primitive ${value.name}`]
  if (typeof value === 'string' && value.includes('\n')) return value.split('\n')
  const line = `${name} = ${formatLiteral(value)}`
  if (line.length <= 100 || typeof value !== 'object') return [line]
  return JSON.stringify(jsonOf(value), undefined, 2).split('\n')
}

function painted(line: Line, colours: Colours): string {
  if (line === undefined) return colours.dim('  …')
  const text = `${line.sign} ${printable(line.line)}`
  return line.sign === '+' ? colours.green(text) : line.sign === '-' ? colours.red(text) : text
}
