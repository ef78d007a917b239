import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { FORMAT, PROGRAM } from '../../src/image/identity.ts'
import { entryVersionKey, formatEntryKey, metaKey, revisionKey } from '../../src/image/keyspace.ts'
import { openImage } from '../../src/image/open.ts'
import { formatRecord } from '../../src/image/record.ts'
import { Store } from '../../src/image/store.ts'
import { coded, freshFolder, freshImage, type TestImage } from './fresh-image.ts'

/** Flips one bit of a record where it lies. */
async function damage(kept: TestImage, table: 'revisions' | 'entries', key: Uint8Array): Promise<void> {
  await kept.image.close()
  const store = Store.open(kept.dir)
  const record = Buffer.from(store.get(table, key)!)
  record[record.length - 1]! ^= 4
  store.write(({ put }) => put(table, key, record))
  await store.close()
  await kept.open()
}

test('finds a flipped bit, names the record, and loses nothing else', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  const other = await kept.make('other', { count: 1 })
  await kept.commit((transaction) => transaction.get(oid).set('count', 2))
  await damage(kept, 'revisions', revisionKey(oid, 3))
  const record = `${oid} at tx:3`
  assert.throws(() => kept.begin().get(oid), coded('E_RECORD_DAMAGED', { record }))
  assert.equal(kept.image.at('tx:2').get(oid).get('count'), 1)
  assert.equal(kept.slot(other, 'count'), 1)
  const [fault] = (await kept.image.verify()).faults
  assert.deepEqual(fault, { where: record, problem: 'its checksum is wrong' })
  await kept.commit((transaction) => transaction.get(other).set('count', 5))
})

test('finds a damaged entry, and loses no other', async (t) => {
  const kept = await freshImage(t)
  const ref = await kept.commit((transaction) => transaction.createTree().set('a', 1).set('b', 2).ref)
  await damage(kept, 'entries', entryVersionKey(ref.oid, formatEntryKey('a'), 1))
  const record = `${ref.oid}[a] at tx:1`
  assert.throws(() => kept.begin().tree(ref).get('a'), coded('E_RECORD_DAMAGED', { record }))
  assert.equal(kept.begin().tree(ref).get('b'), 2)
  assert.deepEqual(
    (await kept.image.verify()).faults.map(({ where }) => where),
    [record],
  )
})

test('is opened by one process at a time, and by the next when that one was killed', async (t) => {
  const dir = await freshFolder(t)
  const child = spawn(process.execPath, [siblingModule(import.meta.url, './commit-loop').pathname, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await assert.rejects(openImage({ dir, clock: systemClock }), coded('E_IMAGE_LOCKED', { pid: child.pid }))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const image = await openImage({ dir, clock: systemClock })
  await assert.rejects(openImage({ dir, clock: systemClock }), coded('E_IMAGE_LOCKED', { pid: process.pid }))
  await image.close()
  await image.close()
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.startsWith('lock') && name !== 'lock.mdb'),
    [],
  )
})

const oldLocks: readonly (readonly [string, string])[] = [
  ['of a process long dead', JSON.stringify({ pid: 2 ** 22 - 1, start: 'boot/1', token: 'dead' })],
  [
    'whose pid another process has now',
    JSON.stringify({ pid: process.ppid, start: 'boot/1', token: 'dead' }),
  ],
  ['torn by a crash', '{"pid": 12'],
  ['empty', ''],
]

test('takes over a lock that nobody alive holds', async (t) => {
  for (const [what, text] of oldLocks) {
    const dir = await freshFolder(t)
    await writeFile(join(dir, 'lock'), text)
    const outcomes = await Promise.allSettled([1, 2].map(() => openImage({ dir, clock: systemClock })))
    const opened = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    assert.equal(opened.length, 1, what)
    await opened[0]!.close()
  }
})

test('refuses what is no image, saying what was expected', async (t) => {
  const dir = await freshFolder(t)
  const file = join(dir, 'data.mdb')
  await writeFile(file, 'a letter to my aunt'.repeat(1000))
  await assert.rejects(
    openImage({ dir, clock: systemClock }),
    coded('E_IMAGE_FOREIGN', { expected: 'an LMDB data file' }),
  )
  assert.match(await readFile(file, 'utf8'), /aunt/)

  const strange = await freshFolder(t)
  const store = Store.open(strange)
  store.write(({ put }) => put('meta', metaKey('x'), Buffer.from('y')))
  await store.close()
  await assert.rejects(
    openImage({ dir: strange, clock: systemClock }),
    coded('E_IMAGE_FOREIGN', { expected: 'BAT OS image' }),
  )
})

test('refuses a file whose end is missing', async (t) => {
  const kept = await freshImage(t)
  await kept.commit((transaction) => {
    for (let i = 0; i < 20_000; i++) transaction.root.set(`name ${i}`, 'x'.repeat(100))
  })
  await kept.image.close()
  await truncate(join(kept.dir, 'data.mdb'), 5 * 4096)
  await assert.rejects(kept.open(), coded('E_IMAGE_FOREIGN'))
})

test('survives an end of the file that was never written, or lost a little, and names what is gone', async (t) => {
  const kept = await freshImage(t)
  for (let round = 0; round < 3; round++) {
    await kept.commit((transaction) => {
      for (let i = 0; i < 300; i++) transaction.create({ text: 'x'.repeat(300) })
    })
  }
  await kept.image.close()
  const file = join(kept.dir, 'data.mdb')
  await truncate(file, (await stat(file)).size - 4 * 4096)
  const outcome = await kept.open().then(
    async () => (await kept.image.verify()).faults.length,
    (error: unknown) => error,
  )
  if (outcome instanceof Error) coded('E_RECORD_DAMAGED')(outcome)
  else assert.ok((outcome as number) > 0)
})

test('refuses what is for a newer program, by its format or by its word, and says for which', async (t) => {
  const kept = await freshImage(t)
  const told = { what: 'BAT OS image', id: 'x' }
  for (const [format, writer] of [
    [FORMAT + 1, '0.1.0'],
    [FORMAT, '0.10.0'],
    [FORMAT, '3.1.0'],
  ] as const) {
    await kept.image.close()
    const store = Store.open(kept.dir)
    const key = metaKey('format')
    const value = { ...told, format, writer }
    store.write(({ put }) => put('meta', key, formatRecord('meta', key, { kind: 'meta', value })))
    await store.close()
    const refused = coded('E_IMAGE_VERSION', { known: FORMAT, needs: writer, program: PROGRAM })
    await assert.rejects(kept.open(), refused)
  }
})

test('calls itself by the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  assert.equal(PROGRAM, version)
})

test('says when its folder cannot be used', async (t) => {
  const dir = await freshFolder(t)
  const file = join(dir, 'file')
  await writeFile(file, '')
  await assert.rejects(openImage({ dir: join(file, 'image'), clock: systemClock }), coded('E_HOME'))
  if (process.getuid?.() === 0) return // to root every folder is writable
  const closed = join(dir, 'closed')
  await mkdir(closed)
  await chmod(closed, 0o500)
  await assert.rejects(openImage({ dir: closed, clock: systemClock }), coded('E_HOME'))
})
