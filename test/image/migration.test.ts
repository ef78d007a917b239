// Images of older formats, and of newer programs.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { FORMAT } from '../../src/image/identity.ts'
import type { Image } from '../../src/image/image.ts'
import { metaKey } from '../../src/image/keyspace.ts'
import { openImage } from '../../src/image/open.ts'
import { parseRecordOf } from '../../src/image/record.ts'
import { Store } from '../../src/image/store.ts'
import { tableNames, turnToFormat1 } from './format-1.ts'
import { freshImage, type TestImage } from './fresh-image.ts'

const OBJECTS = 150
const SLICE = 64

async function storyImage(kept: TestImage): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await kept.commit((transaction) => {
      for (let i = 0; i < OBJECTS; i++) {
        const name = `story${i}`
        if (round === 0)
          transaction.root.set(name, transaction.create({ text: `${i % 40} `.repeat(400) }).ref)
        else transaction.get(`obj:${i + 1}`).set('round', round)
      }
    })
  }
}

/** Everything that an image shows, at every moment of its history. */
function shown(image: Image): unknown[] {
  return [...image.transactions()].map(({ tid }) => {
    const view = image.at(tid)
    return Array.from({ length: OBJECTS + 1 }, (_, i) => {
      const oid = `obj:${i}` as const
      return view.has(oid) ? [...view.get(oid).slots()] : undefined
    })
  })
}

/** Opens the image in a process that is killed in the middle of the slice behind `records` records. */
async function openAndKill(dir: string, records: number): Promise<void> {
  const opening = siblingModule(import.meta.url, './opening').pathname
  const child = spawn(process.execPath, [opening, dir, String(records)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    if (Number(line) === records) child.kill('SIGKILL')
  }
  assert.deepEqual(await ended, [null, 'SIGKILL'])
}

async function metaOf(dir: string, name: string): Promise<unknown> {
  const store = Store.open(dir)
  const key = metaKey(name)
  const record = store.get('meta', key)
  const value = record && parseRecordOf('meta', { table: 'meta', key, record })
  await store.close()
  return value
}

test('brings an image of format 1 to the present format, however often it is killed meanwhile', async (t) => {
  const kept = await freshImage(t)
  await storyImage(kept)
  const before = shown(kept.image)
  const { id } = kept.image
  await kept.image.close()
  await turnToFormat1(kept.dir)
  for (const slices of [1, 2, 1]) {
    await openAndKill(kept.dir, slices * SLICE)
    const { format, writer } = (await metaOf(kept.dir, 'format')) as { format: number; writer: string }
    assert.deepEqual([format, writer], [2, '0.2.0'], 'an older program would go on in what is half converted')
    assert.notEqual(await metaOf(kept.dir, 'migration'), undefined)
  }
  const told: number[] = []
  const image = await openImage({
    dir: kept.dir,
    clock: systemClock,
    onMigration: ({ done }) => told.push(done),
  })
  t.after(() => image.close())
  const left = 3 * OBJECTS + 2 - 4 * SLICE
  assert.equal(told.at(-1), left, 'it went on where the killed ones had come to')
  assert.equal(image.id, id)
  assert.deepEqual(shown(image), before)
  assert.deepEqual((await image.verify()).faults, [])
  assert.equal(image.stats().tables.values.records, 40)
  await image.close()
  assert.equal((await tableNames(kept.dir)).includes('heads'), false)
  assert.equal(await metaOf(kept.dir, 'migration'), undefined)
  assert.equal(((await metaOf(kept.dir, 'format')) as { format: number }).format, FORMAT)
})
