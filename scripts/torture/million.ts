// Objects that are many: a tree of five levels, and one node with a tenth as many children, made, opened again, asked, partly
// taken away, packed and verified. What the process holds on to must stay below what the image may keep decoded, and each
// answer must be right. Rounds are thousands of objects.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { byPath, grow, LEVELS, nodesIn, pathOf } from '../../bench/image/five-levels.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { Ref, TreeRef } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import type { View } from '../../src/image/view.ts'
import { memoryInUse } from '../../test/image/memory-in-use.ts'
import { integer, type Random } from '../seed/random.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'

const QUERIES = 1000
const PER_COMMIT = 1000

export const million: Trial = {
  name: 'million',
  title: 'objects by the thousand, a tenth of them under one node',
  rounds: { long: 1000, short: 20 },
  run,
}

async function run({ folder, rounds, random, tell }: TrialOptions): Promise<Counts> {
  const width = Math.round((rounds * 1000) ** (1 / LEVELS))
  const [nodes, children] = [nodesIn(width), rounds * 100]
  const cacheMb = rounds >= 500 ? 64 : 4
  const dir = join(folder, 'image')
  const making = await openImage({ dir, clock: systemClock, cacheMb, durable: false })
  await grow(making, width)
  tell(rounds * 0.5)
  await crowd(making, children)
  await making.close()
  const before = memoryInUse()
  const image = await openImage({ dir, clock: systemClock, cacheMb, durable: false })
  let most = 0
  const look = (what: string) => {
    const grown = memoryInUse() - before
    assert.ok(grown < cacheMb, `${what} holds on to ${grown.toFixed(1)} MiB, ${cacheMb} are allowed`)
    most = Math.max(most, grown)
  }
  askByPath(image.now(), width)
  askCrowd(image.now(), children, random)
  assert.equal(countBelow(image.now()), nodes)
  look('reading everything')
  tell(rounds * 0.7)
  await takeBranchAway(image)
  const { objects } = await image.pack({ before: image.head })
  assert.equal(objects, (nodes - 1) / width, 'the branch is packed away')
  look('packing')
  tell(rounds * 0.9)
  assert.deepEqual((await image.verify()).faults, [])
  look('verifying')
  assert.equal(countBelow(image.now()), nodes - (nodes - 1) / width)
  askCrowd(image.now(), children, random)
  await image.close()
  tell(rounds)
  return { objects: nodes + children, children, 'packed away': objects, 'MiB held at most': Math.ceil(most) }
}

/** Puts so many objects into the Tree `children` of one, `crowd` in the root. */
async function crowd(image: Image, children: number): Promise<void> {
  const by = { user: 'torture' }
  const { value: tree } = await image.transact(by, (transaction) => {
    const { ref } = transaction.createTree()
    transaction.root.set('crowd', transaction.create({ name: 'crowd', children: ref }).ref)
    return ref
  })
  for (let from = 0; from < children; from += PER_COMMIT) {
    await image.transact(by, (transaction) => {
      const all = transaction.tree(tree)
      for (let i = from; i < from + PER_COMMIT; i++)
        all.set(i, transaction.create({ i, name: `child ${i}` }).ref)
    })
  }
}

function askByPath(view: View, width: number): void {
  for (let i = 0; i < QUERIES; i++) {
    const path = pathOf(i, width)
    assert.equal(byPath(view, path), path.join('/'))
  }
}

function askCrowd(view: View, children: number, random: Random): void {
  const tree = view.tree(view.get((view.root.get('crowd') as Ref).oid).get('children') as TreeRef)
  assert.equal(tree.size, children)
  for (let asked = 0; asked < QUERIES; asked++) {
    const i = integer(random, 0, children - 1)
    assert.equal(view.get((tree.get(i) as Ref).oid).get('name'), `child ${i}`)
  }
  let next = 0
  for (const [key] of tree.entries()) assert.equal(key, next++)
  assert.equal(next, children)
}

/** How many nodes can be reached from the top. */
function countBelow(view: View): number {
  let count = 0
  const waiting = [(view.root.get('top') as Ref).oid]
  for (let oid = waiting.pop(); oid !== undefined; oid = waiting.pop()) {
    count++
    const children = view.get(oid).get('children') as Readonly<Record<string, Ref>> | undefined
    for (const ref of Object.values(children ?? {})) waiting.push(ref.oid)
  }
  return count
}

/** Unlinks the first child of the top, with all that is below it. */
async function takeBranchAway(image: Image): Promise<void> {
  await image.transact({ user: 'torture' }, (transaction) => {
    const top = transaction.get((transaction.root.get('top') as Ref).oid)
    const { n0: _, ...rest } = top.get('children') as Readonly<Record<string, Ref>>
    top.set('children', rest)
  })
}
