// A tree of five levels and some million nodes: made, opened again beside an empty image, also after a kill, asked by paths
// and by looking at every node, verified and packed in the memory that the image may take.
import { join } from 'node:path'
import { numberOf, type Oid } from '../../src/base/ids.ts'
import type { Ref } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import type { View } from '../../src/image/view.ts'
import { memoryInUse } from '../../test/image/memory-in-use.ts'
import { median, type Row, row } from '../result.ts'
import { byPath, grow, LEVELS, nodesIn, pathOf } from './five-levels.ts'
import { inProcess } from './objects.ts'
import { inFolder, ms, openAt } from './scratch.ts'

const QUERIES = 100
const OPENINGS = 9
const SCANNED = 50_000
const CACHE_MB = 128

export function millionRows(width: number): Promise<Row[]> {
  return inFolder(async (folder) => {
    const [dir, empty] = [join(folder, 'full'), join(folder, 'empty')]
    await (await openAt(empty)).close()
    const image = await openAt(dir)
    const nodes = nodesIn(width)
    const making = await ms(() => grow(image, width))
    await image.close()
    const closed = await openings(dir, empty, false)
    const killed = await openings(dir, empty, true)
    const before = memoryInUse()
    const again = await openAt(dir, { cacheMb: CACHE_MB })
    const view = again.at(again.head)
    const deep = await ms(() => {
      for (let i = 0; i < QUERIES; i++)
        if (byPath(view, pathOf(i, width)) !== pathOf(i, width).join('/')) throw new Error('lost')
    })
    const scanned = Math.min(SCANNED, nodes)
    const scan = (await ms(() => scanFor(view, 'nowhere', scanned))) * (nodes / scanned) * QUERIES
    scanFor(view, 'nowhere', nodes)
    const grown = memoryInUse() - before
    const verifying = await ms(async () => {
      const { ok } = await again.verify()
      if (!ok) throw new Error('the image is not sound')
    })
    const packing = await ms(() => again.pack({ before: again.head }))
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
      row(
        `MiB more with all ${n} touched, beside the ${CACHE_MB} that are allowed`,
        ...([grown, CACHE_MB] as const),
        'at most 1',
        ({ ratio }) => ratio <= 1,
      ),
      row(`verifying ${n} objects, objects/s`, (nodes / verifying) * 1000, 1, 'told, not judged', () => true),
      row(`packing ${n} objects, objects/s`, (nodes / packing) * 1000, 1, 'told, not judged', () => true),
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

function scanFor(view: View, path: string, count: number): Oid | undefined {
  const first = numberOf((view.root.get('top') as Ref).oid) - count
  for (let i = Math.max(1, first); i < first + count; i++) {
    if (view.get(`obj:${i}`).get('path') === path) return `obj:${i}`
  }
  return undefined
}
