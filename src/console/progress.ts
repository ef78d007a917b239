// How far long work has come, on standard error: on a terminal one line with a bar, drawn from one second on and gone at the
// end; notes stay above it. Elsewhere a plain line now and then, so that a log tells that something goes on and is not filled with it.
import { bytesOf } from '../base/amounts.ts'
import type { Progress } from '../protocol/messages.ts'
import { coloursFor, printable } from './colour.ts'
import { durationText } from './rendering.ts'
import type { Surroundings } from './surroundings.ts'

const BEGINS_MS = 1000
const DRAWS_MS = 100
const TELLS_MS = 5000
const WIDTH = 24
const ERASE = '\r\u001b[K'

export interface ProgressLine {
  readonly tell: (progress: Progress) => void
  /** Clears the line. */
  readonly end: () => void
}

/** `now` answers milliseconds of a clock that only goes forward. */
export function openProgress(
  { errors, environment }: Pick<Surroundings, 'errors' | 'environment'>,
  name: string,
  now: () => number = () => performance.now(),
): ProgressLine {
  const began = now()
  const drawn = errors.isTTY === true && environment.TERM !== 'dumb'
  const colours = coloursFor(errors, environment)
  let next = began + BEGINS_MS
  let shown = false
  return {
    tell: (progress) => {
      if (progress.note !== undefined) {
        errors.write(`${drawn && shown ? ERASE : ''}batos: ${name}: ${progressText(progress)}\n`)
        return
      }
      const at = now()
      if (at < next) return
      next = at + (drawn ? DRAWS_MS : TELLS_MS)
      const text = progressText(progress)
      const bar =
        progress.total === undefined ? '' : `${colours.cyan(barText(progress.done / progress.total))} `
      if (drawn) errors.write(`${ERASE}${name} ${bar}${text} ${colours.dim(durationText(at - began))}`)
      else errors.write(`batos: ${name}: ${text}\n`)
      shown = true
    },
    end: () => {
      if (drawn && shown) errors.write(ERASE)
    },
  }
}

/** `records read 120 of 300`, `bytes copied 1.2 of 5.0 GB`. */
export function progressText({ what, done, total, unit, note }: Progress): string {
  if (note !== undefined) return printable(note)
  const amount = unit === 'bytes' ? bytesOf : (count: number) => count.toLocaleString('en')
  const share =
    total === undefined || total === 0 ? '' : ` of ${amount(total)} (${Math.floor((100 * done) / total)} %)`
  return `${printable(what)} ${amount(done)}${share}`
}

const barText = (share: number): string => {
  const full = Math.round(WIDTH * Math.min(1, Math.max(0, share || 0)))
  return '█'.repeat(full) + '░'.repeat(WIDTH - full)
}
