// What the values refer to that a transaction puts in. A reference to an oid that was never handed out is refused at once,
// with its path. Whether anything is or was under the others can only be told when the transaction is committed (another one
// may bring it in until then, and so may this one): it is looked up once an oid, however often it is referred to. The
// provenance of a method is left out: it tells what was so when it was written, and may name what was made for a trial and
// taken back.
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import type { Turn } from '../base/turns.ts'
import type { Value } from '../base/value.ts'
import type { CommitRequest } from './commit.ts'
import type { Key } from './keyspace.ts'
import type { Slots } from './object-state.ts'
import { findReference } from './references.ts'
import { sameValue } from './same-value.ts'

export class Referred {
  readonly oids = new Set<Oid>()
  readonly #isAllocated: (oid: Oid) => boolean

  constructor(isAllocated: (oid: Oid) => boolean) {
    this.#isAllocated = isAllocated
  }

  /** Notes what `value` refers to, which is put in at `path()`. Throws E_DANGLING. */
  note(value: Value, path: () => string): void {
    const missing = findReference(value, this.#isMissing)
    if (missing) throw dangling(path() + missing.path, missing.oid)
  }

  /** Notes an oid that was handed out. */
  readonly #isMissing = (oid: Oid): boolean => {
    if (this.oids.has(oid)) return false
    if (!this.#isAllocated(oid)) return true
    this.oids.add(oid)
    return false
  }
}

/** What a reference is looked for in: all that is changed, and how the slots were before. */
export interface Places extends Pick<CommitRequest, 'drafts' | 'entries'> {
  slotsBefore(oid: Oid): Slots | undefined
  pathOf(oid: Oid, slot: string): string
  entryPathOf(tree: Oid, key: Key): string
}

/** E_DANGLING with the first place that newly refers to `missing`; undefined where none does any more. */
export async function danglingIn(
  { drafts, entries, slotsBefore, pathOf, entryPathOf }: Places,
  missing: Oid,
  turn: Turn,
): Promise<BatError | undefined> {
  for (const [oid, draft] of drafts) {
    const pause = turn()
    if (pause) await pause
    if (draft.kind !== 'object') continue
    for (const [slot, value] of draft.slots) {
      const found = findReference(value, (each) => each === missing)
      const isNew = found && !sameValue(slotsBefore(oid)?.get(slot), value)
      if (isNew) return dangling(pathOf(oid, slot) + found.path, missing)
    }
  }
  for (const [tree, changes] of entries) {
    for (const { key, value } of changes.values()) {
      const pause = turn()
      if (pause) await pause
      const found = value === undefined ? undefined : findReference(value, (each) => each === missing)
      if (found) return dangling(entryPathOf(tree, key) + found.path, missing)
    }
  }
  return undefined
}

const dangling = (path: string, missing: Oid) => new BatError('E_DANGLING', { path, missing })
