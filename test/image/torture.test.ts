// The short form of `npm run torture`: a little of every harm, with a seed that stays.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { makeRandom } from '../../scripts/seed/random.ts'
import { trials } from '../../scripts/torture/trials.ts'
import { freshFolder } from './fresh-image.ts'

const SEED = 1

for (const { name, title, rounds, missing, run } of trials) {
  test(`keeps its promises under ${title}`, async (t) => {
    const reason = missing?.()
    if (reason !== undefined) return t.skip(reason)
    const folder = join(await freshFolder(t), name)
    mkdirSync(folder)
    await run({ folder, seed: SEED, random: makeRandom(SEED), rounds: rounds.short, tell: () => undefined })
  })
}
