// How an error is told: `batos: CODE: sentence`, then the line that was typed with a caret under the column meant, then
// what to do about it. One shape for every command, the batch and the console.
import type { BatError } from '../base/errors.ts'
import { type Colours, plain, printable } from './colour.ts'
import { asTyped } from './typed.ts'

export interface Place {
  /** Number of the line in the input, from 1. */
  readonly line?: number
  /** What was typed. */
  readonly text?: string
}

export function complaint(error: BatError, place: Place = {}, colours: Colours = plain): string {
  const where = place.line === undefined ? '' : `line ${place.line}: `
  const lines = [`${colours.red(`batos: ${error.code}`)}: ${where}${printable(error.message)}`]
  const column = error.details.column
  if (place.text !== undefined && error.code === 'E_SYNTAX' && typeof column === 'number')
    lines.push(...caret(place.text, column, colours))
  else if (place.text !== undefined && place.line !== undefined) lines.push(`  ${printable(place.text)}`)
  const remedy = asTyped(error.remedy ?? '')
  if (remedy !== '') lines.push(...remedy.split('\n').map((each) => `  ${printable(each)}`))
  return lines.join('\n')
}

/** The line and a caret under `column` (from 1); a long line is cut to what is around it. */
export function caret(text: string, column: number, colours: Colours = plain): string[] {
  const from = Math.max(0, column - 60)
  const shown = printable(text.slice(from, from + 100)).replaceAll('\t', ' ')
  const before = printable(text.slice(from, column - 1)).replaceAll('\t', ' ')
  const lead = from > 0 ? '…' : ''
  return [`  ${lead}${shown}`, `  ${' '.repeat(lead.length + before.length)}${colours.yellow('^')}`]
}
