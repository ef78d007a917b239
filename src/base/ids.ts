// Ids are printable and carry their kind: `obj:12`, `tx:90`, `cycle:<uuid>`. Objects and transactions are counted;
// everything that more than one process may make up is a UUID v7 (RFC 9562, section 5.7), so that it sorts by time.
import { randomBytes } from 'node:crypto'

export type Oid = `obj:${number}`
export type Tid = `tx:${number}`

export const oidOf = (number: number): Oid => `obj:${number}`
export const tidOf = (number: number): Tid => `tx:${number}`

/** The number of an `obj:` or `tx:` id; NaN when `id` is of another form. */
export function numberOf(id: string): number {
  const start = id.startsWith('obj:') ? 4 : id.startsWith('tx:') ? 3 : Number.NaN
  const digits = id.length - start
  if (!(digits >= 1 && digits <= 15)) return Number.NaN
  let number = 0
  for (let i = start; i < id.length; i++) {
    const digit = id.charCodeAt(i) - 0x30
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    number = number * 10 + digit
  }
  return number
}
export const isOid = (id: string): id is Oid => /^obj:\d{1,15}$/.test(id)
export const isTid = (id: string): id is Tid => /^tx:\d{1,15}$/.test(id)

/** A UUID v7 of the moment `now` (milliseconds). */
export function uuidV7(now: number = Date.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
