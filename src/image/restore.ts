// Makes an image of a backup: the same id, the same history. It is built beside and moved to its place (place.ts); a backup
// that is not what its manifest says is refused, and nothing has happened. So it is where an image is already, unless that
// one is to be kept beside under a dated name.
import { mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import type { Tid } from '../base/ids.ts'
import { eachBlob, readRecords, type Watch } from './backup/check.ts'
import { type Manifest, readManifest } from './backup/manifest.ts'
import { copyFailure } from './backup.ts'
import { syncFolder, writeBlobFile } from './blob-file.ts'
import { openImage } from './open.ts'
import { Place } from './place.ts'
import { Store } from './store.ts'
import type { Fault } from './verify.ts'

export interface RestoreOptions extends Watch {
  readonly clock: Clock
  /** An image that is there is moved aside. */
  readonly force?: boolean
}

export interface RestoreReport {
  readonly dir: string
  readonly from: string
  readonly image: string
  readonly head: Tid
  /** When the backup was made, ISO 8601. */
  readonly time: string
  readonly blobs: number
  /** Where the image is now that was there before. */
  readonly kept: string | null
  /** What was damaged when the backup was made, and still is. */
  readonly faults: readonly Fault[]
}

/**
 * Restores the backup in `from` as the image in `dir`. Throws E_NO_BACKUP, E_BACKUP_DAMAGED, E_IMAGE_EXISTS,
 * E_IMAGE_LOCKED, E_BACKUP_ROOM, E_IMAGE_WRITE, the reason of `signal`.
 */
export async function restore(from: string, dir: string, options: RestoreOptions): Promise<RestoreReport> {
  const manifest = await readManifest(from)
  if (!manifest) throw new BatError('E_NO_BACKUP', { dir: from })
  const { clock, force = false } = options
  const place = await Place.reserve(dir, { clock, force, command: `batos restore ${from}` }).catch(
    (error) => {
      throw copyFailure(error, dirname(dir), options.signal)
    },
  )
  const made = join(dirname(dir), `${basename(dir)}.restoring`)
  try {
    await rm(made, { recursive: true, force: true })
    const blobs = await build(from, made, { manifest, options })
    const faults = await remaining(made, options)
    const kept = await place.take(made)
    const time = new Date(manifest.time).toISOString()
    return { dir, from, image: manifest.image, head: manifest.head, time, blobs, kept, faults }
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    throw copyFailure(error, dirname(dir), options.signal)
  } finally {
    await place.release()
  }
}

interface Parts {
  readonly manifest: Manifest
  readonly options: RestoreOptions
}

/** Answers how many blobs there are. */
async function build(from: string, made: string, { manifest, options: watch }: Parts): Promise<number> {
  await mkdir(made)
  const store = Store.open(made)
  try {
    const blobs = await readRecords(from, manifest, watch, (rows) =>
      store.write(({ put }) => {
        for (const { table, key, record } of rows) put(table, key, record)
      }),
    )
    const folders = new Set<string>([made])
    await eachBlob(from, { manifest, blobs, watch }, async (place, { sha256, onBytes, size }) => {
      const folder = join(made, 'blobs', sha256.slice(0, 2))
      await mkdir(folder, { recursive: true })
      folders.add(join(made, 'blobs')).add(folder)
      const found = await writeBlobFile({ file: place }, join(folder, sha256), true)
      onBytes(size)
      return found
    })
    for (const folder of folders) await syncFolder(folder)
    return blobs.length
  } finally {
    await store.close()
  }
}

/** What is wrong in the new image. It is as it was backed up, to the byte, so that was wrong then already. */
async function remaining(made: string, { clock, signal, onProgress }: RestoreOptions): Promise<Fault[]> {
  const image = await openImage({ dir: made, clock })
  try {
    const report = onProgress ? { onProgress } : {}
    const { faults } = await image.verify({ deep: false, signal, ...report })
    return faults.filter(({ harmless }) => !harmless)
  } finally {
    await image.close()
  }
}
