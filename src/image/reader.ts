// The image as a worker thread of the same process reads it: one object at one moment, and nothing else. It shares the
// environment of the thread that writes. A read that asks for a moment newer than any before first lets go of what the
// thread had mapped, so that what was committed a moment ago is seen.
import { numberOf, type Oid, type Tid } from '../base/ids.ts'
import type { ObjectState } from './object-state.ts'
import { Revisions } from './revisions.ts'
import { Store } from './store.ts'

export { decodeSlots, encodeSlots } from './codec.ts'

export interface ImageReader {
  /** The object `oid` as of the transaction `at`; undefined where it was not there. Throws E_RECORD_DAMAGED. */
  read(oid: Oid, at: Tid): ObjectState | undefined
  close(): Promise<void>
}

const CACHE_BYTES = 16 * 2 ** 20

/** Reads the image in `dir`, which this process has open. */
export function openReader(dir: string): ImageReader {
  const store = Store.open(dir)
  const revisions = new Revisions(store, { bytes: CACHE_BYTES, sole: false })
  let newest = -1
  return {
    read: (oid, at) => {
      const moment = numberOf(at)
      if (moment > newest) {
        newest = moment
        store.refresh()
      }
      const revision = revisions.at(oid, moment)
      return revision?.kind === 'object' ? { oid, slots: revision.slots } : undefined
    },
    close: () => store.close(),
  }
}
