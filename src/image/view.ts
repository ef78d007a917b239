// The image at one moment, read only. A Transaction is a View that adds changes of its own. Objects are read when they are
// touched and not before; the View keeps a bounded table of those touched, and forgets it when the cache of revisions has
// turned over. It may be forgotten at any time because an Obj asks anew for its slots whenever the View's edition moves on.
import { BatError } from '../base/errors.ts'
import { type Oid, type Tid, tidOf } from '../base/ids.ts'
import type { TreeRef, Value } from '../base/value.ts'
import type { Entries } from './entries.ts'
import { formatTreeKey, type Key } from './keyspace.ts'
import { namesIn } from './names.ts'
import { Obj } from './object.ts'
import { ROOT, type Slots } from './object-state.ts'
import type { Revision, Revisions } from './revisions.ts'
import { soundly } from './soundly.ts'
import { Tree } from './tree.ts'

/** What a View needs of the image it looks at. */
export interface Source {
  readonly revisions: Revisions
  readonly entries: Entries
  /** The volatile slots of each object, which live with the process. */
  readonly volatile: Map<Oid, Map<string, Value>>
}

const OBJECTS_KEPT = 50_000

export class View {
  readonly snapshot: Tid
  readonly source: Source
  /** The number of the snapshot. */
  readonly moment: number
  /** Moves on when the table of changed objects does: an Obj takes its slots anew. */
  edition = 0
  /** Moves on with every change: what was found by delegation is looked for anew. */
  changeCount = 0
  readonly #objects = new Map<Oid, Obj>()
  #turn = -1

  constructor(source: Source, moment: number) {
    this.source = source
    this.moment = moment
    this.snapshot = tidOf(moment)
  }

  /** The object whose slots are the names of the root objects. */
  get root(): Obj {
    return this.get(ROOT)
  }

  has(oid: Oid): boolean {
    return this.slotsOf(oid) !== undefined
  }

  /** The object `oid`. Throws E_NO_OBJECT where there is none at this moment. */
  get(oid: Oid): Obj {
    const known = this.#objects.get(oid)
    if (known) return known
    const slots = this.slotsOf(oid)
    if (!slots) throw new BatError('E_NO_OBJECT', { receiver: oid })
    return this.#handle(oid, slots)
  }

  /** The handle of an object that is there. */
  #handle(oid: Oid, slots: Slots): Obj {
    const { turn } = this.source.revisions
    if (this.#objects.size >= OBJECTS_KEPT || this.#turn !== turn) this.#objects.clear()
    this.#turn = turn
    const object = new Obj(this, oid, slots)
    this.#objects.set(oid, object)
    return object
  }

  /** The Tree that `ref` names. Throws E_NO_OBJECT. */
  tree(ref: TreeRef): Tree {
    this.treeCount(ref.oid)
    return new Tree(this, ref.oid)
  }

  /** What an oid is seen to be here; `gone` also where it never was anything. */
  kindOf(oid: Oid): 'object' | 'tree' | 'gone' {
    return this.committed(oid)?.kind ?? 'gone'
  }

  /** The slots of an object as seen here; undefined where it is not. */
  slotsOf(oid: Oid): Slots | undefined {
    const revision = this.committed(oid)
    return revision?.kind === 'object' ? revision.slots : undefined
  }

  /** How many entries a Tree has as committed. Throws E_NO_OBJECT. */
  treeCount(oid: Oid): number {
    const revision = this.committed(oid)
    if (revision?.kind !== 'tree') throw new BatError('E_NO_OBJECT', { receiver: oid })
    return revision.count
  }

  protected committed(oid: Oid): Revision | undefined {
    return this.source.revisions.at(oid, this.moment)
  }

  /** How a person calls an object or a Tree: its name in the root, of a Tree also `genesis.friends`, else its oid. */
  nameOf(oid: Oid): string {
    const isTree = soundly(() => this.kindOf(oid)) === 'tree'
    const slotsOf = (each: Oid) => (isTree || each === ROOT ? this.slotsOf(each) : undefined)
    for (const [named, name] of namesIn(slotsOf)) if (named === oid) return name
    return oid
  }

  /** How a person calls a slot: `genesis.count`; a slot of the root by its name alone. */
  pathOf(oid: Oid, slot: string): string {
    return oid === ROOT ? slot : `${this.nameOf(oid)}.${slot}`
  }

  /** How a person calls an entry of a Tree: `genesis.friends[ada]`. */
  entryPathOf(tree: Oid, key: Key): string {
    return `${this.nameOf(tree)}[${formatTreeKey(key)}]`
  }

  // What changes something is for a Transaction.
  setSlot(oid: Oid, _slot: string, _value: Value): void {
    throw this.#readOnly(oid)
  }

  deleteSlot(oid: Oid, _slot: string): boolean {
    throw this.#readOnly(oid)
  }

  setEntry(tree: Oid, _key: Uint8Array, _value: Value | undefined): void {
    throw this.#readOnly(tree)
  }

  /** The changes to the entries of a Tree that are not committed yet, by key. */
  entryChanges(_tree: Oid): EntryChanges | undefined {
    return undefined
  }

  create(_slots?: Iterable<readonly [string, Value]> | Readonly<Record<string, Value>>): Obj {
    throw this.#readOnly(ROOT)
  }

  createTree(): Tree {
    throw this.#readOnly(ROOT)
  }

  protected forget(oid: Oid): void {
    this.#objects.delete(oid)
  }

  #readOnly(oid: Oid): BatError {
    return new BatError('E_READ_ONLY', { object: this.nameOf(oid), tid: this.snapshot })
  }
}

/** Uncommitted entries of a Tree by the text of their key (keyText); a value that is undefined means deleted. */
export type EntryChanges = ReadonlyMap<string, EntryChange>

export interface EntryChange {
  readonly key: Uint8Array
  readonly value: Value | undefined
}
