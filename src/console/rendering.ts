// From what the kernel tells to what a person reads. Pure: value or event in, text out (without a last line end); the
// colours are handed in. Whatever comes from the image or the model goes through `printable` first.
import { formatLiteral, formatMessage } from '../base/notation.ts'
import { Method, Primitive, type Value, type Witness } from '../base/value.ts'
import { jsonOf } from '../base/value-json.ts'
import { type Colours, printable } from './colour.ts'
import { highlight } from './highlight.ts'

/** An answer on a line of standard output: text as it is, other values as JSON (see base/value-json.ts). */
export const outputOf = (value: Value): string =>
  typeof value === 'string' ? value : JSON.stringify(jsonOf(value))

/** An answer for a person at a terminal `columns` wide: as it could be typed, in several lines where it is long. */
export function answerText(value: Value, colours: Colours, columns = 100): string {
  if (typeof value === 'string') return printable(value)
  if (value instanceof Method) return highlight(printable(value.source), colours)
  const line = printable(formatLiteral(value))
  if (line.length <= columns || typeof value !== 'object') return colours.cyan(line)
  return colours.cyan(printable(JSON.stringify(jsonOf(value), undefined, 2)))
}

/** `double_` as a person would begin to type it: `double:`; needs no arity, so inner underscores stay. */
export const selectorText = (selector: string): string =>
  selector.endsWith('_') && selector.length > 1 ? `${selector.slice(0, -1)}:` : selector

/** Durations: `0.4 ms`, `12 ms`, `1.2 s`, `2 min 5 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

/** Moments in local time, to the second: `2026-03-01 14:05:09`. */
export function timeText(milliseconds: number): string {
  const date = new Date(milliseconds)
  const two = (number: number) => String(number).padStart(2, '0')
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  )
}

/** A slot of an object as one line: `count = 3`, `double: method, provisional, "double a"`. */
export function slotText(name: string, value: Value, colours: Colours): string {
  if (value instanceof Method) {
    const { state, purpose } = value.provenance
    const about = purpose ? `, ${printable(purpose)}` : ''
    return `${colours.bold(selectorText(name))} ${colours.dim(`method, ${state}${about}`)}`
  }
  if (value instanceof Primitive)
    return `${colours.bold(selectorText(name))} ${colours.dim(`primitive ${value.name}`)}`
  const line = printable(formatLiteral(value))
  return `${colours.bold(name)} = ${line.length > 100 ? `${line.slice(0, 99)}…` : line}`
}

/** A method with how it came to be. `where` is what was asked for (`genesis.double_`). */
export function methodText(
  method: Method,
  where: { readonly selector: string; readonly holder?: string },
  colours: Colours,
): string {
  const made = method.provenance
  const witnesses = made.witnesses.map((witness) => witnessText(where.selector, witness))
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['held by', where.holder],
    ['state', made.state],
    ['written by', `${made.author} for ${made.user}, ${timeText(made.time)}`],
    ['drafts', made.tries === undefined ? undefined : String(made.tries)],
    ['purpose', made.purpose],
    ['intent', made.intent],
    ...witnesses.map((text) => ['witness', text] as const),
    ['cycle', made.cycle],
    ['model', made.model],
    ['adapter', made.adapter],
    ['prompt', made.prompt],
    ['source', method.hash],
  ]
  const lines = facts
    .filter(([, text]) => text !== undefined && text !== '')
    .map(([name, text]) => `${colours.dim(name.padEnd(11))}${printable(text!)}`)
  return [highlight(printable(method.source.trimEnd()), colours), ...lines].join('\n')
}

function witnessText(selector: string, witness: Witness): string {
  const answer = witness.expected === undefined ? '' : ` => ${formatLiteral(witness.expected)}`
  const slots = Object.entries(witness.slots)
  const given =
    slots.length === 0 ? '' : ` given ${slots.map(([k, v]) => `${k} = ${formatLiteral(v)}`).join(', ')}`
  return `${formatMessage(selector, witness.args)}${answer}${given}`
}

/** Rows under their column names; numbers to the right, what is too long cut with `…`. */
export function tableText(
  rows: readonly { readonly [column: string]: string }[],
  columns: readonly string[],
  colours: Colours,
  width = 60,
): string {
  const cut = (text: string) => (text.length > width ? `${text.slice(0, width - 1)}…` : text)
  const cells = rows.map((row) =>
    columns.map((column) => cut(printable(row[column] ?? '').replaceAll('\n', '⏎'))),
  )
  const used = columns
    .map((name, index) => ({
      name,
      index,
      size: Math.max(name.length, ...cells.map((row) => row[index]!.length)),
    }))
    .filter(({ index }) => cells.some((row) => row[index] !== ''))
  const lineOf = (texts: readonly string[]) =>
    used
      .map(({ size }, place) => {
        const text = texts[place]!
        return /^-?\d/.test(text) && !/[^\d.,%-]/.test(text) ? text.padStart(size) : text.padEnd(size)
      })
      .join('  ')
      .trimEnd()
  const head = colours.dim(lineOf(used.map(({ name }) => name)))
  return [head, ...cells.map((row) => lineOf(used.map(({ index }) => row[index]!)))].join('\n')
}
