// Models for races, after ZODB's racetest: something that always holds, whoever looks and whenever; a step that keeps it, in
// two moves between which others get their turn; and a look that tells whether it holds. A look may take its time as well.
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { integer, type Random } from '../../scripts/seed/random.ts'
import type { Oid } from '../../src/base/ids.ts'
import type { TreeRef, Value } from '../../src/base/value.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import type { View } from '../../src/image/view.ts'

export interface RaceModel {
  readonly name: string
  /** Makes what it is about, known to the root. */
  init(transaction: Transaction): void
  step(transaction: Transaction, random: Random): Promise<void>
  /** Throws when what must hold does not. */
  look(view: View): Promise<void>
}

const oidOf = (view: View, name: string): Oid => (view.root.get(name) as { readonly oid: Oid }).oid
const number = (view: View, name: string): number => view.get(oidOf(view, name)).get('value') as number
const set = (transaction: Transaction, name: string, value: Value) =>
  transaction.get(oidOf(transaction, name)).set('value', value)

function make(transaction: Transaction, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    transaction.root.set(name, transaction.create({ value }).ref)
}

const twins: RaceModel = {
  name: 'two objects are equal',
  init: (transaction) => make(transaction, { left: 0, right: 0 }),
  step: async (transaction, random) => {
    const value = integer(random, 0, 1e9)
    set(transaction, 'left', value)
    await setImmediate()
    set(transaction, 'right', value)
  },
  look: async (view) => {
    const left = number(view, 'left')
    await setImmediate()
    assert.equal(number(view, 'right'), left)
  },
}

const phase: RaceModel = {
  name: 'one object is as far ahead of another as a third says',
  init: (transaction) => make(transaction, { ahead: 5, behind: 5, phase: 0 }),
  step: async (transaction, random) => {
    const by = integer(random, -9, 9)
    set(transaction, 'ahead', number(transaction, 'ahead') + by)
    await setImmediate()
    set(transaction, 'phase', number(transaction, 'phase') + by)
  },
  look: async (view) => {
    const difference = number(view, 'ahead') - number(view, 'behind')
    await setImmediate()
    assert.equal(difference, number(view, 'phase'))
  },
}

const NAMES = ['ada', 'bob', 'cy', 'dee']

const accounts: RaceModel = {
  name: 'money is neither made nor lost',
  init: (transaction) => make(transaction, Object.fromEntries(NAMES.map((name) => [name, 100]))),
  step: async (transaction, random) => {
    const [from, to] = [NAMES[integer(random, 0, 3)]!, NAMES[integer(random, 0, 3)]!]
    const amount = integer(random, 0, 50)
    set(transaction, from, number(transaction, from) - amount)
    await setImmediate()
    set(transaction, to, number(transaction, to) + amount)
  },
  look: async (view) => {
    let sum = 0
    for (const name of NAMES) {
      sum += number(view, name)
      await setImmediate()
    }
    assert.equal(sum, 400)
  },
}

const queue: RaceModel = {
  name: 'what leaves one Tree is in the other',
  init: (transaction) => {
    const todo = transaction.createTree()
    for (let i = 0; i < 20; i++) todo.set(i, `task ${i}`)
    transaction.root.set('todo', todo.ref)
    transaction.root.set('done', transaction.createTree().ref)
  },
  step: async (transaction, random) => {
    const trees = ['todo', 'done'].map((name) => transaction.tree(transaction.root.get(name) as TreeRef))
    const key = integer(random, 0, 19)
    const from = trees[0]!.has(key) ? 0 : 1
    const task = trees[from]!.get(key)!
    trees[from]!.delete(key)
    await setImmediate()
    trees[1 - from]!.set(key, task)
  },
  look: async (view) => {
    const keys: unknown[] = []
    for (const name of ['todo', 'done']) {
      const tree = view.tree(view.root.get(name) as TreeRef)
      const found = [...tree.entries()]
      assert.equal(tree.size, found.length)
      for (const [key, task] of found) assert.equal(task, `task ${String(key)}`)
      keys.push(...found.map(([key]) => key))
      await setImmediate()
    }
    assert.equal(new Set(keys).size, 20)
    assert.equal(keys.length, 20)
  },
}

export const raceModels: readonly RaceModel[] = [twins, phase, accounts, queue]
