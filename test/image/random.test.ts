// Random programs of operations, run on an image and on a reference that keeps everything in plain maps: two transactions
// at a time, savepoints, aborts, conflicts, undo and reopening at random points. After each step both must see the same;
// at the end the image must show every moment of its past as the reference has it, and its text the newest.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import type { BatError } from '../../src/base/errors.ts'
import { type Oid, tidOf } from '../../src/base/ids.ts'
import { TreeRef } from '../../src/base/value.ts'
import { loadImage } from '../../src/image/text/load.ts'
import type { Savepoint, Transaction } from '../../src/image/transaction.ts'
import type { View } from '../../src/image/view.ts'
import { freshFolder, TestImage } from './fresh-image.ts'

const KEYS = ['a', 'b', 'c', 'd']

/** Places that can be changed: `obj:3`, or a key of the tree; with what is there. */
type Places = Map<string, Record<string, unknown> | number>

interface Past {
  readonly places: Places
  /** What the transaction that led here changed. */
  readonly changed: ReadonlySet<string>
}

interface Open {
  readonly transaction: Transaction
  readonly moment: number
  places: Places
  changed: Set<string>
  savepoints: { readonly real: Savepoint; readonly places: Places; readonly changed: Set<string> }[]
}

const step = fc.record({
  who: fc.nat(1),
  what: fc.constantFrom(
    'create',
    'set',
    'delete',
    'remove',
    'put',
    'take',
    'put',
    'set',
    'save',
    'back',
    'commit',
    'abort',
    'reopen',
    'undo',
  ),
  which: fc.nat(7),
  slot: fc.constantFrom('x', 'y'),
  key: fc.constantFrom(...KEYS),
  value: fc.nat(9),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

class Program {
  readonly kept: TestImage
  readonly #tree: TreeRef
  readonly #past: Past[]
  readonly #open: (Open | undefined)[] = [undefined, undefined]

  constructor(kept: TestImage, tree: TreeRef) {
    this.kept = kept
    this.#tree = tree
    const start = new Map([['obj:0', { tree: tree.oid }]])
    this.#past = [
      { places: new Map(), changed: new Set() },
      { places: start, changed: new Set() },
    ]
  }

  get #head(): Past {
    return this.#past.at(-1)!
  }

  async run(taken: Step): Promise<void> {
    const { who, what, which, slot, key, value } = taken
    if (what === 'reopen') return this.#reopen()
    if (what === 'undo') return this.#undo()
    const open = this.#begun(who)
    const { transaction, places } = open
    const objects = [...places.keys()].filter(
      (place) => place.startsWith('obj:') && place !== 'obj:0',
    ) as Oid[]
    const oid = objects[which % objects.length]
    const change = (place: string, now: Record<string, unknown> | number | undefined) => {
      open.changed.add(place)
      if (now === undefined) places.delete(place)
      else places.set(place, now)
    }
    if (what === 'create') change(transaction.create({ [slot]: value }).oid, { [slot]: value })
    else if (what === 'set' && oid) {
      transaction.get(oid).set(slot, value)
      change(oid, { ...(places.get(oid) as object), [slot]: value })
    } else if (what === 'delete' && oid) {
      const { [slot]: before, ...rest } = places.get(oid) as Record<string, unknown>
      assert.equal(transaction.get(oid).delete(slot), before !== undefined)
      if (before !== undefined) change(oid, rest)
    } else if (what === 'remove' && oid) {
      transaction.remove(oid)
      change(oid, undefined)
      if (!this.#past[open.moment]!.places.has(oid)) open.changed.delete(oid)
    } else if (what === 'put') {
      transaction.tree(this.#tree).set(key, value)
      change(key, value)
    } else if (what === 'take') {
      const there = places.has(key)
      assert.equal(transaction.tree(this.#tree).delete(key), there)
      if (there) change(key, undefined)
    } else if (what === 'save') {
      open.savepoints.push({
        real: transaction.savepoint(),
        places: new Map(places),
        changed: new Set(open.changed),
      })
    } else if (what === 'back' && open.savepoints.length > 0) {
      const at = which % open.savepoints.length
      const back = open.savepoints[at]!
      back.real.rollback()
      open.places = new Map(back.places)
      open.changed = new Set(back.changed)
      open.savepoints.length = at + 1
    } else if (what === 'commit') await this.#commit(who, open)
    else if (what === 'abort') {
      transaction.abort()
      this.#open[who] = undefined
    }
    this.#same(open.transaction, what === 'abort' ? this.#past[open.moment]!.places : open.places)
  }

  #begun(who: number): Open {
    this.#open[who] ??= {
      transaction: this.kept.begin(),
      moment: this.#past.length - 1,
      places: new Map(this.#head.places),
      changed: new Set(),
      savepoints: [],
    }
    return this.#open[who]
  }

  async #commit(who: number, open: Open): Promise<void> {
    this.#open[who] = undefined
    const since = this.#past.slice(open.moment + 1)
    const conflict = [...open.changed].some((place) => since.some(({ changed }) => changed.has(place)))
    if (conflict) {
      await assert.rejects(open.transaction.commit(), ({ code }: BatError) => code === 'E_CONFLICT')
      open.places = this.#past[open.moment]!.places
      return
    }
    const tid = await open.transaction.commit()
    if (open.changed.size === 0) return assert.equal(tid, tidOf(open.moment))
    this.#commitModel(open.changed, open.places)
    assert.equal(tid, this.kept.image.head)
  }

  /** What was changed, over what others committed meanwhile. */
  #commitModel(changed: ReadonlySet<string>, places: Places): void {
    const now = new Map(this.#head.places)
    const noted = new Set<string>()
    for (const place of changed) {
      const value = places.get(place)
      if (value !== undefined || now.has(place)) noted.add(place)
      if (value === undefined) now.delete(place)
      else now.set(place, value)
      if (!place.startsWith('obj:')) noted.add(place)
    }
    this.#past.push({ places: now, changed: noted })
    assert.equal(this.kept.image.head, tidOf(this.#past.length - 1))
  }

  async #undo(): Promise<void> {
    if (this.#past.length < 3) return
    await this.kept.image.undo(this.kept.image.head, { user: 'undo' })
    const before = this.#past.at(-2)!
    this.#commitModel(this.#head.changed, before.places)
    this.#same(this.kept.begin(), this.#head.places)
  }

  async #reopen(): Promise<void> {
    await this.kept.reopen()
    this.#open.fill(undefined)
    this.#same(this.kept.begin(), this.#head.places)
  }

  #same(view: View, places: Places): void {
    const tree = view.tree(this.#tree)
    const entries = KEYS.flatMap((key) => (places.has(key) ? [[key, places.get(key)]] : []))
    assert.deepEqual([...tree.entries()], entries)
    assert.deepEqual([...tree.entries({ reverse: true })], [...entries].reverse())
    assert.equal(tree.size, entries.length)
    for (const [oid, slots] of places) {
      if (!oid.startsWith('obj:') || oid === 'obj:0') continue
      assert.deepEqual(Object.fromEntries(view.get(oid as Oid).slots()), slots)
    }
    const everything = new Set(this.#past.flatMap((past) => [...past.places.keys()]))
    for (const oid of everything) {
      if (oid.startsWith('obj:') && !places.has(oid)) assert.equal(view.has(oid as Oid), false)
    }
  }

  async checkPast(): Promise<void> {
    for (let tid = 1; tid < this.#past.length; tid++)
      this.#same(this.kept.image.at(tidOf(tid)), this.#past[tid]!.places)
    assert.deepEqual((await this.kept.image.verify()).faults, [])
  }

  /** The image as text, loaded again, has what the image has now. */
  async checkCopy(): Promise<void> {
    const [text, dir] = [`${this.kept.dir}-text`, `${this.kept.dir}-copy`]
    await this.kept.image.dump({ dir: text })
    await loadImage({ from: text, dir, clock: this.kept.clock })
    const copy = await new TestImage(dir).open()
    try {
      this.#same(copy.begin(), this.#head.places)
      assert.deepEqual((await copy.image.verify()).faults, [])
    } finally {
      await copy.image.close()
      for (const folder of [text, dir]) await rm(folder, { recursive: true })
    }
  }
}

test('does what a simple reference does, whatever the program', async (t) => {
  const folder = await freshFolder(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const dir = join(folder, String(run++))
      const kept = await new TestImage(dir, { cacheObjects: 3 }).open()
      try {
        const tree = await kept.commit((transaction) => {
          const made = transaction.createTree().ref
          transaction.root.set('tree', made)
          return made
        })
        const program = new Program(kept, new TreeRef(tree.oid))
        for (const taken of steps) await program.run(taken)
        await program.checkPast()
        if (run % 5 === 0) await program.checkCopy()
      } finally {
        await kept.image.close()
        await rm(dir, { recursive: true, force: true })
      }
    }),
    { numRuns: 60 },
  )
})
