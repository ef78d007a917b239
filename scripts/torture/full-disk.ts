// A full disk, a real one: an image on a small tmpfs beside a ballast that leaves less and less room. Commits and blob
// imports go on until one is refused with E_DISK_FULL; then everything acknowledged must be readable, and once the ballast
// is gone the refused transaction itself must be committed and the image must be whole.
import assert from 'node:assert/strict'
import type { Transaction } from '../../src/image/transaction.ts'
import { chance, integer, type Random } from '../seed/random.ts'
import { LANE, onFullDisks, type Scene, TIMES } from './full-disks.ts'
import { applyChanges, changesOf } from './lane.ts'
import { isRefused, smallPlaceMissing } from './small-place.ts'
import type { Counts, Trial } from './trial.ts'

export const fullDisk: Trial = {
  name: 'disk',
  title: 'a full disk at random moments of commits and blob imports',
  rounds: { long: 200, short: 2 },
  missing: smallPlaceMissing,
  run: (options) => onFullDisks(options, {}, (scene) => fill(scene, options.random)),
}

async function fill(scene: Scene, random: Random): Promise<Counts> {
  const { place, check } = scene
  for (let times = 0; times < TIMES; times++) {
    const until = scene.count + integer(random, 0, 15)
    while (scene.count < until) assert.equal(await step(scene), undefined)
    place.leave(integer(random, 0, 40) * 4096)
    // every step needs room, since history is kept
    let full: Refused | undefined
    while (!full) full = await step(scene)
    await check()
    const { transaction, atCommit } = full
    const foundRoom = atCommit && !(await isRefused(() => transaction.commit()))
    place.makeRoom()
    if (atCommit && (foundRoom || chance(random, 0.5))) {
      if (!foundRoom) await transaction.commit()
      scene.count++
    } else {
      transaction.abort()
      assert.equal(await step(scene), undefined)
    }
    await check()
  }
  return { 'refused commits and imports': TIMES, transactions: scene.count }
}

interface Refused {
  readonly transaction: Transaction
  /** Whether all was done but the commit. */
  readonly atCommit: boolean
}

/** Does the next step of the lane; answers how it was refused, where the disk was full. */
async function step(scene: Scene): Promise<Refused | undefined> {
  const { image, work } = scene
  const transaction = image.begin({ user: LANE })
  const changes = changesOf(work.seed, LANE, scene.count + 1, work.files)
  if (await isRefused(() => applyChanges(transaction, LANE, changes))) return { transaction, atCommit: false }
  if (await isRefused(() => transaction.commit())) return { transaction, atCommit: true }
  scene.count++
  return undefined
}
