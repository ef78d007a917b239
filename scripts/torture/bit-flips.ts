// Flipped bits: one bit of one record of every kind, or of a blob's file, is turned over, in the record through the store or
// in the closed file where its bytes lie. Verify must name that record, and asking for everything the image has must give
// what it gave before, or a refusal that names that record: its damage costs nothing else.
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { tidOf } from '../../src/base/ids.ts'
import { type Key, nameOfRecord, type Table, tables } from '../../src/image/keyspace.ts'
import { openImage } from '../../src/image/open.ts'
import { Store } from '../../src/image/store.ts'
import { integer, pick, type Random } from '../seed/random.ts'
import { fillImage } from './fill.ts'
import { type Inventory, inventoryOf, type Names, namesOf } from './inventory.ts'
import type { Counts, Trial, TrialOptions } from './trial.ts'

const STEPS = 20
/** Number of the transaction up to which the past was packed: there is a record of that too. */
const PACKED = 6
const LANES = ['one', 'two']
const ALL = { from: Buffer.alloc(1), to: Buffer.alloc(64, 0xff) }

export const bitFlips: Trial = {
  name: 'flips',
  title: 'single flipped bits in every kind of record, and in blobs',
  rounds: { long: 1000, short: 14 },
  run: flips,
}

/** A sound image, closed, and what is in it. */
export interface Sound {
  readonly dir: string
  readonly names: Names
  readonly inventory: Inventory
}

/** Makes an image with some history in `dir`. */
export async function makeSound(dir: string, seed: number): Promise<Sound> {
  await fillImage({ dir, seed, lanes: LANES, files: true }, STEPS)
  const image = await openImage({ dir, clock: systemClock, durable: false })
  await image.pack({ before: tidOf(PACKED) })
  const names = namesOf(image)
  const inventory = inventoryOf(image, names)
  await image.close()
  return { dir, names, inventory }
}

async function flips({ folder, seed, random, rounds, tell }: TrialOptions): Promise<Counts> {
  const sound = await makeSound(join(folder, 'sound'), seed)
  const records = await recordsOf(sound.dir)
  const counts: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const dir = join(folder, 'flipped')
    cpSync(sound.dir, dir, { recursive: true })
    const kinds: readonly (Table | 'blob file')[] = [...tables, 'blob file']
    const kind = kinds[round % kinds.length]!
    const raw = Math.floor(round / kinds.length) % 2 === 1
    const name =
      kind === 'blob file'
        ? flipInBlob(dir, random)
        : await flipInRecord(dir, pick(random, records.get(kind)!), { random, raw })
    await checkCost({ ...sound, dir }, name)
    const what = kind === 'blob file' ? kind : `${kind}, ${raw ? 'in the file' : 'through the store'}`
    counts[what] = (counts[what] ?? 0) + 1
    rmSync(dir, { recursive: true })
    tell(round + 1)
  }
  return counts
}

interface Place {
  readonly table: Table
  readonly key: Key
  readonly record: Buffer
}

async function recordsOf(dir: string): Promise<Map<Table, Place[]>> {
  const store = Store.open(dir)
  const records = new Map<Table, Place[]>()
  for (const table of tables) {
    const rows = [...store.walk(table, ALL)]
    records.set(
      table,
      rows.map(({ key, record }) => ({ table, key, record: Buffer.from(record) })),
    )
  }
  await store.close()
  return records
}

/** Answers how the record is called. */
async function flipInRecord(
  dir: string,
  { table, key, record }: Place,
  { random, raw }: { readonly random: Random; readonly raw: boolean },
): Promise<string> {
  const flipped = withFlippedBit(record, random)
  if (raw) {
    const file = join(dir, 'data.mdb')
    const content = readFileSync(file)
    // pages that were left behind may hold copies of it
    for (let at = content.indexOf(record); at >= 0; at = content.indexOf(record, at + 1))
      flipped.copy(content, at)
    writeFileSync(file, content)
  } else {
    const store = Store.open(dir)
    store.write(({ put }) => put(table, key, flipped))
    await store.close()
  }
  return nameOfRecord(table, key)
}

/** Answers the digest of the blob. */
function flipInBlob(dir: string, random: Random): string {
  const files = readdirSync(join(dir, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const { parentPath, name } = pick(random, files)
  const file = join(parentPath, name)
  const content = readFileSync(file)
  if (content.length > 0) rewrite(file, withFlippedBit(content, random))
  else rewrite(file, Buffer.from([1]))
  return name
}

function rewrite(file: string, content: Buffer): void {
  rmSync(file) // it is read-only
  writeFileSync(file, content)
}

function withFlippedBit(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const bit = integer(random, 0, copy.length * 8 - 1)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

/** Opens the image: only what is called `damaged` may be missing, and verify must name it. */
async function checkCost({ dir, names, inventory }: Sound, damaged: string): Promise<void> {
  const image = await openImage({ dir, clock: systemClock, durable: false })
  try {
    const { faults } = await image.verify()
    assert.ok(
      faults.some(({ where, problem }) => where.includes(damaged) || problem.includes(damaged)),
      `verify does not name ${damaged}: ${JSON.stringify(faults)}`,
    )
    const now = inventoryOf(image, names)
    for (const [what, content] of inventory) {
      const found = now.get(what)
      if (found === content || found?.includes(damaged)) continue
      if (found === undefined && now.get(what.replace(/\..* at /, ' at '))?.includes(damaged)) continue
      // bytes of a blob: verify names them, whoever only maps the file has to have it verified
      if (found !== undefined && /^[0-9a-f]{64}$/.test(damaged) && content.includes(damaged)) continue
      assert.equal(found, content, `${what}, with ${damaged} damaged`)
    }
  } finally {
    await image.close()
  }
}
