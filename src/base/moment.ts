// Moments of an image's past as a person types them: a transaction (`tx:12`, `12`), how long ago (`90s`, `2h`, `3d ago`), a
// day (`today`, `yesterday`, `2026-03-01`: its beginning), a time (`14:05`, today), or both (`2026-03-01 14:05:09`,
// ISO 8601 with its zone too). Where no zone is said it is the one of this machine.
import { BatError } from './errors.ts'
import { isTid, type Tid } from './ids.ts'

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}
const AGO = /^(\d+(?:\.\d+)?)\s*([a-z]+?)(?:\s+ago)?$/
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_AND_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$/i

/** The transaction, or the milliseconds since 1970-01-01 UTC, that `text` means at `now`. Throws E_USAGE. */
export function momentOf(text: string, now: number): Tid | number {
  const typed = text.trim().toLowerCase()
  if (isTid(typed)) return typed
  if (/^\d{1,15}$/.test(typed)) return `tx:${Number(typed)}`
  const time = timeOf(typed, now)
  if (time !== undefined && Number.isFinite(time)) return time
  throw new BatError('E_USAGE', {
    problem: `${text} is no moment`,
    hint: 'write tx:12, 2h or 3d (ago), yesterday, 14:05, 2026-03-01 or "2026-03-01 14:05"',
  })
}

function timeOf(typed: string, now: number): number | undefined {
  if (typed === 'now') return now
  if (typed === 'today') return midnight(now, 0)
  if (typed === 'yesterday') return midnight(now, -1)
  const ago = AGO.exec(typed)
  const unit = ago && UNITS[ago[2]!]
  if (unit) return now - Number(ago[1]) * unit
  const clock = CLOCK.exec(typed)
  if (clock)
    return atClock(
      now,
      clock.slice(1).map((part) => Number(part ?? 0)),
    )
  // A day alone would be taken as one of UTC.
  if (DAY.test(typed)) return Date.parse(`${typed}T00:00`)
  if (DAY_AND_TIME.test(typed))
    return Date.parse(
      typed
        .replace(' ', 'T')
        .replace(/t(\d):/i, 't0$1:')
        .toUpperCase(),
    )
  return undefined
}

function midnight(now: number, days: number): number {
  const date = new Date(now)
  date.setHours(0, 0, 0, 0)
  date.setDate(date.getDate() + days)
  return date.getTime()
}

function atClock(now: number, [hour = 0, minute = 0, second = 0]: readonly number[]): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined
  return new Date(now).setHours(hour, minute, second, 0)
}
