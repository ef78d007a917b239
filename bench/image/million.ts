// A tree of five levels and some million nodes: made, opened again beside an empty image, also after a kill, asked by paths
// and by looking at every node, verified.
import { join } from 'node:path'
import { numberOf, type Oid } from '../../src/base/ids.ts'
import type { Ref, Value } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import type { View } from '../../src/image/view.ts'
import { median, type Row, row } from '../result.ts'
import { inProcess } from './objects.ts'
import { inFolder, ms, openAt, user } from './scratch.ts'

const LEVELS = 5
const QUERIES = 100
const OPENINGS = 9
const SCANNED = 50_000

export function millionRows(width: number): Promise<Row[]> {
  return inFolder(async (folder) => {
    const [dir, empty] = [join(folder, 'full'), join(folder, 'empty')]
    await (await openAt(empty)).close()
    const image = await openAt(dir)
    const nodes = Array.from({ length: LEVELS + 1 }, (_, i) => width ** i).reduce((sum, n) => sum + n)
    const making = await ms(() => grow(image, width))
    await image.close()
    const closed = await openings(dir, empty, false)
    const killed = await openings(dir, empty, true)
    const again = await openAt(dir)
    const view = again.at(again.head)
    const deep = await ms(() => {
      for (let i = 0; i < QUERIES; i++)
        if (byPath(view, pathOf(i, width)) !== pathOf(i, width).join('/')) throw new Error('lost')
    })
    const scanned = Math.min(SCANNED, nodes)
    const scan = (await ms(() => scanFor(view, 'nowhere', scanned))) * (nodes / scanned) * QUERIES
    const verifying = await ms(async () => {
      const { ok } = await again.verify()
      if (!ok) throw new Error('the image is not sound')
    })
    await again.close()
    const n = nodes.toLocaleString('en')
    return [
      row(
        `${n} nodes in a tree, made/s (ZODB 46,000 to 87,000)`,
        (nodes / making) * 1000,
        66_000,
        'at least as many',
        ({ ratio }) => ratio >= 1,
      ),
      row(`opening ${n} objects, ms, beside none`, ...closed, 'at most 1.5', ({ ratio }) => ratio <= 1.5),
      row('the same after a kill', ...killed, 'at most 1.5', ({ ratio }) => ratio <= 1.5),
      row(
        `${QUERIES} questions ${LEVELS} levels deep, ms, beside a scan of all nodes`,
        deep,
        scan,
        'at least 1,000 times faster',
        ({ ratio }) => ratio <= 1 / 1000,
      ),
      row(`verifying ${n} objects, objects/s`, (nodes / verifying) * 1000, 1, 'told, not judged', () => true),
    ]
  })
}

/** How long it takes to open both images; with `kill` after a process that had them open was killed. */
async function openings(full: string, empty: string, kill: boolean): Promise<[number, number]> {
  const times = { full: [] as number[], empty: [] as number[] }
  for (let i = 0; i < (kill ? 3 : OPENINGS); i++) {
    for (const [which, dir] of [
      ['empty', empty],
      ['full', full],
    ] as const) {
      if (kill) await inProcess('open', dir, 0)
      let image: Image | undefined
      times[which].push(
        await ms(async () => {
          image = await openAt(dir)
        }),
      )
      await image!.close()
    }
  }
  return [median(times.full), median(times.empty)]
}

/** Makes the tree from its leaves upward, a thousand nodes or so a commit, and names its top in the root. */
async function grow(image: Image, width: number): Promise<void> {
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
  (await image.transact({ user }, make)).value

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

const pathOf = (i: number, width: number): number[] =>
  Array.from({ length: LEVELS }, (_, level) => (i * 7 + level * 3) % width)

function byPath(view: View, path: readonly number[]): Value | undefined {
  let object = view.get((view.root.get('top') as Ref).oid)
  for (const i of path) object = view.get((object.get('children') as Record<string, Ref>)[`n${i}`]!.oid)
  return object.get('path')
}

function scanFor(view: View, path: string, count: number): Oid | undefined {
  const first = numberOf((view.root.get('top') as Ref).oid) - count
  for (let i = Math.max(1, first); i < first + count; i++) {
    if (view.get(`obj:${i}`).get('path') === path) return `obj:${i}`
  }
  return undefined
}
