import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { Oid } from '../../src/base/ids.ts'
import { Ref } from '../../src/base/value.ts'
import { entryVersionKey, formatEntryKey, revisionKey } from '../../src/image/keyspace.ts'
import { loadImage } from '../../src/image/text/load.ts'
import { coded, freshFolder, freshImage, type TestImage } from './fresh-image.ts'
import { contentsOf, flip } from './text-files.ts'

/** An image with an object, a small Tree and one of many entries; and a folder that has its dump. */
async function dumped(t: TestContext): Promise<{ kept: TestImage; dir: string; oid: Oid; large: Oid }> {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1, text: 'one\ntwo' })
  const large = await kept.commit((transaction) => {
    const object = transaction.get(oid)
    object.set('small', transaction.createTree().set('a', 1).set('b', new Ref(oid)).ref)
    const tree = transaction.createTree()
    for (let i = 0; i < 5000; i++) tree.set(`key ${i}`, { i })
    object.set('large', tree.ref)
    return tree.oid
  })
  const dir = join(await freshFolder(t), 'dump')
  await kept.image.dump({ dir })
  return { kept, dir, oid, large }
}

test('writes objects as a person would', async (t) => {
  const { dir } = await dumped(t)
  const files = contentsOf(dir)
  assert.equal(
    files['objects/000/obj-1.txt'],
    'object obj:1  # genesis\ncount = 1\ntext =\n  | one\n  | two\nsmall = tree obj:2\nlarge = tree obj:3\nend\n',
  )
  assert.equal(files['trees/000/obj-2.txt'], 'tree obj:2\n"a" = 1\n"b" = obj:1  # genesis\nend\n')
})

test('touches only what changed, removes what is gone, and leaves alone what is not its own', async (t) => {
  const { kept, dir, oid, large } = await dumped(t)
  const other = await kept.make('other', {})
  await kept.image.dump({ dir })
  await mkdir(join(dir, '.git'))
  await writeFile(join(dir, '.git', 'config'), 'x')
  await writeFile(join(dir, 'README'), 'mine')
  const before = contentsOf(dir)
  const inode = (path: string) => statSync(join(dir, path)).ino
  const inodes = new Map(Object.keys(before).map((path) => [path, inode(path)]))
  await kept.commit((transaction) => {
    transaction.tree(transaction.get(oid).get('large') as never).set('key 100', 'changed')
    transaction.root.delete('other')
    transaction.remove(other)
  })
  const report = await kept.image.dump({ dir })
  const after = contentsOf(dir)
  const changed = Object.keys(after).filter((path) => after[path] !== before[path])
  assert.equal(changed.filter((path) => path.startsWith(`trees/000/obj-${large.slice(4)}/`)).length, 1)
  assert.deepEqual(
    changed.filter((path) => !path.startsWith('trees/')),
    ['image.txt', 'objects/000/obj-0.txt'],
  )
  assert.deepEqual(
    Object.keys(before).filter((path) => !(path in after)),
    [`objects/000/obj-${other.slice(4)}.txt`],
  )
  for (const path of Object.keys(after))
    if (!changed.includes(path)) assert.equal(inode(path), inodes.get(path))
  assert.deepEqual([report.written, report.removed], [changed.length, 1])
})

test('dumps the past', async (t) => {
  const { kept, dir, oid } = await dumped(t)
  const before = contentsOf(dir)
  const { head } = kept.image
  await kept.commit((transaction) => transaction.get(oid).set('count', 2))
  await kept.image.dump({ dir, at: head })
  assert.deepEqual(contentsOf(dir), before)
})

test('refuses a folder of somebody else and leaves it as it was', async (t) => {
  const { kept } = await dumped(t)
  const { dir: foreign } = await dumped(t)
  await assert.rejects(kept.image.dump({ dir: foreign }), coded('E_DUMP_FOLDER'))
  const letters = await freshFolder(t)
  await writeFile(join(letters, 'aunt.txt'), 'dear aunt')
  await assert.rejects(kept.image.dump({ dir: letters }), coded('E_DUMP_FOLDER'))
  assert.deepEqual(contentsOf(letters), { 'aunt.txt': 'dear aunt' })
  await assert.rejects(kept.image.dump({ dir: join(letters, 'aunt.txt') }), coded('E_DUMP_FOLDER'))
})

test('leaves the folder as it was when it is cancelled', async (t) => {
  const { kept, dir, oid } = await dumped(t)
  const before = contentsOf(dir)
  await kept.commit((transaction) => transaction.get(oid).set('count', 2))
  const abort = new AbortController()
  const stop = () => abort.abort(new Error('enough'))
  await assert.rejects(kept.image.dump({ dir, signal: abort.signal, onProgress: stop }), /enough/)
  assert.deepEqual(contentsOf(dir), before)
})

test('clears a dump that was cut off, or finishes it when only the moves were left', async (t) => {
  const { kept, dir } = await dumped(t)
  const before = contentsOf(dir)
  await mkdir(join(dir, '.unfinished/new/objects/000'), { recursive: true })
  await writeFile(join(dir, '.unfinished/new/objects/000/obj-1.txt'), 'half')
  await kept.image.dump({ dir })
  assert.deepEqual(contentsOf(dir), before)

  await mkdir(join(dir, '.unfinished/new/objects/000'), { recursive: true })
  await writeFile(join(dir, '.unfinished/new/objects/000/obj-1.txt'), 'object obj:1\nend\n')
  await writeFile(join(dir, '.unfinished/done'), 'trees/000/obj-2.txt\n../../etc/passwd\n')
  const copy = join(await freshFolder(t), 'image')
  await loadImage({ from: dir, dir: copy, clock: kept.clock })
  const after = contentsOf(dir)
  assert.equal(after['objects/000/obj-1.txt'], 'object obj:1\nend\n')
  assert.equal(after['trees/000/obj-2.txt'], undefined)
  assert.equal(after['.unfinished/done'], undefined)
})

test('saves what is sound of a damaged image, and says in the text what is not', async (t) => {
  const { kept, dir, oid } = await dumped(t)
  await kept.commit((transaction) => {
    transaction.get(oid).set('count', 2)
    transaction.tree(transaction.get(oid).get('small') as never).set('a', 2)
  })
  await kept.image.close()
  await flip(kept.dir, 'revisions', revisionKey(oid, 3))
  await flip(kept.dir, 'entries', entryVersionKey('obj:2', formatEntryKey('a'), 3))
  await kept.open()
  const report = await kept.image.dump({ dir })
  assert.equal(report.damage.length, 2)
  const files = contentsOf(dir)
  assert.match(
    files['objects/000/obj-1.txt']!,
    /^object obj:1 {2}# genesis\ndamaged "obj:1 at tx:3: its checksum is wrong; what follows is as of tx:2"\ncount = 1\n/,
  )
  assert.match(
    files['trees/000/obj-2.txt']!,
    /\ndamaged "obj:2\[a\] at tx:3: its checksum is wrong"\n"b" = obj:1/,
  )
  const copy = join(await freshFolder(t), 'image')
  await assert.rejects(loadImage({ from: dir, dir: copy, clock: kept.clock }), coded('E_LOAD'))
  for (const path of ['objects/000/obj-1.txt', 'trees/000/obj-2.txt'])
    await writeFile(join(dir, path), files[path]!.replace(/damaged .*\n/, ''))
  await loadImage({ from: dir, dir: copy, clock: kept.clock })
})
