// What is said of an image as a whole: records of the table `meta`, by name. Without them nothing else could be read, so each
// is kept twice, the second as `NAME spare`; where the one is damaged the other counts, and verify names the damage.
import type { PlainObject } from '../base/value.ts'
import { metaKey } from './keyspace.ts'
import { formatRecord, parseRecordOf } from './record.ts'
import type { Store, Writer } from './store.ts'

const keysOf = (name: string) => [metaKey(name), metaKey(`${name} spare`)]

/** The record `name`; undefined where there is none. Throws E_RECORD_DAMAGED when the spare does not help either. */
export function metaOf(store: Store, name: string): PlainObject | undefined {
  let damage: unknown
  for (const key of keysOf(name)) {
    const record = store.get('meta', key)
    if (!record) continue
    try {
      return parseRecordOf('meta', { table: 'meta', key, record }) as PlainObject
    } catch (error) {
      damage ??= error
    }
  }
  if (damage !== undefined) throw damage
  return undefined
}

export function putMeta({ put }: Pick<Writer, 'put'>, name: string, value: PlainObject): void {
  for (const key of keysOf(name)) put('meta', key, formatRecord('meta', key, { kind: 'meta', value }))
}

export function removeMeta({ remove }: Pick<Writer, 'remove'>, name: string): void {
  for (const key of keysOf(name)) remove('meta', key)
}
