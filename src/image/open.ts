// Opens the image in a folder, or makes one there:
//
//   data.mdb, lock.mdb   the records (store.ts), and LMDB's own table of readers
//   lock                 which process has the image open (lock.ts)
//   blobs/               bytes kept beside the records (blob.ts)
//
// The order matters: the lock is taken before anything is read, the records are brought to the present format before
// anybody sees them, and the names of files are durable before a commit may count on them. When a step fails, those before
// it are taken back in reverse.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { uuidV7 } from '../base/ids.ts'
import { Teardown } from '../base/teardown.ts'
import { Blobs } from './blob.ts'
import { syncFolder } from './blob-file.ts'
import type { Resolvers } from './conflict-resolvers.ts'
import { Entries } from './entries.ts'
import { headOf } from './head.ts'
import { Horizon } from './horizon.ts'
import { founded, type Identity, identityOf } from './identity.ts'
import { Image } from './image.ts'
import { blobKey } from './keyspace.ts'
import { takeLock } from './lock.ts'
import { checkMedium } from './medium.ts'
import { type MigrationProgress, migrateFormat } from './migration.ts'
import { dropMove, finishMove } from './place.ts'
import { Revisions } from './revisions.ts'
import { isSalvageable, salvagedHead, salvagedIdentity } from './salvage.ts'
import type { Shape } from './shapes.ts'
import { Store } from './store.ts'
import { problemOf } from './text/survey.ts'
import type { Source } from './view.ts'
import { fullDiskOr, writeFailure } from './write-failure.ts'

export interface ImageOptions {
  readonly dir: string
  readonly clock: Clock
  /** Whether an fsync stands behind each commit; true unless said otherwise. */
  readonly durable?: boolean
  /** How much memory what is kept decoded may take, in MiB; 128 unless said otherwise. */
  readonly cacheMb?: number
  /** How many objects are kept decoded at most; as many as there is room for unless said otherwise. */
  readonly cacheObjects?: number
  /** Conflict resolvers that objects may name, beside those built in. */
  readonly resolvers?: Resolvers
  /** What changed in the slots of objects since they were written; SHAPES unless said otherwise. */
  readonly shapes?: readonly Shape[]
  /** Opens it to be read even where its records about itself are damaged (salvage.ts). */
  readonly salvage?: boolean
  /** Is told while an image of an older format is brought to the present one. */
  readonly onMigration?: (progress: MigrationProgress) => void
}

const CACHE_MB = 128
/** Of the budget: as much as revisions take, what Views hold of them may take once more. */
const REVISIONS_SHARE = 5 / 16
const VALUES_SHARE = 3 / 16
const ENTRIES_SHARE = 3 / 16

/**
 * Opens the image in `dir`, or makes one there. Throws E_IMAGE_LOCKED with the pid of the process that has it open,
 * E_IMAGE_FOREIGN, E_IMAGE_VERSION, E_DISK_FULL, E_HOME when the folder cannot be written.
 */
export async function openImage(options: ImageOptions): Promise<Image> {
  const { clock, durable = true, resolvers, shapes } = options
  const dir = resolve(options.dir) // whatever the working folder is later
  const teardown = new Teardown()
  try {
    await finishMove(dir)
    prepareFolder(dir)
    teardown.add(takeLock(join(dir, 'lock'), dir))
    await dropMove(dir)
    checkMedium(join(dir, 'data.mdb'))
    const store = openStore(dir, durable)
    teardown.add(() => store.close())
    const damage: string[] = []
    const soundly = <T>(read: () => T, instead: () => T): T => {
      try {
        return read()
      } catch (error) {
        if (!options.salvage || !isSalvageable(error)) throw error
        damage.push(problemOf(error))
        return instead()
      }
    }
    const identity = soundly(() => identityOf(store, dir), salvagedIdentity) ?? newImage(store, dir, clock)
    if (damage.length === 0) await migrateFormat(store, identity, options.onMigration)
    const isNamed = (sha256: string) => store.get('blobs', blobKey(sha256)) !== undefined
    const blobs = new Blobs({ dir: join(dir, 'blobs'), isNamed, durable })
    teardown.add(() => blobs.settled())
    await blobs.open()
    // the names of the data file and of its folder: what is committed is nowhere when these are lost
    if (durable) for (const folder of [dir, dirname(dir)]) await syncFolder(folder)
    const head = soundly(
      () => headOf(store),
      () => salvagedHead(store),
    )
    const horizon = soundly(
      () => new Horizon().load(store),
      () => new Horizon(),
    )
    const source = sourceOf(store, horizon, options)
    const { id } = identity
    return new Image({
      id,
      dir,
      clock,
      store,
      blobs,
      teardown,
      head,
      horizon,
      source,
      resolvers,
      shapes,
      damage,
    })
  } catch (error) {
    await teardown.run()
    throw fullDiskOr(error, dir)
  }
}

function prepareFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true })
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BatError('E_HOME', { home: dir, reason }, { cause: error })
  }
}

function openStore(dir: string, durable: boolean): Store {
  try {
    return Store.open(dir, { durable })
  } catch (error) {
    const failure = writeFailure(error, dir)
    if (failure.code === 'E_DISK_FULL') throw failure
    const found = error instanceof Error ? error.message : String(error)
    throw new BatError(
      'E_IMAGE_FOREIGN',
      { file: join(dir, 'data.mdb'), expected: 'an LMDB data file of this machine', found },
      { cause: error },
    )
  }
}

function newImage(store: Store, dir: string, clock: Clock): Identity {
  const time = clock.now()
  try {
    return founded(store, { id: uuidV7(time), time })
  } catch (error) {
    throw writeFailure(error, dir)
  }
}

/** What Views look at, with caches that share the budget of memory. */
function sourceOf(store: Store, horizon: Horizon, options: ImageOptions): Source {
  const { cacheMb = CACHE_MB, cacheObjects, shapes } = options
  const budget = cacheMb * 2 ** 20
  const revisions = new Revisions(store, {
    ...(cacheObjects !== undefined && { limit: cacheObjects }),
    bytes: budget * REVISIONS_SHARE,
    valueBytes: budget * VALUES_SHARE,
    sole: true,
    shapes,
    horizon,
  })
  const entries = new Entries(store, { bytes: budget * ENTRIES_SHARE, horizon })
  return { revisions, entries, volatile: new Map() }
}
