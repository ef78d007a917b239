import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { Ref, TreeRef } from '../../src/base/value.ts'
import { loadImage } from '../../src/image/text/load.ts'
import { coded, freshFolder, freshImage, TestClock, TestImage } from './fresh-image.ts'

const clock = new TestClock()

/** A folder with the dump of a small image. */
async function dumpOf(t: TestContext): Promise<string> {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await kept.commit(async (transaction) => {
    const object = transaction.get(oid)
    object.set('tree', transaction.createTree().set('a', new Ref(oid)).ref)
    object.set('blob', await transaction.importBlob(Buffer.from('bytes')))
  })
  const dir = join(await freshFolder(t), 'dump')
  await kept.image.dump({ dir })
  return dir
}

const OBJECT = 'objects/000/obj-1.txt'
const TREE = 'trees/000/obj-2.txt'
const BLOB = 'blobs/27/277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9'

type Edit = readonly [what: string, path: string, text: string | Uint8Array | undefined, expected: RegExp]

const edits: readonly Edit[] = [
  [
    'a file that ends too early',
    OBJECT,
    'object obj:1\ncount = 1\n',
    /obj-1\.txt:3:1: .*expected, the end of the file/,
  ],
  ['a value that is none', OBJECT, 'object obj:1\ncount = }\nend\n', /obj-1\.txt:2:9: a value/],
  [
    'a name that means nothing',
    OBJECT,
    'object obj:1\ncount = genesis\nend\n',
    /obj-1\.txt:2:9: a value expected, `genesis`/,
  ],
  ['a slot given twice', OBJECT, 'object obj:1\na = 1\na = 2\nend\n', /obj-1\.txt:3:1: another slot/],
  ['a key given twice', OBJECT, 'object obj:1\na = {b: 1, b: 2}\nend\n', /obj-1\.txt:2:12: another key/],
  ['text behind the end', OBJECT, 'object obj:1\nend\nmore\n', /obj-1\.txt:3:1: the end of the file/],
  [
    'another oid than that of its file',
    OBJECT,
    'object obj:7\nend\n',
    /obj-1\.txt:1:1: obj:1 expected, obj:7 found/,
  ],
  ['an oid out of range', OBJECT, 'object obj:999999999999999\nend\n', /a number below 2\^48/],
  [
    'a bigint that takes forever',
    OBJECT,
    `object obj:1\na = ${'9'.repeat(5000)}n\nend\n`,
    /a shorter number/,
  ],
  ['lists without end', OBJECT, `object obj:1\na = ${'['.repeat(5000)}\nend\n`, /levels of nesting/],
  [
    'more nesting than an image holds',
    OBJECT,
    `object obj:1\na = ${'['.repeat(300)}${']'.repeat(300)}\nend\n`,
    /more than 200 levels/,
  ],
  [
    'other bytes than UTF-8',
    OBJECT,
    Buffer.from('object obj:1\na = "\xff"\nend\n', 'latin1'),
    /obj-1\.txt:2:1: UTF-8/,
  ],
  [
    'a merge left unfinished',
    OBJECT,
    'object obj:1\n<<<<<<< HEAD\na = 1\nend\n',
    /a merge was left unfinished/,
  ],
  [
    'a reference to what is not there',
    OBJECT,
    'object obj:1\na = [1, obj:77]\nend\n',
    /obj-1\.txt:2:9: it names obj:77/,
  ],
  [
    'a Tree where an object is',
    OBJECT,
    'object obj:1\na = tree obj:1\nend\n',
    /it names obj:1, which is not there/,
  ],
  [
    'a blob that is not there',
    OBJECT,
    `object obj:1\na = blob "${'0'.repeat(64)}" 5\nend\n`,
    /it names the blob/,
  ],
  ['a blob of another size', BLOB, 'byte', /has 4 bytes, not 5/],
  ['a blob of other bytes', BLOB, 'bytez', /its bytes are not those it is named after/],
  ['no root', 'objects/000/obj-0.txt', undefined, /the root object is not there/],
  ['a file that does not belong', 'objects/000/notes.txt', 'x', /no file of a dump/],
  ['a file at another place', 'objects/001/obj-5.txt', 'object obj:5\nend\n', /no file of a dump/],
  ['an oid that is object and Tree', 'trees/000/obj-1.txt', 'tree obj:1\nend\n', /obj:1 is an object/],
  [
    'a chunk that leads out',
    TREE,
    'tree obj:2\nchunk "../../../../etc/passwd"\nend\n',
    /passwd is not there/,
  ],
  ['a chunk that nobody names', 'trees/000/obj-2/first.txt', 'chunk of obj:2\nend\n', /does not name it/],
  ['an entry given twice', TREE, 'tree obj:2\n"a" = 1\n"a" = 2\nend\n', /obj-2\.txt:3:1: another key/],
  ['a key that is none', TREE, 'tree obj:2\nNaN = 1\nend\n', /obj-2\.txt:2:1: a key/],
  ['a mark of damage', OBJECT, 'object obj:1\ndamaged "something"\nend\n', /marked as damaged: something/],
]

test('names file, line and column of all that is wrong, and makes no image', async (t) => {
  const dump = await dumpOf(t)
  const folder = await freshFolder(t)
  for (const [what, path, text, expected] of edits) {
    const from = join(folder, 'edited')
    await cp(dump, from, { recursive: true })
    await mkdir(dirname(join(from, path)), { recursive: true })
    await rm(join(from, path), { force: true })
    if (text !== undefined) await writeFile(join(from, path), text)
    const dir = join(folder, 'image')
    await assert.rejects(loadImage({ from, dir, clock }), (error: Error) => {
      assert.match(error.message, expected, what)
      return coded('E_LOAD')(error)
    })
    assert.deepEqual(readdirSync(folder), ['edited'], what)
    await rm(from, { recursive: true })
  }
})

test('reads what editors and git make of a dump', async (t) => {
  const from = await dumpOf(t)
  const edited =
    'object obj:1\r\n# a comment\r\ncount=1 text=\r\n  | one\r\n  |\r\n  |"two "\r\nlist = [1,2 , 3,]\r\nend'
  await writeFile(join(from, OBJECT), edited)
  await writeFile(join(from, TREE), 'tree obj:2\n"b" = 2\n"a" = 1\nend\n')
  const copy = new TestImage(join(await freshFolder(t), 'image'))
  await loadImage({ from, dir: copy.dir, clock })
  await copy.open()
  t.after(() => copy.image.close())
  const object = copy.image.now().get('obj:1')
  assert.deepEqual(Object.fromEntries(object.slots()), { count: 1, text: 'one\n\ntwo ', list: [1, 2, 3] })
  assert.deepEqual(
    [...copy.image.now().tree(new TreeRef('obj:2')).entries()],
    [
      ['a', 1],
      ['b', 2],
    ],
  )
})

test('follows no links out of the folder', async (t) => {
  const from = await dumpOf(t)
  await rm(join(from, OBJECT))
  await symlink('/etc/passwd', join(from, OBJECT))
  await assert.rejects(
    loadImage({ from, dir: join(await freshFolder(t), 'image'), clock }),
    (error: Error) => coded('E_LOAD')(error) && /a plain file or folder expected/.test(error.message),
  )
})

test('refuses what is no dump', async (t) => {
  const folder = await freshFolder(t)
  const dir = join(folder, 'image')
  await assert.rejects(loadImage({ from: join(folder, 'nowhere'), dir, clock }), coded('E_NO_DUMP'))
  await assert.rejects(loadImage({ from: folder, dir, clock }), coded('E_NO_DUMP'))
  const from = await dumpOf(t)
  const head = join(from, 'image.txt')
  const text = await readFile(head, 'utf8')
  await writeFile(head, text.replace('version 1', 'version 9'))
  await assert.rejects(loadImage({ from, dir, clock }), coded('E_NO_DUMP'))
  await writeFile(head, text.replace('transaction', 'transactoin'))
  await assert.rejects(loadImage({ from, dir, clock }), coded('E_TEXT', { where: 'image.txt:3:1' }))
})

test('takes the place of an image only when told to, and keeps that one beside', async (t) => {
  const from = await dumpOf(t)
  const kept = await freshImage(t)
  await kept.make('precious', {})
  await assert.rejects(loadImage({ from, dir: kept.dir, clock }), coded('E_IMAGE_EXISTS'))
  await assert.rejects(loadImage({ from, dir: kept.dir, clock, force: true }), coded('E_IMAGE_LOCKED'))
  await kept.image.close()
  const { aside } = await loadImage({ from, dir: kept.dir, clock, force: true })
  t.after(() => rm(aside!, { recursive: true, force: true }))
  await kept.open()
  assert.deepEqual(
    [...kept.image.now().root.slots()].map(([name]) => name),
    ['genesis'],
  )
  const old = await new TestImage(aside!).open()
  assert.deepEqual(
    [...old.image.now().root.slots()].map(([name]) => name),
    ['precious'],
  )
  await old.image.close()
})

test('loads what names something that is not there when told to', async (t) => {
  const from = await dumpOf(t)
  await writeFile(join(from, OBJECT), 'object obj:1\na = obj:77\nend\n')
  const dir = join(await freshFolder(t), 'image')
  await loadImage({ from, dir, clock, dangling: true })
  const copy = await new TestImage(dir).open()
  assert.deepEqual(copy.image.now().get('obj:1').get('a'), new Ref('obj:77'))
  await copy.image.close()
})

test('goes on counting and packing where the dumped image was', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  for (const count of [2, 3, 4]) await kept.commit((transaction) => transaction.get(oid).set('count', count))
  const from = join(await freshFolder(t), 'dump')
  await kept.image.dump({ dir: from })
  const dir = join(await freshFolder(t), 'image')
  await loadImage({ from, dir, clock })
  const copy = await new TestImage(dir).open()
  t.after(() => copy.image.close())
  assert.equal(copy.image.head, 'tx:4')
  const { oldest } = copy.image.stats()
  assert.equal(oldest.transaction, 'tx:3')
  assert.throws(() => copy.image.at('tx:2'), coded('E_PACKED'))
  await assert.rejects(copy.image.undo('tx:3', { user: 'ada' }), coded('E_PACKED'))
  const early = await copy.image.pack({ before: 'tx:1' })
  assert.deepEqual([early.moment, early.revisions], ['tx:3', 0])
  await copy.commit((transaction) => transaction.get(oid).set('count', 5))
  await copy.commit((transaction) => transaction.get(oid).set('count', 6))
  assert.equal(copy.image.head, 'tx:6')
  const { moment } = await copy.image.pack({ before: 'tx:5' })
  assert.equal(moment, 'tx:5')
  assert.deepEqual([copy.image.at('tx:5').get(oid).get('count'), copy.slot(oid, 'count')], [5, 6])
  assert.throws(() => copy.image.at('tx:4'), coded('E_PACKED'))
  await copy.reopen()
  assert.equal(copy.image.stats().oldest.transaction, 'tx:5')
  assert.deepEqual((await copy.image.verify()).faults, [])
})
