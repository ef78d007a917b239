// What a transaction has changed and not committed yet: states of objects and Trees, and entries of Trees. From the first
// savepoint on it keeps a journal of how to take each change back; rolling back to a savepoint runs the journal down to
// where it was then. A draft that a savepoint may need is copied before it is changed: drafts carry the generation that
// they were made in, and each savepoint and each roll-back begins a new one.
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import type { Draft } from './commit.ts'
import { keyText } from './keyspace.ts'
import { copySlots } from './lazy-slots.ts'
import type { Slots } from './object-state.ts'
import type { EntryChange } from './view.ts'

export type Mark = object

export class ChangeSet {
  readonly drafts = new Map<Oid, Draft>()
  readonly entries = new Map<Oid, Map<string, EntryChange>>()
  readonly #onMove: () => void
  #journal: (() => void)[] | undefined
  #marks: { readonly mark: Mark; readonly depth: number }[] = []
  #generation = 0

  /** `onMove` is called whenever another draft stands for an object. */
  constructor(onMove: () => void) {
    this.#onMove = onMove
  }

  /** Puts an object with these slots, which are the draft's own from now on. */
  putObject(oid: Oid, slots: Map<string, Value>, created: boolean): void {
    this.put(oid, { kind: 'object', slots, created, generation: this.#generation })
  }

  put(oid: Oid, draft: Draft): void {
    if (this.#journal) this.note(putBack(this.drafts, oid))
    this.drafts.set(oid, draft)
    this.#onMove()
  }

  /** Forgets what was created in this very transaction. */
  drop(oid: Oid, draft: Draft): void {
    const { drafts, entries } = this
    const changes = entries.get(oid)
    drafts.delete(oid)
    entries.delete(oid)
    this.#journal?.push(() => {
      drafts.set(oid, draft)
      if (changes) entries.set(oid, changes)
    })
    this.#onMove()
  }

  /** The slots of the draft of `oid` where they may be changed in place. */
  slotsInHand(oid: Oid): Map<string, Value> | undefined {
    const draft = this.drafts.get(oid)
    return draft?.kind === 'object' && draft.generation === this.#generation ? draft.slots : undefined
  }

  /** Has a draft of `oid` begin with `slots`, and answers it to be changed in place. */
  begin(oid: Oid, slots: Slots): Map<string, Value> {
    const copy = copySlots(slots)
    this.putObject(oid, copy, this.drafts.get(oid)?.created ?? false)
    return copy
  }

  setEntry(tree: Oid, key: Uint8Array, value: Value | undefined): void {
    let entries = this.entries.get(tree)
    if (!entries) {
      entries = new Map<string, EntryChange>()
      this.entries.set(tree, entries)
    }
    const text = keyText(key)
    if (this.#journal) this.note(putBack(entries, text))
    entries.set(text, { key, value })
  }

  /** Has `takeBack` called when a savepoint before now is rolled back. */
  note(takeBack: () => void): void {
    this.#journal?.push(takeBack)
  }

  savepoint(): Mark {
    this.#journal ??= []
    const mark = {}
    this.#marks.push({ mark, depth: this.#journal.length })
    this.#generation++
    return mark
  }

  /** Takes back what was changed since. The savepoint stays, those after it are gone. Throws E_SAVEPOINT. */
  rollBack(mark: Mark): void {
    const place = this.#marks.findIndex((each) => each.mark === mark)
    const journal = this.#journal
    if (place < 0 || !journal) throw new BatError('E_SAVEPOINT')
    while (journal.length > this.#marks[place]!.depth) journal.pop()!()
    this.#marks.length = place + 1
    this.#generation++
    this.#onMove()
  }

  clear(): void {
    this.drafts.clear()
    this.entries.clear()
    this.#journal = undefined
    this.#marks = []
    this.#onMove()
  }
}

/** What brings back how `key` is now. */
function putBack<K, V>(map: Map<K, V>, key: K): () => void {
  const before = map.get(key)
  return before === undefined ? () => map.delete(key) : () => map.set(key, before)
}
