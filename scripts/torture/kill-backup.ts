// kill -9 during backups: a process that changes its image and backs it up, again and again into the same folder, is killed at
// a random moment. What the folder holds then must be a whole backup, as new at least as the last that was acknowledged, or,
// before the first, none; what is restored from it must be sound.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { readManifest } from '../../src/image/backup/manifest.ts'
import { openImage } from '../../src/image/open.ts'
import { restore } from '../../src/image/restore.ts'
import { integer, type Random } from '../seed/random.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'

const KILLS_AN_IMAGE = 20

export const killsAtBackup: Trial = {
  name: 'kill-backup',
  title: 'kill -9 at random moments of backups',
  rounds: { long: 200, short: 4 },
  run,
}

async function run({ folder, random, rounds, tell }: TrialOptions): Promise<Counts> {
  let [backups, none] = [0, 0]
  const [dir, to, made] = ['image', 'backup', 'made'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  let before: string | undefined
  for (let round = 0; round < rounds; round++) {
    if (round % KILLS_AN_IMAGE === 0) {
      for (const each of [dir, to]) await rm(each, { recursive: true, force: true })
      before = undefined
    }
    const acknowledged = await backUpAndDie([dir, to], random)
    backups += acknowledged
    const manifest = await readManifest(to)
    assert.ok(manifest || (acknowledged === 0 && before === undefined), 'an acknowledged backup is not there')
    if (!manifest) none++
    else {
      await restore(to, made, { clock: systemClock })
      const image = await openImage({ dir: made, clock: systemClock })
      assert.equal(image.head, manifest.head)
      const { faults } = await image.verify()
      await image.close()
      assert.deepEqual(
        faults.filter(({ harmless }) => !harmless),
        [],
      )
      await rm(made, { recursive: true })
    }
    before = manifest?.head
    tell(round + 1)
  }
  return { kills: rounds, 'backups acknowledged': backups, 'killed before the first': none }
}

/** Answers how many backups were acknowledged. */
async function backUpAndDie(args: readonly string[], random: Random): Promise<number> {
  const program = siblingModule(import.meta.url, '../../test/image/backup-loop').pathname
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const wanted = integer(random, 0, 4)
  let heard = 0
  const kill = async () => {
    await setTimeout(wanted === 0 ? integer(random, 100, 600) : random() * 60)
    child.kill('SIGKILL')
  }
  let killing = wanted === 0 ? kill() : undefined
  for await (const _ of createInterface({ input: child.stdout })) if (++heard === wanted) killing ??= kill()
  await ended
  await killing
  return heard
}
