// The head file of a dump, image.txt:
//
//   BAT OS image as text, version 1
//   id "01937f5e-…"                      of the image
//   transaction tx:90                    up to which the dump goes
//   time "2030-01-01T00:00:00.000Z"      of that transaction
//   next obj:57                          the first oid that nothing has had
//   end
//
// Before `end` there may be lines `damaged "…"` (object-text.ts) for damage that has no file of its own.
import { type Oid, type Tid, tidOf } from '../../base/ids.ts'
import { formatDamage } from './object-text.ts'
import { TextReader } from './text-reader.ts'
import { quote } from './value-text.ts'

export interface DumpHead {
  readonly id: string
  readonly tid: Tid
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number
  readonly next: Oid
  readonly damage: readonly string[]
}

const VERSION = 1
const FIRST_LINE = /^BAT OS image as text, version (\d{1,9})\r?\n/

/** The version that the text of a head file says it has; undefined when it is none. */
export function versionOf(text: string): number | undefined {
  const found = FIRST_LINE.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

export const isKnownVersion = (version: number): boolean => version === VERSION

export const formatHead = ({ id, tid, time, next, damage }: DumpHead): string =>
  [
    `BAT OS image as text, version ${VERSION}\n`,
    `id ${quote(id)}\n`,
    `transaction ${tid}\n`,
    `time ${quote(new Date(time).toISOString())}\n`,
    `next ${next}\n`,
    ...damage.map(formatDamage),
    'end\n',
  ].join('')

/** Reads a head file of a version that is known. Throws E_TEXT. */
export function parseHead(file: string, text: string): DumpHead {
  const reader = new TextReader(file, text)
  reader.take('BAT OS image as text, version', String(VERSION))
  reader.take('id')
  const id = reader.quotedHere('the id of the image, in quotes')
  reader.take('transaction')
  const tid = tidOf(Number(reader.matching(/tx:\d{1,14}/y, '`tx:` and a number').slice(3)))
  reader.take('time')
  const time = reader.date().getTime()
  reader.take('next')
  const next = reader.oidHere()
  const damage: string[] = []
  while (reader.takesWord('damaged')) damage.push(reader.quotedHere('what is damaged, in quotes'))
  reader.take('end')
  reader.end()
  return { id, tid, time, next, damage }
}
