// The place of an image is its folder. An image that is restored or loaded is made beside, and comes to its place when it is
// whole; one that was there is kept, under a dated name. A folder cannot be exchanged for another in one step, so:
//
//   1. what was made becomes DIR.coming: from now on it is known to be whole
//   2. DIR, if there is anything in it, becomes DIR.DATE
//   3. DIR.coming becomes DIR
//
// Should this be cut short, whoever looks for the image next finds out: with an image in DIR nothing has happened, and
// DIR.coming is cleared away; with none, the third step is done. All along, the lock in DIR is held by who moves.
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { syncFolder } from './blob-file.ts'
import { datedName } from './dated-name.ts'
import { takeLock } from './lock.ts'

export interface PlaceOptions {
  readonly clock: Clock
  /** An image that is there is moved aside. */
  readonly force: boolean
  /** The command that asks for it: what to type to have it so. */
  readonly command: string
}

/** A place that is kept for an image that is being made. */
export class Place {
  readonly #dir: string
  readonly #clock: Clock
  readonly #isNew: boolean
  readonly #unlock: () => void | Promise<void>

  private constructor(dir: string, clock: Clock) {
    this.#dir = dir
    this.#clock = clock
    this.#isNew = !isTaken(dir)
    this.#unlock = takeLock(join(dir, 'lock'), dir)
  }

  /** Throws E_IMAGE_EXISTS, E_IMAGE_LOCKED. */
  static async reserve(dir: string, { clock, force, command }: PlaceOptions): Promise<Place> {
    await finishMove(dir)
    if (isTaken(dir) && !force) throw new BatError('E_IMAGE_EXISTS', { dir, command })
    await mkdir(dir, { recursive: true })
    return new Place(dir, clock)
  }

  /** Puts the image in the folder `made` there; answers where the one is now that was there, or null. */
  async take(made: string): Promise<string | null> {
    const [dir, coming] = [this.#dir, comingOf(this.#dir)]
    await rm(coming, { recursive: true, force: true })
    await rename(made, coming)
    const kept = this.#isNew ? null : datedName(dir, this.#clock)
    if (kept === null) await rm(dir, { recursive: true })
    else await rename(dir, kept)
    // whoever looked for an image meanwhile has found this one, and moved it
    await unlessGone(rename(coming, dir))
    if (kept !== null) await rm(join(kept, 'lock'), { force: true })
    await syncFolder(dirname(dir))
    return kept
  }

  async release(): Promise<void> {
    await this.#unlock()
    if (!isTaken(this.#dir)) await unlessGone(rmdir(this.#dir))
  }
}

/** Whether there is an image in `dir`, once a move that was cut short is finished. */
export async function hasImage(dir: string): Promise<boolean> {
  await finishMove(dir)
  return existsSync(join(dir, 'data.mdb'))
}

/** Does the last step of a move that was cut short before it. */
export async function finishMove(dir: string): Promise<void> {
  const coming = comingOf(dir)
  if (isTaken(dir) || !existsSync(coming)) return
  if (existsSync(dir) && !(await isRemoved(dir))) return
  await unlessGone(rename(coming, dir))
  await syncFolder(dirname(dir))
}

/** Clears away what a move has left that was cut short before it changed anything; the caller holds the lock of `dir`. */
export const dropMove = (dir: string): Promise<void> => rm(comingOf(dir), { recursive: true, force: true })

const comingOf = (dir: string): string => join(dirname(dir), `${basename(dir)}.coming`)

/** Whether there is more than locks in the folder. */
const isTaken = (dir: string): boolean =>
  existsSync(dir) && readdirSync(dir).some((name) => !name.startsWith('lock'))

/** Removes a folder in which there is nothing; answers whether it could, for nobody works there. */
async function isRemoved(dir: string): Promise<boolean> {
  try {
    takeLock(join(dir, 'lock'), dir)
  } catch (error) {
    if (error instanceof BatError && error.code === 'E_IMAGE_LOCKED') return false
    throw error
  }
  await rm(dir, { recursive: true, force: true })
  return true
}

async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
