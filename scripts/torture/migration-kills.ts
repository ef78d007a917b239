// kill -9 while an image of an older format is brought to the present one, up to three times on the same image; then it is
// opened in peace, and must be whole and hold everything it held before.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { turnToFormat1 } from '../../test/image/format-1.ts'
import { chance, integer } from '../seed/random.ts'
import { checkImage } from './check.ts'
import { Writer } from './child.ts'
import { fillImage } from './fill.ts'
import { LANES } from './kills.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'
import type { Work } from './writer.ts'

const STEPS = 60

export const killsAtMigration: Trial = {
  name: 'kill-migration',
  title: 'kill -9 at random moments of a change of the format',
  rounds: { long: 200, short: 3 },
  run: kills,
}

async function kills({ folder, seed, random, rounds, tell }: TrialOptions): Promise<Counts> {
  const old: Work = { dir: join(folder, 'old'), seed, lanes: LANES, files: false, steps: 0 }
  await fillImage(old, STEPS)
  await turnToFormat1(old.dir)
  const work = { ...old, dir: join(folder, 'work') }
  let [images, inMigration] = [0, 0]
  for (let round = 0; round < rounds; ) {
    cpSync(old.dir, work.dir, { recursive: true })
    for (let times = integer(random, 1, 3); times > 0 && round < rounds; times--) {
      const writer = new Writer()
      await writer.work(work, integer(random, 0, 8))
      await setTimeout(chance(random, 0.5) ? 0 : integer(random, 0, 20))
      writer.kill()
      await writer.ended()
      if (writer.heard.said.at(-1) === 'migrating') inMigration++
      tell(++round)
    }
    images++
    await checkImage(work, new Map(LANES.map((lane) => [lane, STEPS])), { random })
    rmSync(work.dir, { recursive: true })
  }
  return { kills: rounds, 'amid the records': inMigration, images }
}
