// What the values refer to that a transaction puts in. A reference to an oid that was never handed out is refused at once,
// with its path. Whether anything is or was under the others can only be told when the transaction is committed (another one
// may bring it in until then, and so may this one): it is looked up once an oid, however often it is referred to. The provenance of a method is left out: it is an account of
// what was so when it was written, and may name what was made for a trial and taken back.
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import { isPlainObject, Ref, TreeRef, type Value } from '../base/value.ts'
import type { CommitRequest } from './commit.ts'
import { parseTreeKey } from './keyspace.ts'
import type { Slots } from './object-state.ts'
import { sameValue } from './same-value.ts'

export class Referred {
  readonly oids = new Set<Oid>()
  readonly #isAllocated: (oid: Oid) => boolean

  constructor(isAllocated: (oid: Oid) => boolean) {
    this.#isAllocated = isAllocated
  }

  /** Notes what `value` refers to, which is put in at `path()`. Throws E_DANGLING. */
  note(value: Value, path: () => string): void {
    const missing = this.#missingIn(value)
    if (missing !== undefined) throw dangling(path() + pathWithin(value, missing), missing)
  }

  /** The first oid in `value` that was never handed out; those before it are noted. */
  #missingIn(value: Value): Oid | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    if (value instanceof Ref || value instanceof TreeRef) {
      if (this.oids.has(value.oid)) return undefined
      if (!this.#isAllocated(value.oid)) return value.oid
      this.oids.add(value.oid)
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        const missing = this.#missingIn(value[i] as Value)
        if (missing !== undefined) return missing
      }
    } else if (isPlainObject(value)) {
      for (const key of Object.keys(value)) {
        const missing = this.#missingIn(value[key] as Value)
        if (missing !== undefined) return missing
      }
    }
    return undefined
  }
}

/** What a reference is looked for in: all that is changed, and how the slots were before. */
export interface Places extends Pick<CommitRequest, 'drafts' | 'entries'> {
  slotsBefore(oid: Oid): Slots | undefined
  pathOf(oid: Oid, slot: string): string
}

/** E_DANGLING with the first place that newly refers to `missing`; undefined where none does any more. */
export function danglingIn(
  { drafts, entries, slotsBefore, pathOf }: Places,
  missing: Oid,
): BatError | undefined {
  for (const [oid, draft] of drafts) {
    if (draft.kind !== 'object') continue
    for (const [slot, value] of draft.slots) {
      const within = pathWithin(value, missing)
      const isNew = within !== undefined && !sameValue(slotsBefore(oid)?.get(slot), value)
      if (isNew) return dangling(pathOf(oid, slot) + within, missing)
    }
  }
  for (const [tree, changes] of entries) {
    for (const { key, value } of changes.values()) {
      const within = value === undefined ? undefined : pathWithin(value, missing)
      if (within !== undefined) return dangling(`${tree}[${String(parseTreeKey(key))}]${within}`, missing)
    }
  }
  return undefined
}

const dangling = (path: string, missing: Oid) => new BatError('E_DANGLING', { path, missing })

/** Where in `value` there is a reference to `oid`: '' or `.next[1]`; undefined where there is none. */
function pathWithin(value: Value, oid: Oid): string | undefined {
  if (value instanceof Ref || value instanceof TreeRef) return value.oid === oid ? '' : undefined
  const isList = Array.isArray(value)
  if (!isList && !isPlainObject(value)) return undefined
  for (const [key, item] of Object.entries(value as Readonly<Record<string, Value>>)) {
    const within = pathWithin(item, oid)
    if (within !== undefined) return (isList ? `[${key}]` : `.${key}`) + within
  }
  return undefined
}
