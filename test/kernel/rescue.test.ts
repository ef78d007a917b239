import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { metaKey, revisionKey } from '../../src/image/keyspace.ts'
import { freshFolder, TestImage } from '../image/fresh-image.ts'
import { flip } from '../image/text-files.ts'

const program = fileURLToPath(siblingModule(import.meta.url, '../../kernel/rescue-console'))

function rescue(home: string, ...lines: readonly string[]) {
  const args = ['--enable-source-maps', program, '--home', home]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    input: lines.join('\n'),
    encoding: 'utf8',
  })
  return { status, out: stdout.trimEnd().split('\n'), errors: stderr }
}

/** A home with the image of an object that was changed once. */
async function homeWith(t: TestContext): Promise<{ home: string; kept: TestImage }> {
  const home = await freshFolder(t)
  const kept = await new TestImage(join(home, 'image')).open()
  t.after(() => kept.image.close())
  const oid = await kept.make('genesis', { count: 1 })
  await kept.commit((transaction) => {
    const tree = transaction.createTree().set('a', 1)
    transaction.get(oid).set('count', 2).set('tree', tree.ref)
  })
  return { home, kept }
}

test('looks, changes, takes back and dumps, line by line, and goes on after a line that fails', async (t) => {
  const { home, kept } = await homeWith(t)
  const locked = rescue(home, 'ls')
  assert.equal(locked.status, 69)
  assert.match(locked.errors, new RegExp(`E_IMAGE_LOCKED: .*${process.pid}`))
  await kept.image.close()
  const found = rescue(
    home,
    ...['ls', 'ls genesis', 'show genesis.tree["a"]', 'diff genesis 1', 'set genesis.count = 5'],
    ...[
      'show genesis.count',
      'undo 3',
      'forget genesis.tree["a"]',
      'ls genesis.tree',
      'revert genesis.tree["a"] 2',
    ],
    ...[
      'ls genesis.tree',
      'nonsense',
      'at 1',
      'show genesis.count',
      'at now',
      `dump ${join(home, 'dump')}`,
      'verify',
    ],
  )
  assert.match(found.errors, /^batos: E_USAGE: line 12: no command nonsense\n.*\n$/)
  assert.equal(found.status, 1)
  assert.deepEqual(found.out, [
    ...['genesis = obj:1  # genesis', 'count = 2', 'tree = tree obj:2', 'genesis.tree.a = 1'],
    ...['- count = 1', '+ count = 2', '+ tree = tree obj:2', 'done, by tx:3; undo tx:3 takes it back'],
    ...['genesis.count = 5', 'tx:3 is undone, by tx:4', 'done, by tx:5; undo tx:5 takes it back', 'nothing'],
    ...['done, by tx:6; undo tx:6 takes it back', '"a" = 1', 'looking at tx:1', 'genesis.count = 1'],
    'looking at the present, tx:6',
    `2 objects, 1 trees and 0 blobs of tx:6 are in ${join(home, 'dump')}`,
    'up to tx:6: sound',
  ])
})

test('names what is damaged, passes it over, and brings back the revision before', async (t) => {
  const { home, kept } = await homeWith(t)
  await kept.image.close()
  await flip(kept.dir, 'revisions', revisionKey('obj:1', 2))
  const found = rescue(home, 'ls genesis', 'history genesis', 'revert genesis 1', 'ls genesis')
  assert.match(found.out[0]!, /^! damaged: obj:1 at tx:2: its checksum is wrong/)
  assert.match(found.out.join('\n'), /tx:2 .*damaged: obj:1 at tx:2.*\ntx:1 /)
  assert.deepEqual(found.out.slice(-2), ['done, by tx:3; undo tx:3 takes it back', 'count = 1'])
})

test('opens an image to be read whose record about itself is damaged', async (t) => {
  const { home, kept } = await homeWith(t)
  await kept.image.close()
  for (const name of ['format', 'format spare']) await flip(kept.dir, 'meta', metaKey(name))
  const found = rescue(home, 'ls genesis', 'set genesis.count = 3', `dump ${join(home, 'dump')}`)
  assert.match(found.errors, /damaged: meta format.*can only be read/)
  assert.match(found.errors, /E_IMAGE_DAMAGED: line 2/)
  assert.deepEqual(found.out.slice(0, 2), ['count = 2', 'tree = tree obj:2'])
  assert.match(found.out.at(-1)!, /^2 objects, 1 trees and 0 blobs of tx:2/)
})
