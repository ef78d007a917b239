// Packing: forgets the past before a moment, and whatever nothing can reach any more. What stays is all that the image can
// show at that moment or later, all that was written since, and the newest few revisions of each object if so wished.
//
//   mark     finds what can be reached (pack-mark.ts); nothing is changed; cut short, nothing has happened
//   move     the horizon, in one write: the past before it and the objects out of reach are gone for everybody (horizon.ts)
//   sweep    removes their records (pack-sweep.ts), then the files of blobs without a record
//   settle   the horizon has nothing condemned behind it any more
//
// The moment is never younger than what an open transaction sees. Everything is done in short turns between which others
// read and commit; commits tell of what they refer to, and one that brings back what is condemned is refused. Cut short
// after the move, the image is sound, and the next pack does what is left.
//
// A record that is damaged may refer to anything. While one that has to stay is, nothing is condemned and no shared value and no blob goes:
// only old revisions do. The report names it.
import { setImmediate } from 'node:timers/promises'
import { numberOf, type Tid, tidOf } from '../base/ids.ts'
import type { Progress } from '../base/progress.ts'
import type { Blobs } from './blob.ts'
import type { Horizon } from './horizon.ts'
import { NumberSet } from './number-set.ts'
import { Mark } from './pack-mark.ts'
import { type Removed, Sweep, type SweepOptions } from './pack-sweep.ts'
import type { RetentionRule } from './retention.ts'
import type { Store } from './store.ts'
import { writeFailure } from './write-failure.ts'

export interface PackOptions {
  /** The oldest moment to be seen from now on: a transaction, or milliseconds since 1970-01-01 UTC. */
  readonly before: Tid | number
  /** At least so many of the newest revisions of each object stay; 1 unless said otherwise. */
  readonly keep?: number
  /** Only tells what would go. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /** Rows a turn, and so a write: the most a commit beside it has to wait for. */
  readonly rows?: number
}

export interface PackReport extends Readonly<Removed> {
  /** The oldest transaction whose state can be seen now, and its time in milliseconds since 1970-01-01 UTC. */
  readonly moment: Tid
  readonly time: number
  readonly dryRun: boolean
  /** Objects and Trees that can be reached. */
  readonly reached: number
  readonly seconds: number
  /** Records that could not be read, for the sake of which nothing out of reach was removed. */
  readonly damaged: readonly string[]
}

/** What a pack needs of its image. */
export interface Packed {
  readonly store: Store
  readonly dir: string
  readonly horizon: Horizon
  readonly blobs: Blobs
  /** The transactions that are open. */
  readonly open: ReadonlySet<object>
  /** Waits for the commits that are being written now. */
  settled(): Promise<void>
  /** The horizon has moved: what was read before may not be there any more. */
  readonly onMove: () => void
  readonly onGone: SweepOptions['onGone']
}

/** Where to pack to: the floor, which no open transaction is before, and when it was committed. */
export interface PackFloor {
  readonly moment: number
  readonly time: number
}

const ROWS_A_TURN = 500
const SWEPT = ['revisions', 'entries', 'transactions', 'values', 'blobs'] as const

export async function packImage(
  image: Packed,
  floor: PackFloor,
  { keep = 1, dryRun = false, rows = ROWS_A_TURN, signal, onProgress }: Omit<PackOptions, 'before'>,
): Promise<PackReport> {
  const { store, horizon } = image
  const start = performance.now()
  const rule: RetentionRule = { floor: floor.moment, keep }
  const mark = new Mark(store, rule, { rows })
  const turn = async (what: string, done: number, total: number) => {
    onProgress?.({ what, done, total })
    await setImmediate()
    signal?.throwIfAborted()
  }
  horizon.watch(mark)
  try {
    await image.settled() // what they refer to was not told
    for (const _ of mark.run()) await turn('objects looked at', mark.lookedAt, mark.count)
    // in the turn in which the mark ended: what it did not reach is out of reach
    const condemned = mark.isWhole ? mark.unreached : new NumberSet()
    if (!dryRun) {
      writeOr(image.dir, () => horizon.move(store, { ...floor, condemned }, image.open))
      image.onMove()
    }
    await image.settled() // they were checked against what was there before
    const records = SWEPT.reduce((sum, table) => sum + store.sizeOf(table).records, 0)
    let swept = 0
    const tell = (done: number) => {
      swept += done
      return turn('records swept', swept, records)
    }
    const sweep = new Sweep({
      store,
      rule,
      isCondemned: (oid) => horizon.isCondemned(oid) || condemned.has(numberOf(oid)),
      untouched: mark.damaged,
      referred: mark.isWhole ? mark : undefined,
      onGone: image.onGone,
      dryRun,
      rows,
      turn: tell,
      write: (fill) => writeOr(image.dir, () => store.write(fill)),
    })
    await sweep.run()
    if (!dryRun) {
      await removeFiles(image.blobs, () => tell(0))
      writeOr(image.dir, () => horizon.settle(store))
    }
    return {
      moment: tidOf(floor.moment),
      time: floor.time,
      dryRun,
      reached: mark.lookedAt,
      ...sweep.removed,
      seconds: (performance.now() - start) / 1000,
      damaged: [...mark.damaged.values()],
    }
  } finally {
    horizon.watch(undefined)
  }
}

/** Throws E_DISK_FULL, E_IMAGE_WRITE. */
function writeOr<T>(dir: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    throw writeFailure(error, dir)
  }
}

/** Removes the files of blobs that no record names and no commit under way may, those that a kill left among them. */
async function removeFiles(blobs: Blobs, turn: () => Promise<void>): Promise<void> {
  for await (const { sha256 } of blobs.files()) {
    if (sha256 === undefined || blobs.isWanted(sha256)) continue
    await blobs.drop(sha256)
    await turn()
  }
}
