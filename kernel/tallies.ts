// How the missions of each persona ended, counted for the model and adapter that it was asked with: `mind.tallies` is a
// Tree, made when first needed: `PERSONA model adapter` (digests; `-` for none) → {asked, right, course?}. Counts are
// written some at a time, and those of the last few missions are lost with a killed kernel: they decide nothing alone.
import type { Oid } from '../src/base/ids.ts'
import { type PlainObject, type Ref, TreeRef } from '../src/base/value.ts'
import type { Count } from '../src/forge/exact-test.ts'
import type { Image } from '../src/image/image.ts'
import type { Transaction } from '../src/image/transaction.ts'
import type { View } from '../src/image/view.ts'

export interface Asked {
  readonly persona: string
  readonly model: string
  /** `-` for none. */
  readonly adapter: string
}

export interface Tally extends Count {
  /** Probation is over for it. */
  readonly course?: 'active'
}

const BATCH = 8
const NONE: Tally = { asked: 0, right: 0 }

export const keyOf = ({ persona, model, adapter }: Asked): string => `${persona} ${model} ${adapter}`

export class Tallies {
  readonly #image: Image
  /** Counted and not yet written. */
  #fresh = new Map<string, Count>()

  constructor(image: Image) {
    this.#image = image
  }

  add(key: string, right: boolean): void {
    this.#fresh.set(key, sum(this.#fresh.get(key) ?? NONE, { asked: 1, right: Number(right) }))
  }

  of(key: string): Tally {
    return sum(tallyIn(this.#image.now(), key), this.#fresh.get(key) ?? NONE)
  }

  get isDue(): boolean {
    return [...this.#fresh.values()].reduce((count, { asked }) => count + asked, 0) >= BATCH
  }

  /** Forgets what is not written of a key: the caller writes it, or does without. */
  take(key: string): void {
    this.#fresh.delete(key)
  }

  async write(): Promise<void> {
    const fresh = this.#fresh
    if (fresh.size === 0) return
    this.#fresh = new Map()
    const about = { user: 'kernel', description: 'how missions ended', meta: { kind: 'upkeep' } }
    await this.#image.transact(about, (transaction) => {
      for (const [key, count] of fresh) putTally(transaction, key, sum(tallyIn(transaction, key), count))
    })
  }
}

export function tallyIn(view: View, key: string): Tally {
  const tree = treeIn(view)
  return tree ? ((view.tree(tree).get(key) as unknown as Tally) ?? NONE) : NONE
}

/** How the missions of a persona ended that this adapter answered, as far as it is written. */
export function tallyOf(view: View, { persona, adapter }: Pick<Asked, 'persona' | 'adapter'>): Tally {
  const tree = treeIn(view)
  const from = `${persona} `
  const entries = tree ? view.tree(tree).entries({ from, to: `${persona}!` }) : []
  return [...entries]
    .filter(([key]) => String(key).endsWith(` ${adapter}`))
    .reduce((total, [, tally]) => sum(tally as unknown as Tally, total), NONE)
}

/** Undefined: it is forgotten. */
export function putTally(transaction: Transaction, key: string, tally: Tally | undefined): void {
  const known = treeIn(transaction)
  const tree = known ? transaction.tree(known) : transaction.createTree()
  if (!known) mindOf(transaction).set('tallies', tree.ref)
  if (tally) tree.set(key, tally as unknown as PlainObject)
  else tree.delete(key)
}

/** The tree that they are in, once there is one. */
export const talliesIn = (view: View): Oid[] => [treeIn(view)?.oid ?? []].flat()

function treeIn(view: View): TreeRef | undefined {
  const tree = mindOf(view).get('tallies')
  return tree instanceof TreeRef ? tree : undefined
}

const mindOf = (view: View) => view.get((view.root.get('mind') as Ref).oid)

const sum = (tally: Tally, { asked, right }: Count): Tally => ({
  ...tally,
  asked: tally.asked + asked,
  right: tally.right + right,
})
