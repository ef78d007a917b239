// What a folder holds that an image was backed up into:
//
//   manifest.json   says of which image, which moment, and what the rest must be; written last, beside and renamed: what it
//                   does not speak of is no backup, and a backup that was cut short leaves the one before it whole
//   records-N       every record of the image up to tx:N (record-file.ts)
//   blobs/ab/…      the blobs that they name, as in the image; what is there already stays, so that the next backup into
//                   the same folder only adds
//   tmp/            what is being written
//
// The manifest's `sum` is the SHA-256 of its other members as JSON, so that one that was touched is known.
import { createHash } from 'node:crypto'
import { readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { BatError } from '../../base/errors.ts'
import type { Tid } from '../../base/ids.ts'
import { writeBlobFile } from '../blob-file.ts'

const WHAT = 'BAT OS backup'
const FORMAT = 1
const count = z.number().int().nonnegative()
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const schema = z.strictObject({
  what: z.literal(WHAT),
  format: z.literal(FORMAT),
  /** The image's id. */
  image: z.string(),
  head: z.custom<Tid>((value) => typeof value === 'string' && /^tx:\d+$/.test(value)),
  /** When the backup was made, in milliseconds since 1970-01-01 UTC. */
  time: count,
  records: z.strictObject({
    file: z.string().regex(/^records-\d+(-\d+)?$/),
    bytes: count,
    sha256: digest,
    rows: z.record(z.string(), count),
  }),
  blobs: z.strictObject({ count, bytes: count }),
  /** What was damaged in the image already: kept as it was, a blob left out. */
  faults: z.array(z.strictObject({ where: z.string(), problem: z.string() })),
})

export type Manifest = Omit<z.infer<typeof schema>, 'what' | 'format'>

const FILE = 'manifest.json'

/** The manifest of a folder; undefined where it has none. Throws E_BACKUP_DAMAGED. */
export async function readManifest(dir: string): Promise<Manifest | undefined> {
  const place = join(dir, FILE)
  let text: string
  try {
    text = await readFile(place, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw new BatError('E_BACKUP_DAMAGED', { place, problem: (error as Error).message }, { cause: error })
  }
  let parsed: Record<string, unknown>
  try {
    parsed = JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new BatError('E_BACKUP_DAMAGED', { place, problem: 'it is no JSON' }, { cause: error })
  }
  const { sum, ...stored } = parsed
  if (sum !== sumOf(stored)) throw new BatError('E_BACKUP_DAMAGED', { place, problem: 'its sum is wrong' })
  const { success, data, error } = schema.safeParse(stored)
  if (success) return data
  const [issue] = error.issues
  const problem = `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not as expected'}`
  throw new BatError('E_BACKUP_DAMAGED', { place, problem })
}

/** Puts a manifest in its place; all that it speaks of must be on the disk. The folder is still to be synced. */
export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const stored = { what: WHAT, format: FORMAT, ...manifest }
  const text = `${JSON.stringify({ ...stored, sum: sumOf(stored) }, undefined, 2)}\n`
  const beside = join(dir, 'tmp', FILE)
  await writeBlobFile(Buffer.from(text), beside, true)
  await rename(beside, join(dir, FILE))
}

const sumOf = (stored: object): string => createHash('sha256').update(JSON.stringify(stored)).digest('hex')

/** A name for the records up to tx:`moment` that the folder does not have: those of the backup before stay till the end. */
export async function recordsName(dir: string, moment: number): Promise<string> {
  const taken = await readdir(dir)
  for (let i = 1; ; i++) {
    const name = i === 1 ? `records-${moment}` : `records-${moment}-${i}`
    if (!taken.includes(name)) return name
  }
}

/** Whether a name in a backup's folder is one that a backup gives. */
export const isOfBackup = (name: string): boolean =>
  /^(manifest\.json|blobs|tmp|records-\d+(-\d+)?)$/.test(name)

export const blobPlace = (dir: string, sha256: string): string =>
  join(dir, 'blobs', sha256.slice(0, 2), sha256)
