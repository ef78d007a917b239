// Random programs with packs at random moments, some of them running beside what follows, some cut short. A reference in
// plain maps knows what every moment looked like. After each step the present must be as the reference has it; at the end,
// so must every moment from the last pack's on, and nothing that is referred to may be missing.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import { BatError } from '../../src/base/errors.ts'
import { numberOf, type Oid, tidOf } from '../../src/base/ids.ts'
import { Ref, TreeRef, type Value } from '../../src/base/value.ts'
import type { PackReport } from '../../src/image/pack.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import type { View } from '../../src/image/view.ts'
import { freshFolder, TestImage } from './fresh-image.ts'

const SLOTS = ['x', 'y', 'z']
/** What is kept once for all. */
const LARGE = 'a text that is long enough when it is repeated; '

/** What can be reached from the root at one moment: slots by oid, a reference as its oid; the tree under its own. */
type Graph = Map<Oid, Record<string, unknown>>

const step = fc.record({
  what: fc.constantFrom(
    'link',
    'link',
    'move',
    'unlink',
    'make',
    'make',
    'put',
    'put',
    'take',
    'set',
    'undo',
    'reopen',
    'pack',
    'pack',
    'begin pack',
    'await pack',
    'cut pack',
    'hold',
    'let go',
  ),
  a: fc.nat(40),
  b: fc.nat(40),
  slot: fc.constantFrom(...SLOTS),
  value: fc.nat(9),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** All that can be reached in `view`; throws when a reference dangles. */
function graphOf(view: View): Graph {
  const graph: Graph = new Map()
  const reach = (value: Value | undefined): unknown => {
    if (value instanceof Ref) visit(value.oid)
    if (value instanceof TreeRef) visitTree(value)
    return value instanceof Ref || value instanceof TreeRef ? value.oid : value
  }
  const visit = (oid: Oid) => {
    if (graph.has(oid)) return
    const slots: Record<string, unknown> = {}
    graph.set(oid, slots)
    for (const [name, value] of view.get(oid).slots()) slots[name] = reach(value)
  }
  const visitTree = (ref: TreeRef) => {
    if (graph.has(ref.oid)) return
    const entries: Record<string, unknown> = {}
    graph.set(ref.oid, entries)
    for (const [key, value] of view.tree(ref).entries()) entries[String(key)] = reach(value)
  }
  visit('obj:0')
  return graph
}

class Program {
  readonly #kept: TestImage
  /** What every moment looked like when it was the present. */
  readonly #past: Graph[] = []
  #horizon = 0
  #packing: Promise<PackReport | undefined> | undefined
  /** The last pack that ended was cut short: what it had not come to is left to the next one. */
  #isCut = false
  #held: { readonly transaction: Transaction; readonly graph: Graph } | undefined

  constructor(kept: TestImage) {
    this.#kept = kept
    this.#note()
  }

  async run({ what, a, b, slot, value }: Step): Promise<void> {
    const { image } = this.#kept
    const reachable = [...this.#past.at(-1)!.keys()]
    const [from, to] = [reachable[a % reachable.length]!, reachable[b % reachable.length]!]
    const old = this.#past[this.#horizon + (a % (this.#past.length - this.#horizon))]!
    switch (what) {
      case 'make':
        return this.#change((t) => this.#put(t, from, slot, t.create({ value }).ref))
      case 'link':
        return this.#change((t) => this.#put(t, from, slot, this.#refTo(t, to)))
      case 'move':
        return this.#change((t) => this.#move(t, from, to, slot))
      case 'unlink':
        return this.#change((t) => this.#put(t, from, slot, undefined))
      case 'set':
        return this.#change((t) => this.#put(t, from, 'value', value < 5 ? value : LARGE.repeat(value)))
      case 'put':
        return this.#change((t) => this.#put(t, from, slot, t.createTree().set('first', value).ref))
      case 'take': {
        // what was there once and may be out of reach now, or gone
        const lost = [...old.keys()][b % old.size]!
        return this.#change((t) => this.#put(t, from, slot, t.has(lost) ? new Ref(lost) : value))
      }
      case 'undo':
        if (numberOf(image.head) <= this.#horizon) return
        await image.undo(image.head, { user: 'undo' })
        return this.#note()
      case 'reopen':
        this.#held = undefined
        await this.#kept.reopen()
        return this.#ended()
      case 'hold':
        this.#held ??= { transaction: this.#kept.begin(), graph: this.#past.at(-1)! }
        return
      case 'let go':
        this.#held?.transaction.abort()
        this.#held = undefined
        return
      case 'await pack':
        return this.#ended()
      case 'cut pack':
        return this.#cut(a)
      case 'begin pack':
        this.#pack({ a, b })
        return
      case 'pack':
        this.#pack({ a, b })
        return this.#ended()
      default:
        what satisfies never
    }
  }

  /** One that is at work is left to it. */
  #pack({ a, b, signal }: { readonly a: number; readonly b: number; readonly signal?: AbortSignal }): void {
    if (this.#packing) return
    const before = tidOf(a % this.#past.length)
    const options = { before, keep: 1 + (b % 3), rows: 1 + (a % 5), ...(signal && { signal }) }
    this.#packing = this.#kept.image.pack(options).catch((error) => {
      if (error instanceof BatError && ['E_IMAGE_CLOSED', 'E_ABORTED'].includes(error.code)) return undefined
      throw error
    })
  }

  async #ended(): Promise<void> {
    if (this.#packing) this.#isCut = (await this.#packing) === undefined
    this.#packing = undefined
    for (;;) {
      // a pack that was cut short may have moved the horizon
      try {
        this.#kept.image.at(tidOf(this.#horizon))
        return
      } catch (error) {
        assert.equal((error as BatError).code, 'E_PACKED')
        this.#horizon = numberOf(String((error as BatError).details.moment))
      }
    }
  }

  async #cut(turns: number): Promise<void> {
    const abort = new AbortController()
    this.#pack({ a: turns, b: turns, signal: abort.signal })
    for (let i = 0; i < turns; i++) await new Promise(setImmediate)
    abort.abort(new BatError('E_ABORTED', { command: 'pack' }))
    await this.#ended()
  }

  async #change(work: (transaction: Transaction) => void): Promise<void> {
    try {
      await this.#kept.image.transact({ user: 'ada' }, work)
    } catch (error) {
      // it referred to what was being packed away
      assert.equal((error as BatError).code, 'E_PACKED_AWAY')
      assert.ok(this.#packing)
      return
    }
    this.#note()
  }

  #put(transaction: Transaction, into: Oid, name: string, value: Value | undefined): void {
    if (transaction.has(into)) {
      if (value === undefined) transaction.get(into).delete(name)
      else transaction.get(into).set(name, value)
      return
    }
    const tree = transaction.tree(new TreeRef(into))
    if (value === undefined) tree.delete(name)
    else tree.set(name, value)
  }

  #move(transaction: Transaction, from: Oid, to: Oid, name: string): void {
    if (!transaction.has(from)) return
    const value = transaction.get(from).get(name)
    if (value === undefined) return
    this.#put(transaction, from, name, undefined)
    this.#put(transaction, to, name, value)
  }

  #refTo(transaction: Transaction, oid: Oid): Ref | TreeRef {
    return transaction.has(oid) ? new Ref(oid) : new TreeRef(oid)
  }

  /** The present, after a commit; a transaction without changes makes none. */
  #note(): void {
    const { head } = this.#kept.image
    if (numberOf(head) >= this.#past.length) this.#past.push(graphOf(this.#kept.image.at(head)))
  }

  checkPresent(): void {
    assert.deepEqual(graphOf(this.#kept.image.at(this.#kept.image.head)), this.#past.at(-1))
    if (this.#held) assert.deepEqual(graphOf(this.#held.transaction), this.#held.graph)
  }

  async checkPast(): Promise<void> {
    await this.#ended()
    for (let tid = this.#horizon; tid < this.#past.length; tid++) {
      assert.deepEqual(graphOf(this.#kept.image.at(tidOf(tid))), this.#past[tid], tidOf(tid))
    }
    for (let tid = 0; tid < this.#horizon; tid++) assert.throws(() => this.#kept.image.at(tidOf(tid)))
    const { faults: found } = await this.#kept.image.verify()
    assert.deepEqual(
      found.filter(({ harmless }) => !(harmless && this.#isCut)),
      [],
    )
    this.#held?.transaction.abort()
    this.#held = undefined
    await this.#kept.image.pack({ before: this.#kept.image.head })
    this.#horizon = this.#past.length - 1
    this.checkPresent()
    const { records, faults } = await this.#kept.image.verify()
    assert.deepEqual(faults, [])
    assert.equal(records.revisions, this.#past.at(-1)!.size)
  }
}

test('shows every moment since the last pack as it was, whatever the program and wherever it is packed', async (t) => {
  const folder = await freshFolder(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50, size: 'max' }), async (steps) => {
      const dir = join(folder, String(run++))
      const kept = await new TestImage(dir, { cacheObjects: 3 }).open()
      try {
        const program = new Program(kept)
        for (const taken of steps) {
          await program.run(taken)
          program.checkPresent()
        }
        await program.checkPast()
      } finally {
        await kept.image.close()
        await rm(dir, { recursive: true, force: true })
      }
    }),
    { numRuns: 40 },
  )
})
