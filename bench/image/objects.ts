// Making many objects, and reading them: all at once, below one Tree, in a tree of five levels, inherited, after a restart.
// ZODB stands beside (zodb.ts); the figures for inherited slots are those of 6.4 on two shared cores.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { siblingModule } from '../../src/base/sibling-module.ts'
import type { Ref, TreeRef, Value } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import { type Row, row } from '../result.ts'
import { type Figure, onImage, pace, rate, user } from './scratch.ts'
import { besideZodb, type Figures, inTurns, type Zodb } from './zodb.ts'

const A_COMMIT = 1000

/** An object with the content of ZODB's benchmark: two records there, an object and what it holds. */
const slotsOf = (i: number, parent: Ref): Record<string, Value> => ({
  'parent*': parent,
  name: `object ${i}`,
  count: i,
  note: 'a text of forty characters, or thereabout',
  tags: ['one', 'two', 'three'],
})

export async function bulkRows(count: number, zodb: Zodb | undefined): Promise<Row[]> {
  const { made, bytes, added, warm, cold } = await inTurns(
    () => bulk(count),
    zodb && ((dir) => ({ ...zodb('objects', dir, count), ...zodb('cold', dir, count) })),
  )
  return [
    ...besideZodb(made, {
      what: 'objects made/s, 1,000 a commit',
      published: ['27,000 to 33,000', 30_000],
      goal: 'at least 4 times',
      isReached: (ratio) => ratio >= 4,
    }),
    ...besideZodb(bytes, {
      what: 'bytes an object on the disk',
      published: ['378', 378],
      goal: 'at most 0.6',
      isReached: (ratio) => ratio <= 0.6,
    }),
    ...besideZodb(added, {
      what: 'children added to one Tree/s',
      published: ['60,000', 60_000],
      goal: 'at least as many',
      isReached: (ratio) => ratio >= 1,
    }),
    ...besideZodb(warm, { what: 'children read/s, warm', published: ['600,000', 600_000] }),
    ...besideZodb(cold, {
      what: 'children read/s, after a restart',
      published: ['23,000 to 30,000', 27_000],
      goal: 'at least 2 times',
      isReached: (ratio) => ratio >= 2,
    }),
  ]
}

function bulk(count: number): Promise<Figures<'made' | 'bytes' | 'added' | 'warm' | 'cold'>> {
  return onImage({}, async (image, dir) => {
    const all = await newTree(image, 'all')
    const prototype = await made(image, (transaction) => transaction.create({ kind: 'object' }).ref)
    const making = await pace(count, () =>
      inCommits(image, count, (transaction, from, to) => {
        const tree = transaction.tree(all)
        for (let i = from; i < to; i++) tree.set(i, transaction.create(slotsOf(i, prototype)).ref)
      }),
    )
    const { revisions, entries, transactions } = image.stats().tables
    const bytes = (revisions.bytes + entries.bytes + transactions.bytes) / count
    const children = await newTree(image, 'children')
    const adding = await pace(count, () =>
      inCommits(image, count, (transaction, from, to) => {
        const tree = transaction.tree(children)
        for (let i = from; i < to; i++) tree.set(`child ${i}`, prototype)
      }),
    )
    const view = image.at(image.head)
    const gets = 20_000
    const readAll = () =>
      getMany(view.tree(all), { count, gets, get: (ref) => view.get(ref.oid).get('count') })
    readAll()
    const warm = await pace(gets, readAll)
    await image.close()
    const cold = (await inProcess('cold', dir, count)) as Figure
    return { made: making, bytes: { real: bytes }, added: adding, warm, cold }
  })
}

/** Reads entries all over a Tree, and what they name, which counts as far as their key. */
export function getMany(
  tree: { get(key: number): Value | undefined },
  {
    count,
    gets,
    get,
  }: { readonly count: number; readonly gets: number; readonly get: (ref: Ref) => unknown },
): void {
  for (let i = 0; i < gets; i++) {
    const key = (i * 7919) % count
    if (get(tree.get(key) as Ref) !== key) throw new Error('lost')
  }
}

const ZODB_READS = [1.6e6, 8e5, 5e5, 4e5] as const

export function inheritedRows(reads: number): Promise<Row[]> {
  return onImage({ durable: false }, async (image) => {
    const ref = await made(image, (transaction) => {
      let parent = transaction.create({ slot3: 3 }).ref
      for (const i of [2, 1, 0]) parent = transaction.create({ [`slot${i}`]: i, 'parent*': parent }).ref
      return parent
    })
    const object = image.at(image.head).get(ref.oid)
    const rows: Row[] = []
    for (const [hops, zodb] of ZODB_READS.entries()) {
      const name = `slot${hops}`
      const found = await rate(reads, () => {
        for (let i = 0; i < reads; i++) if (object.lookup(name)?.value !== hops) throw new Error(name)
      })
      const judged = hops === 3
      rows.push(
        row(
          `reads/s of a slot inherited through ${hops} objects (ZODB ${zodb.toLocaleString('en')})`,
          found,
          zodb,
          judged ? 'at least 20 times' : 'told, not judged',
          ({ ratio }) => !judged || ratio >= 20,
        ),
      )
    }
    const misses = await rate(reads, () => {
      for (let i = 0; i < reads; i++) if (object.lookup('nowhere')) throw new Error('found')
    })
    rows.push(
      row('misses/s through 4 objects (ZODB 250,000)', misses, 250_000, 'told, not judged', () => true),
    )
    return rows
  })
}

/** Runs `task` of reading.ts in a process of its own, on the image in `dir`. */
export async function inProcess(task: string, dir: string, count: number): Promise<unknown> {
  const child = fork(fileURLToPath(siblingModule(import.meta.url, './reading')), [task, dir, String(count)])
  const [answer] = (await once(child, 'message')) as [unknown]
  child.kill('SIGKILL')
  await once(child, 'exit')
  return answer
}

export const newTree = (image: Image, name: string): Promise<TreeRef> =>
  made(image, (transaction) => {
    const { ref } = transaction.createTree()
    transaction.root.set(name, ref)
    return ref
  })

export const made = async <T>(image: Image, make: (transaction: Transaction) => T): Promise<T> =>
  (await image.transact({ user }, make)).value

async function inCommits(
  image: Image,
  count: number,
  make: (transaction: Transaction, from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < count; from += A_COMMIT) {
    const to = Math.min(from + A_COMMIT, count)
    await image.transact({ user }, (transaction) => make(transaction, from, to))
  }
}
