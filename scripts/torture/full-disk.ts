// A full disk, a real one: an image on a small tmpfs beside a ballast that leaves less and less room. Commits and blob
// imports go on until one is refused with E_DISK_FULL; then everything acknowledged must be readable, and once the ballast
// is gone the refused transaction itself must be committed and the image must be whole.
import assert from 'node:assert/strict'
import { systemClock } from '../../src/base/clock.ts'
import { type Image, openImage } from '../../src/image/image.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import { chance, integer, type Random } from '../seed/random.ts'
import { checkImage, checkOpen } from './check.ts'
import { applyChanges, changesOf, makeLanes } from './lane.ts'
import { inSmallPlace, isRefused, type SmallPlace, smallPlaceMissing } from './small-place.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'
import type { Work } from './writer.ts'

const LANE = 'one'

export const fullDisk: Trial = {
  name: 'disk',
  title: 'a full disk at random moments of commits and blob imports',
  rounds: { long: 200, short: 2 },
  missing: smallPlaceMissing,
  run: fill,
}

async function fill({ folder, seed, random, rounds, tell }: TrialOptions): Promise<Counts> {
  let [refused, transactions] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const done = await inSmallPlace({ folder }, (place) => {
      const work = { dir: place.dir, seed: seed + round, lanes: [LANE], files: round % 2 === 1 }
      return fillOne(place, work, random)
    })
    refused += done.refused
    transactions += done.transactions
    tell(round + 1)
  }
  return { 'full disks': rounds, 'refused commits and imports': refused, transactions }
}

async function fillOne(place: SmallPlace, work: Work, random: Random) {
  const image = await openImage({ dir: work.dir, clock: systemClock })
  let [refused, count] = [0, 0]
  try {
    await image.transact({ user: LANE }, (transaction) => makeLanes(transaction, [LANE]))
    for (let times = 0; times < 3; times++) {
      const until = count + integer(random, 0, 15)
      while (count < until) await step(image, work, ++count)
      place.leave(integer(random, 0, 40) * 4096)
      // every step needs room, since history is kept
      let full: Refused | undefined
      while (!full) full = await step(image, work, ++count)
      refused++
      await checkOpen(image, work, new Map([[LANE, count - 1]]), { random, past: 2 })
      const { transaction, atCommit } = full
      const foundRoom = atCommit && !(await isRefused(() => transaction.commit()))
      place.makeRoom()
      if (atCommit && !foundRoom && chance(random, 0.5)) await transaction.commit()
      else if (!foundRoom) {
        transaction.abort()
        assert.equal(await step(image, work, count), undefined)
      }
      await checkOpen(image, work, new Map([[LANE, count]]), { random, past: 2 })
    }
  } finally {
    await image.close()
  }
  await checkImage(work, new Map([[LANE, count]]), { random, past: 5 })
  return { refused, transactions: count }
}

interface Refused {
  readonly transaction: Transaction
  /** Whether all was done but the commit. */
  readonly atCommit: boolean
}

/** Does one step of the lane; answers how it was refused, where the disk was full. */
async function step(image: Image, { seed, files }: Work, count: number): Promise<Refused | undefined> {
  const transaction = image.begin({ user: LANE })
  const apply = () => applyChanges(transaction, LANE, changesOf(seed, LANE, count, files))
  if (await isRefused(apply)) return { transaction, atCommit: false }
  return (await isRefused(() => transaction.commit())) ? { transaction, atCommit: true } : undefined
}
