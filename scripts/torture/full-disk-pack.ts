// A full disk, or one that is soon full, and a pack: removing records takes room too, since LMDB writes anew what it changes.
// The pack is refused with E_DISK_FULL, at once or amid it, or finds the room it needs; then everything acknowledged must be
// readable as far back as it goes, commits must go on once there is room, and the next pack must do what was left.
import { systemClock } from '../../src/base/clock.ts'
import { numberOf, tidOf } from '../../src/base/ids.ts'
import { openImage } from '../../src/image/image.ts'
import { integer, type Random } from '../seed/random.ts'
import { checkImage, checkOpen } from './check.ts'
import { applyChanges, changesOf, makeLanes } from './lane.ts'
import { inSmallPlace, isRefused, type SmallPlace, smallPlaceMissing } from './small-place.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'
import type { Work } from './writer.ts'

const LANE = 'one'

export const fullDiskAtPack: Trial = {
  name: 'disk-pack',
  title: 'a full disk at random moments of packs',
  rounds: { long: 100, short: 2 },
  missing: smallPlaceMissing,
  run: fill,
}

async function fill({ folder, seed, random, rounds, tell }: TrialOptions): Promise<Counts> {
  let [packs, refused] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const done = await inSmallPlace({ folder }, (place) => {
      const files = round % 2 === 1
      const work = { dir: place.dir, seed: seed + round, lanes: [LANE], files, pack: true }
      return fillOne(place, work, random)
    })
    packs += done.packs
    refused += done.refused
    tell(round + 1)
  }
  return { 'full disks': rounds, 'packs on them': packs, 'refused packs': refused }
}

async function fillOne(place: SmallPlace, work: Work, random: Random) {
  const image = await openImage({ dir: work.dir, clock: systemClock })
  const by = { user: LANE }
  let [count, packs, refused] = [0, 0, 0]
  const pack = () => {
    const before = tidOf(Math.max(0, numberOf(image.head) - integer(random, 0, 5)))
    return image.pack({ before, rows: integer(random, 1, 40) })
  }
  const check = () => checkOpen(image, work, new Map([[LANE, count]]), { random, past: 2 })
  try {
    await image.transact(by, (transaction) => makeLanes(transaction, [LANE]))
    for (let times = 0; times < 3; times++) {
      for (let steps = integer(random, 5, 20); steps > 0; steps--) {
        const changes = changesOf(work.seed, LANE, ++count, work.files)
        await image.transact(by, (transaction) => applyChanges(transaction, LANE, changes))
      }
      place.leave((2 << 20) + integer(random, -40, 120) * 4096)
      packs++
      if (await isRefused(pack)) refused++
      await check()
      place.makeRoom()
      await pack()
      await check()
    }
  } finally {
    await image.close()
  }
  await checkImage(work, new Map([[LANE, count]]), { random, past: 5 })
  return { packs, refused }
}
