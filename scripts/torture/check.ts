// What must be true of an image whatever was done to the process that wrote it: every acknowledged transaction is there,
// nothing is there by halves, every earlier moment is as it was, verify finds no fault, and no file is left that nothing
// names. Throws an AssertionError that says what is broken.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { BatError } from '../../src/base/errors.ts'
import { numberOf, type Tid, tidOf } from '../../src/base/ids.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import type { View } from '../../src/image/view.ts'
import { integer, type Random } from '../seed/random.ts'
import { afterChanges, changesOf, checkLane, countOf, EMPTY, type LaneState } from './lane.ts'
import type { Work } from './writer.ts'

export interface Checked {
  /** How many transactions of each lane the image has. */
  readonly counts: ReadonlyMap<string, number>
  /** Of these, how many were not acknowledged before the end came. */
  readonly ahead: number
  /** SHA-256 of all blobs that these have brought in. */
  readonly named: ReadonlySet<string>
}

/** `acknowledged`: the last count that was acknowledged for each lane. `past`: how many earlier moments to look at. */
export async function checkImage(
  work: Work,
  acknowledged: ReadonlyMap<string, number>,
  { random, past = 3 }: { readonly random: Random; readonly past?: number },
): Promise<Checked> {
  const image = await openImage({ dir: work.dir, clock: systemClock, cacheObjects: 50 })
  try {
    const checked = await checkOpen(image, work, acknowledged, { random, past })
    checkFiles(work.dir, checked.named)
    return checked
  } finally {
    await image.close()
  }
}

/** The same of an image that is open. */
export async function checkOpen(
  image: Image,
  work: Work,
  acknowledged: ReadonlyMap<string, number>,
  { random, past }: { readonly random: Random; readonly past: number },
): Promise<Checked> {
  const now = image.at(image.head)
  const named = new Set<string>()
  const counts = new Map<string, number>()
  let ahead = 0
  const states = new Map<string, LaneState[]>()
  for (const lane of work.lanes) {
    const known = acknowledged.get(lane) ?? 0
    const count = now.root.has(lane) ? countOf(now, lane) : 0
    assert.ok(count >= known, `${lane} ${known} was acknowledged, the image has ${count}`)
    assert.ok(
      count <= known + 1,
      `${lane} ${known} was the last that was acknowledged, the image has ${count}`,
    )
    const run = [EMPTY]
    for (let step = 1; step <= count; step++) {
      run.push(afterChanges(run.at(-1)!, changesOf(work.seed, lane, step, work.files)))
      for (const digest of run.at(-1)!.files.values()) named.add(digest)
    }
    if (now.root.has(lane)) checkLane(now, lane, run.at(-1)!, (ref) => image.blobPath(ref))
    states.set(lane, run)
    counts.set(lane, count)
    ahead += count - known
  }
  for (let i = 0; i < past; i++) {
    const then = momentOf(image, tidOf(integer(random, 0, numberOf(image.head))), work)
    for (const [lane, run] of states) {
      if (then?.root.has(lane)) checkLane(then, lane, run[countOf(then, lane)]!)
    }
  }
  const { faults } = await image.verify()
  // a pack that was cut short leaves behind what the next one removes
  const wrong = work.pack ? faults.filter(({ harmless }) => !harmless) : faults
  assert.deepEqual(wrong, [], 'verify finds faults')
  return { counts, ahead, named }
}

/** The image at a moment; undefined where that was packed. */
function momentOf(image: Image, tid: Tid, { pack = false }: Work): View | undefined {
  try {
    return image.at(tid)
  } catch (error) {
    if (pack && error instanceof BatError && error.code === 'E_PACKED') return undefined
    throw error
  }
}

/** In the folder of blobs there is nothing but what some committed transaction has brought in. */
function checkFiles(dir: string, named: ReadonlySet<string>): void {
  const folder = join(dir, 'blobs')
  if (!existsSync(folder)) return
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const orphans = files
    .filter(({ name }) => !named.has(name))
    .map(({ parentPath, name }) => join(parentPath, name))
  assert.deepEqual(orphans, [], 'files that nothing names')
}
