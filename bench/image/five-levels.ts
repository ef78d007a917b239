// A tree of five levels: each node holds its path, its level, and its children by name; the top is the root's slot `top`.
import type { Ref, Value } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import type { View } from '../../src/image/view.ts'

export const LEVELS = 5

/** How many nodes there are when each has `width` children. */
export const nodesIn = (width: number): number =>
  Array.from({ length: LEVELS + 1 }, (_, level) => width ** level).reduce((sum, n) => sum + n)

/** Makes the tree from its leaves upward, a thousand nodes or so a commit, and names its top in the root. */
export async function grow(image: Image, width: number): Promise<void> {
  const branch = async (path: readonly number[]): Promise<Ref> => {
    if (path.length === LEVELS - 2) return inOne(image, (transaction) => twig(transaction, path, width))
    const children: Ref[] = []
    for (let i = 0; i < width; i++) children.push(await branch([...path, i]))
    return inOne(image, (transaction) => node(transaction, path, children))
  }
  const top = await branch([])
  await inOne(image, (transaction) => transaction.root.set('top', top).ref)
}

const inOne = async (image: Image, make: (transaction: Transaction) => Ref): Promise<Ref> =>
  (await image.transact({ user: 'tree' }, make)).value

function twig(transaction: Transaction, path: readonly number[], width: number): Ref {
  const children: Ref[] = []
  if (path.length < LEVELS)
    for (let i = 0; i < width; i++) children.push(twig(transaction, [...path, i], width))
  return node(transaction, path, children)
}

function node(transaction: Transaction, path: readonly number[], children: readonly Ref[]): Ref {
  const slots: Record<string, Value> = { path: path.join('/'), level: path.length }
  if (children.length > 0) slots.children = Object.fromEntries(children.map((ref, i) => [`n${i}`, ref]))
  return transaction.create(slots).ref
}

export const pathOf = (i: number, width: number): number[] =>
  Array.from({ length: LEVELS }, (_, level) => (i * 7 + level * 3) % width)

export function byPath(view: View, path: readonly number[]): Value | undefined {
  let object = view.get((view.root.get('top') as Ref).oid)
  for (const i of path) object = view.get((object.get('children') as Record<string, Ref>)[`n${i}`]!.oid)
  return object.get('path')
}
