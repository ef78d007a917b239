// A test on a disk that is soon full, where mounting one is permitted; elsewhere the test is skipped, and says why.
import type { TestContext } from 'node:test'
import { inSmallPlace, type SmallPlace, smallPlaceMissing } from '../../scripts/torture/small-place.ts'
import { freshFolder } from './fresh-image.ts'

/** Runs `work` with an empty disk of so many MiB. */
export async function onSmallDisk(
  t: TestContext,
  mib: number,
  work: (place: SmallPlace) => Promise<void>,
): Promise<void> {
  const missing = smallPlaceMissing()
  if (missing) t.skip(missing)
  else await inSmallPlace({ folder: await freshFolder(t), mib }, work)
}
