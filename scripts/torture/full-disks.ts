// What the trials of a full disk have in common: round after round a small disk, with an image on it whose one lane is worked
// on; in every second round with blobs too. What is done to it is the trial's own; then the image must be whole.
import { systemClock } from '../../src/base/clock.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import { checkImage, checkOpen } from './check.ts'
import { makeLanes } from './lane.ts'
import { inSmallPlace, type SmallPlace } from './small-place.ts'
import type { Counts, TrialOptions } from './trial.ts'
import type { Work } from './writer.ts'

export const LANE = 'one'
/** How often the disk of a round is full. */
export const TIMES = 3

/** An image on a small disk. */
export interface Scene {
  readonly place: SmallPlace
  readonly image: Image
  readonly work: Work
  /** How many steps of the lane are acknowledged. */
  count: number
  /** Looks at what is acknowledged, now and at earlier moments. */
  check(): Promise<unknown>
}

/** Has `harm` done to an image of each round; answers the sums of what it counted. */
export async function onFullDisks(
  { folder, seed, random, rounds, tell }: TrialOptions,
  kind: Pick<Work, 'pack'>,
  harm: (scene: Scene) => Promise<Counts>,
): Promise<Counts> {
  const sums: Record<string, number> = { 'full disks': rounds }
  for (let round = 0; round < rounds; round++) {
    const counts = await inSmallPlace({ folder }, async (place) => {
      const files = round % 2 === 1
      const work = { dir: place.dir, seed: seed + round, lanes: [LANE], files, ...kind }
      const image = await openImage({ dir: work.dir, clock: systemClock })
      const done = () => new Map([[LANE, scene.count]])
      const check = () => checkOpen(image, work, done(), { random, past: 2 })
      const scene: Scene = { place, image, work, count: 0, check }
      let counts: Counts
      try {
        await image.transact({ user: LANE }, (transaction) => makeLanes(transaction, [LANE]))
        counts = await harm(scene)
      } finally {
        await image.close()
      }
      await checkImage(work, done(), { random, past: 5 })
      return counts
    })
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
    tell(round + 1)
  }
  return sums
}
