// The disk after a power cut, as the torture lays it down.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { layDown } from '../../scripts/torture/lost-writes.ts'
import type { DiskEvent } from '../../scripts/torture/recording.ts'
import { freshFolder } from './fresh-image.ts'

const folder = '/made'
const file = join(folder, 'a', 'file')
const bytes = Buffer.from('bytes')

const made: readonly DiskEvent[] = [
  { what: 'folder', path: join(folder, 'a') },
  { what: 'name', path: file, file: 0 },
  { what: 'write', file: 0, at: 0, bytes, synced: false },
]

/** What is left of the file when nothing survives that was not synced. */
async function left(t: TestContext, events: readonly DiskEvent[]): Promise<string | undefined> {
  const target = await freshFolder(t)
  layDown(events, { folder, target, at: events.length, random: () => 0 })
  const place = join(target, 'a', 'file')
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined
}

test('loses what was not synced, name or bytes', async (t) => {
  const names: readonly DiskEvent[] = [
    { what: 'sync folder', path: folder, upTo: 3 },
    { what: 'sync folder', path: join(folder, 'a'), upTo: 3 },
  ]
  assert.equal(await left(t, made), undefined)
  assert.equal(await left(t, [...made, ...names]), '')
  assert.equal(await left(t, [...made, ...names, { what: 'sync', file: 0, upTo: 3 }]), 'bytes')
})

test('keeps what one sync has put on the disk when another ends later that began before', async (t) => {
  const events: readonly DiskEvent[] = [
    ...made,
    { what: 'sync folder', path: folder, upTo: 3 },
    { what: 'sync folder', path: folder, upTo: 0 },
    { what: 'sync folder', path: join(folder, 'a'), upTo: 3 },
    { what: 'sync folder', path: join(folder, 'a'), upTo: 1 },
    { what: 'sync', file: 0, upTo: 3 },
    { what: 'sync', file: 0, upTo: 2 },
  ]
  assert.equal(await left(t, events), 'bytes')
})
