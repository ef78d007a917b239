// The work under torture: lanes, each a row of transactions that follows from the seed and its name alone. A process that
// is killed says only how far each lane had come; whoever looks afterwards works out what must be there by doing the same
// changes to plain maps. Each transaction moves the lane's count on beside all else it does, so that an image shows by
// itself how many of them it holds, and half of one cannot pass for a whole.
//
//   root[lane]        an object: count, `things` (a Tree of names to objects), `notes` (a Tree), file0 .. file3 (blobs)
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { BlobRef, type Ref, type TreeRef, type Value } from '../../src/base/value.ts'
import type { Obj } from '../../src/image/object.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import type { View } from '../../src/image/view.ts'
import { chance, integer, makeRandom, pick } from '../seed/random.ts'

export type Change =
  | { readonly what: 'set'; readonly name: string; readonly value: string }
  | { readonly what: 'remove'; readonly name: string }
  | { readonly what: 'put'; readonly key: number; readonly value: string }
  | { readonly what: 'take'; readonly key: number }
  | { readonly what: 'file'; readonly slot: string; readonly bytes: Uint8Array }

/** What a lane holds, in plain maps. */
export interface LaneState {
  readonly count: number
  readonly things: ReadonlyMap<string, string>
  readonly notes: ReadonlyMap<number, string>
  /** SHA-256 of each file by slot. */
  readonly files: ReadonlyMap<string, string>
}

const NAMES = ['ada', 'bob', 'cy', 'dee', 'eve', 'fay']
const FILES = ['file0', 'file1', 'file2', 'file3']

/** The changes of transaction `step` (from 1 on) of a lane; with `files`, some bring in blobs. */
export function changesOf(seed: number, lane: string, step: number, files: boolean): Change[] {
  const random = makeRandom(createHash('sha256').update(`${seed} ${lane} ${step}`).digest().readUInt32LE())
  const many = chance(random, 0.05) ? 60 : integer(random, 1, 4)
  const mark = `${lane} ${step} `
  const text = () => mark.repeat(chance(random, 0.03) ? 8000 : integer(random, 1, 300))
  const changes = Array.from({ length: many }, (): Change => {
    const part = random()
    if (part < 0.35) return { what: 'set', name: pick(random, NAMES), value: text() }
    if (part < 0.45) return { what: 'remove', name: pick(random, NAMES) }
    if (part < 0.85) return { what: 'put', key: integer(random, 0, 200), value: text() }
    return { what: 'take', key: integer(random, 0, 200) }
  })
  if (files && chance(random, 0.4)) {
    // one in three is of a content that other lanes bring in as well
    const seal = chance(random, 0.33) ? `shared ${integer(random, 0, 3)}` : mark
    const size = seal === mark ? integer(random, 0, 300_000) : 50_000
    changes.push({ what: 'file', slot: pick(random, FILES), bytes: Buffer.alloc(size, seal) })
  }
  return changes
}

/** The state after one more transaction. */
export function afterChanges(state: LaneState, changes: readonly Change[]): LaneState {
  const [things, notes, files] = [new Map(state.things), new Map(state.notes), new Map(state.files)]
  for (const change of changes) {
    if (change.what === 'set') things.set(change.name, change.value)
    else if (change.what === 'remove') things.delete(change.name)
    else if (change.what === 'put') notes.set(change.key, change.value)
    else if (change.what === 'take') notes.delete(change.key)
    else files.set(change.slot, createHash('sha256').update(change.bytes).digest('hex'))
  }
  return { count: state.count + 1, things, notes, files }
}

export const EMPTY: LaneState = { count: 0, things: new Map(), notes: new Map(), files: new Map() }

/** Makes the lanes that are not there yet, in one transaction. */
export function makeLanes(transaction: Transaction, lanes: readonly string[]): void {
  const { root } = transaction
  for (const lane of lanes) {
    if (!root.has(lane)) {
      const [things, notes] = [transaction.createTree().ref, transaction.createTree().ref]
      root.set(lane, transaction.create({ count: 0, things, notes }).ref)
    }
  }
}

/** Does in a transaction what `afterChanges` does to maps. */
export async function applyChanges(
  transaction: Transaction,
  lane: string,
  changes: readonly Change[],
): Promise<void> {
  const { object, things, notes } = partsOf(transaction, lane)
  for (const change of changes) {
    if (change.what === 'set') {
      const there = things.get(change.name) as Ref | undefined
      if (there) transaction.get(there.oid).set('value', change.value)
      else things.set(change.name, transaction.create({ value: change.value, name: change.name }).ref)
    } else if (change.what === 'remove') {
      const there = things.get(change.name) as Ref | undefined
      if (there) transaction.remove(there.oid)
      things.delete(change.name)
    } else if (change.what === 'put') notes.set(change.key, change.value)
    else if (change.what === 'take') notes.delete(change.key)
    else object.set(change.slot, await transaction.importBlob(inPieces(change.bytes)))
  }
  object.set('count', countOf(transaction, lane) + 1)
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

export const countOf = (view: View, lane: string): number => partsOf(view, lane).object.get('count') as number

/** What the image has of a lane must be `state`, to the byte; `blobFile` answers the file of a blob. */
export function checkLane(
  view: View,
  lane: string,
  state: LaneState,
  blobFile?: (ref: BlobRef) => string,
): void {
  const { object, things, notes } = partsOf(view, lane)
  assert.equal(object.get('count'), state.count)
  const values = [...things.entries()].map(([name, ref]) => [name, thingOf(view, ref)] as const)
  assert.deepEqual(new Map(values), state.things, `the things of ${lane} at ${view.snapshot}`)
  assert.deepEqual(new Map(notes.entries()), state.notes, `the notes of ${lane} at ${view.snapshot}`)
  assert.deepEqual([things.size, notes.size], [state.things.size, state.notes.size])
  for (const slot of FILES) {
    const ref = object.get(slot)
    assert.equal(ref instanceof BlobRef ? ref.sha256 : undefined, state.files.get(slot), `${lane}.${slot}`)
    if (ref instanceof BlobRef && blobFile) {
      const digest = createHash('sha256')
        .update(readFileSync(blobFile(ref)))
        .digest('hex')
      assert.equal(digest, ref.sha256, `the bytes of ${lane}.${slot}`)
    }
  }
}

const thingOf = (view: View, ref: Value): Value | undefined => view.get((ref as Ref).oid).get('value')

function partsOf(
  view: View,
  lane: string,
): { object: Obj; things: ReturnType<View['tree']>; notes: ReturnType<View['tree']> } {
  const object = view.get((view.root.get(lane) as Ref).oid)
  return {
    object,
    things: view.tree(object.get('things') as TreeRef),
    notes: view.tree(object.get('notes') as TreeRef),
  }
}
