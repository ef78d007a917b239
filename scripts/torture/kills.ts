// kill -9: a writer is killed at a random moment, its image looked at, and another writer goes on with it; every so often a
// new image is begun. The moment is random twice over: after a random number of lines that the writer said, and a random
// part of a commit's time later; now and then it is killed while it opens the image, which is when it clears up after the
// one before.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { chance, integer, type Random } from '../seed/random.ts'
import { checkImage } from './check.ts'
import { Writer } from './child.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'
import type { Work } from './writer.ts'

export const LANES = ['one', 'two', 'three']
const KILLS_AN_IMAGE = 25

export const killsAtCommit: Trial = {
  name: 'kill-commit',
  title: 'kill -9 at random moments of commits',
  rounds: { long: 500, short: 4 },
  run: (options) => kills(options, { files: false }),
}

export const killsAtImport: Trial = {
  name: 'kill-import',
  title: 'kill -9 at random moments of blob imports',
  rounds: { long: 300, short: 3 },
  run: (options) => kills(options, { files: true }),
}

export const killsAtPack: Trial = {
  name: 'kill-pack',
  title: 'kill -9 at random moments of packs beside commits and imports',
  rounds: { long: 300, short: 3 },
  run: (options) => kills(options, { files: true, pack: true }),
}

async function kills(
  { folder, seed, random, rounds, tell }: TrialOptions,
  kind: Pick<Work, 'files' | 'pack'>,
): Promise<Counts> {
  let [transactions, ahead] = [0, 0]
  let work: Work = { dir: '', seed, lanes: LANES, ...kind }
  let known: ReadonlyMap<string, number> = new Map()
  let next = new Writer()
  try {
    for (let round = 0; round < rounds; round++) {
      if (round % KILLS_AN_IMAGE === 0) {
        if (round > 0) await rm(work.dir, { recursive: true })
        work = { ...work, dir: join(folder, `${round}`), seed: seed + round }
        known = new Map()
      }
      const writer = next
      next = new Writer()
      await workAndDie(writer, work, random)
      const checked = await checkImage(work, new Map([...known, ...writer.heard.acknowledged]), { random })
      transactions += sum(checked.counts) - sum(known)
      ahead += checked.ahead
      // what was committed but not acknowledged in time counts from now on: it must not go away again
      known = checked.counts
      tell(round + 1)
    }
  } finally {
    next.kill()
  }
  return { kills: rounds, transactions, 'committed but not yet acknowledged': ahead }
}

async function workAndDie(writer: Writer, work: Work, random: Random): Promise<void> {
  const whileOpening = chance(random, 0.1)
  await writer.work(work, whileOpening ? 0 : integer(random, 1, 30))
  await setTimeout(whileOpening ? integer(random, 0, 60) : random() * 8)
  writer.kill()
  await writer.ended()
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0)
