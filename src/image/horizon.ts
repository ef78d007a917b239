// How far back the image can be seen, and what is being taken out of it. A pack moves the horizon once, in one write, when
// it knows what is out of reach: from then on the past before its moment cannot be asked for, and the objects out of reach
// are condemned: they are not there for any reader and nothing may refer to them, though it takes many writes until the
// last of their records is gone. So a kill in between leaves nothing half there.
//
// The record `pack` of the table `meta`: a plain object {moment, time, condemned}. `moment` is the number of the oldest
// transaction whose state can be seen, `time` when it was committed; `condemned` is a set of numbers of oids (number-set.ts)
// while a pack is at work or was cut short, else null.
import { BatError } from '../base/errors.ts'
import { numberOf, type Oid, tidOf } from '../base/ids.ts'
import type { Turn } from '../base/turns.ts'
import type { CommitRequest } from './commit.ts'
import { type Digest, rawSlots, Unread } from './lazy-slots.ts'
import { metaOf, putMeta } from './meta.ts'
import { NumberSet } from './number-set.ts'
import { eachReference, type References } from './references.ts'
import type { SharedValues } from './shared-values.ts'
import { soundly } from './soundly.ts'
import type { Store } from './store.ts'

/** Is told what commits change and refer to while a pack runs. */
export interface Witness extends References {
  /** Of a Tree that was taken away and is there again. */
  restored(tree: Oid): void
  /** Of a shared value. */
  value(digest: Digest): void
  /** Whether something that stays refers to a shared value. */
  holds(digest: Digest): boolean
}

export class Horizon {
  #moment = 0
  #time = 0
  #condemned: NumberSet | undefined
  #unfinished = false
  #older: Set<object> = new Set()
  #witness: Witness | undefined

  /** Takes up what an earlier pack left. */
  load(store: Store): this {
    const value = metaOf(store, 'pack')
    if (!value) return this
    this.#moment = value.moment as number
    this.#time = value.time as number
    this.#unfinished = value.condemned !== null
    if (this.#unfinished) this.#condemned = NumberSet.fromValue(value.condemned!)
    return this
  }

  /** The number of the oldest transaction whose state can be seen. */
  get moment(): number {
    return this.#moment
  }

  /** When that was committed, in milliseconds since 1970-01-01 UTC; 0 when the image was never packed. */
  get time(): number {
    return this.#time
  }

  /** Whether a pack was cut short after it had moved the horizon. */
  get isUnfinished(): boolean {
    return this.#unfinished
  }

  /** Throws E_PACKED when `moment` is before the horizon; `what` names it. */
  check(moment: number, what: string = tidOf(moment)): void {
    if (moment >= this.#moment) return
    const time = new Date(this.#time).toISOString()
    throw new BatError('E_PACKED', { what, moment: tidOf(this.#moment), time })
  }

  isCondemned(oid: Oid): boolean {
    return this.#condemned?.has(numberOf(oid)) ?? false
  }

  /** Has `witness` told of every commit from now on. */
  watch(witness: Witness | undefined): void {
    this.#witness = witness
  }

  /**
   * What a commit changes or refers to that is condemned, or holds a large value that is gone. A pack may begin or move the
   * horizon amid it: what was told before the mark ended is reached, and what comes later is looked for among the condemned.
   */
  async refused(
    { drafts, entries, blobs }: CommitRequest,
    shared: SharedValues,
    turn: Turn,
  ): Promise<readonly Oid[]> {
    const witness = this.#witness
    if (!witness && !this.#condemned) return []
    const refused = new Set<Oid>()
    const to: References = {
      object: (oid) => {
        witness?.object(oid)
        if (this.isCondemned(oid)) refused.add(oid)
      },
      blob: (sha256) => witness?.blob(sha256),
    }
    const isLost = (digest: Digest) => witness && !witness.holds(digest) && !shared.has(digest)
    for (const { sha256 } of blobs) to.blob(sha256)
    for (const [oid, draft] of drafts) {
      const pause = turn()
      if (pause) await pause
      to.object(oid)
      if (draft.kind === 'tree' && !draft.created) witness?.restored(oid)
      if (draft.kind !== 'object') continue
      for (const [, value] of rawSlots(draft.slots)) {
        if (!(value instanceof Unread)) eachReference(value, to)
        else if (value.digests.some(isLost)) refused.add(oid)
        else {
          for (const digest of value.digests) this.refers(digest)
          eachReference(soundly(() => shared.read(value)) ?? null, to)
        }
      }
    }
    for (const [tree, changes] of entries) {
      to.object(tree)
      for (const { value } of changes.values()) {
        const pause = turn()
        if (pause) await pause
        if (value !== undefined) eachReference(value, to)
      }
    }
    return [...refused]
  }

  /** A commit that is being made refers to this shared value. */
  refers(digest: Digest): void {
    this.#witness?.value(digest)
  }

  /**
   * Moves the horizon, durably. `older`: the transactions that are open; until the last of them has ended the condemned
   * stay refused, since one of these may remember having seen them.
   */
  move(
    store: Store,
    to: { readonly moment: number; readonly time: number; readonly condemned: NumberSet },
    older: Iterable<object>,
  ): void {
    const condemned = this.#condemned ? to.condemned.with(this.#condemned) : to.condemned
    write(store, { ...to, condemned })
    this.#moment = to.moment
    this.#time = to.time
    this.#condemned = condemned
    this.#unfinished = true
    this.#older = new Set(older)
  }

  /** Nothing of the condemned is left. */
  settle(store: Store): void {
    write(store, { moment: this.#moment, time: this.#time, condemned: null })
    this.#unfinished = false
    this.#forget()
  }

  ended(transaction: object): void {
    if (this.#older.delete(transaction)) this.#forget()
  }

  #forget(): void {
    if (this.#older.size === 0 && !this.#unfinished) this.#condemned = undefined
  }
}

interface Stored {
  readonly moment: number
  readonly time: number
  readonly condemned: NumberSet | null
}

function write(store: Store, { moment, time, condemned }: Stored): void {
  const value = { moment, time, condemned: condemned?.toValue() ?? null }
  store.write((writer) => putMeta(writer, 'pack', value))
}
