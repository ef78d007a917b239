// Experts that the image had: one that was dropped, or whose name was given anew, is found by its digest for as long as the past
// is kept. Every change of an expert is a transaction of the kind `expert`, so only those are looked at, the newest first.
import { BatError } from '../src/base/errors.ts'
import { takeTurns } from '../src/base/turns.ts'
import type { BlobRef } from '../src/base/value.ts'
import type { Image } from '../src/image/image.ts'
import type { View } from '../src/image/view.ts'
import { expertsIn } from './experts.ts'

/** The file of an adapter that is an expert, or was one; undefined when no expert that is remembered had it. */
export async function adapterEver(image: Image, sha256: string): Promise<BlobRef | undefined> {
  const turn = takeTurns()
  const present = adapterIn(image.now(), sha256)
  if (present) return present
  for (const { tid, meta } of image.transactions({ reverse: true })) {
    await turn()
    if (meta.kind !== 'expert') continue
    try {
      const found = adapterIn(image.at(tid), sha256)
      if (found) return found
    } catch (thrown) {
      if (thrown instanceof BatError && thrown.code === 'E_PACKED') return undefined
      throw thrown
    }
  }
  return undefined
}

const adapterIn = (view: View, sha256: string): BlobRef | undefined =>
  expertsIn(view).find(({ blob }) => blob.sha256 === sha256)?.blob
