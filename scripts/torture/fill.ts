// An image with some history, made in this process and closed: what harm is then done to.
import { systemClock } from '../../src/base/clock.ts'
import { openImage } from '../../src/image/open.ts'
import { applyChanges, changesOf, makeLanes } from './lane.ts'
import type { Work } from './writer.ts'

/** Makes the image of `work`, with `steps` transactions of each lane. */
export async function fillImage({ dir, seed, lanes, files }: Work, steps: number): Promise<void> {
  const image = await openImage({ dir, clock: systemClock, durable: false })
  await image.transact({ user: 'torture' }, (transaction) => makeLanes(transaction, lanes))
  for (let step = 1; step <= steps; step++) {
    for (const lane of lanes) {
      await image.transact({ user: lane }, (transaction) =>
        applyChanges(transaction, lane, changesOf(seed, lane, step, files)),
      )
    }
  }
  await image.close()
}
