// The process under torture. It waits for one line on standard input, a Work, opens the image there, and works on every
// lane at once until it is killed, or has done `steps` transactions a lane. On standard output, each line written before
// anything else is done:
//
//   migrating             some records were brought to the present format
//   packed                a pack came to its end
//   open                  the image is open
//   lane count            that transaction of that lane was acknowledged
//   failed code           a commit was refused; it is tried again
//
// Now and then a transaction is first done in vain and aborted, so that there is something to be cleared away.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { BatError } from '../../src/base/errors.ts'
import { numberOf, tidOf } from '../../src/base/ids.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import { applyChanges, changesOf, countOf, makeLanes } from './lane.ts'

export interface Work {
  readonly dir: string
  readonly seed: number
  readonly lanes: readonly string[]
  /** Whether transactions bring in blobs. */
  readonly files: boolean
  /** Whether the past is packed all the while. */
  readonly pack?: boolean
  /** How many transactions to do in each lane; without it, until killed. */
  readonly steps?: number
}

const say = (line: string): void => void writeSync(1, `${line}\n`)

async function walk(image: Image, lane: string, { seed, files, steps = Number.POSITIVE_INFINITY }: Work) {
  let count = countOf(image.at(image.head), lane)
  for (let left = steps; left > 0; left--) {
    const changes = changesOf(seed, lane, count + 1, files)
    if (count % 7 === 3) {
      const vain = image.begin({ user: lane })
      await applyChanges(vain, lane, changes)
      vain.abort()
    }
    await transacted(image, (transaction) => applyChanges(transaction, lane, changes), lane)
    say(`${lane} ${++count}`)
  }
}

async function transacted(image: Image, work: Parameters<Image['transact']>[1], user: string): Promise<void> {
  for (;;) {
    try {
      await image.transact({ user }, work)
      return
    } catch (error) {
      if (!(error instanceof BatError)) throw error
      say(`failed ${error.code}`)
      await setImmediate()
    }
  }
}

/** Packs to a moment not long ago, again and again; `isOver` says when to stop. */
async function packOn(image: Image, isOver: () => boolean): Promise<void> {
  for (let ago = 0; !isOver(); ago = (ago + 7) % 30) {
    const before = tidOf(Math.max(0, numberOf(image.head) - ago))
    await image.pack({ before, rows: 20 })
    say('packed')
    await setImmediate()
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const work = JSON.parse(line) as Work
  const image = await openImage({ dir: work.dir, clock: systemClock, onMigration: () => say('migrating') })
  say('open')
  await transacted(image, (transaction) => makeLanes(transaction, work.lanes), 'writer')
  const walks = Promise.all(work.lanes.map((lane) => walk(image, lane, work)))
  let isOver = false
  walks.finally(() => (isOver = true))
  await Promise.all([walks, work.pack ? packOn(image, () => isOver) : undefined])
  await image.close()
  break
}
