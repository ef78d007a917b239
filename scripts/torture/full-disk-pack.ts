// A full disk, or one that is soon full, and a pack: removing records takes room too, since LMDB writes anew what it changes.
// The pack is refused with E_DISK_FULL, at once or amid it, or finds the room it needs; then everything acknowledged must be
// readable as far back as it goes, commits must go on once there is room, and the next pack must do what was left.
import { numberOf, tidOf } from '../../src/base/ids.ts'
import { integer, type Random } from '../seed/random.ts'
import { LANE, onFullDisks, type Scene, TIMES } from './full-disks.ts'
import { applyChanges, changesOf } from './lane.ts'
import { isRefused, smallPlaceMissing } from './small-place.ts'
import type { Counts, Trial } from './trial.ts'

export const fullDiskAtPack: Trial = {
  name: 'disk-pack',
  title: 'a full disk at random moments of packs',
  rounds: { long: 100, short: 2 },
  missing: smallPlaceMissing,
  run: (options) => onFullDisks(options, { pack: true }, (scene) => fill(scene, options.random)),
}

async function fill(scene: Scene, random: Random): Promise<Counts> {
  const { place, image, work, check } = scene
  const pack = () => {
    const before = tidOf(Math.max(0, numberOf(image.head) - integer(random, 0, 5)))
    return image.pack({ before, rows: integer(random, 1, 40) })
  }
  let refused = 0
  for (let times = 0; times < TIMES; times++) {
    for (let steps = integer(random, 5, 20); steps > 0; steps--) {
      const changes = changesOf(work.seed, LANE, ++scene.count, work.files)
      await image.transact({ user: LANE }, (transaction) => applyChanges(transaction, LANE, changes))
    }
    place.leave((2 << 20) + integer(random, -40, 120) * 4096)
    if (await isRefused(pack)) refused++
    await check()
    place.makeRoom()
    await pack()
    await check()
  }
  return { 'packs on them': TIMES, 'refused packs': refused }
}
