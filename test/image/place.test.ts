import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { recordingMissing } from '../../scripts/torture/recording.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { hasImage } from '../../src/image/place.ts'
import { restore } from '../../src/image/restore.ts'
import { freshFolder, freshImage, TestClock, TestImage } from './fresh-image.ts'

const clock = new TestClock()

/** A backup of an image with the root's slot `new`, and a folder for images. */
async function scene(t: TestContext): Promise<{ from: string; folder: string }> {
  const folder = await freshFolder(t)
  const fresh = await freshImage(t)
  await fresh.make('new')
  const from = join(folder, 'backup')
  await fresh.image.backup(from)
  return { from, folder }
}

/** An image with the root's slot `old` in `dir`, closed. */
async function makeOld(dir: string): Promise<void> {
  const old = await new TestImage(dir).open()
  await old.make('old')
  await old.image.close()
}

/** What is in the root of the image in `dir`. */
async function namesIn(dir: string): Promise<string[]> {
  const { image } = await new TestImage(dir).open()
  const names = [...image.now().root.slots()].map(([name]) => name)
  assert.deepEqual((await image.verify()).faults, [])
  await image.close()
  return names
}

/** The other folders beside `dir`. */
const beside = async (folder: string, name: string): Promise<string[]> =>
  (await readdir(folder)).filter((each) => each.startsWith(`${name}.`))

test('finishes at the next look what a restore left that was killed between its moves', async (t) => {
  const { from, folder } = await scene(t)
  const dir = join(folder, 'image')
  const whole = join(folder, 'whole')
  await restore(from, whole, { clock })
  const looks: Record<string, () => Promise<string[]>> = {
    'opening it': () => namesIn(dir),
    'asking whether it is there': async () => ((await hasImage(dir)) ? namesIn(dir) : []),
    'restoring again': async () => {
      await restore(from, dir, { clock, force: true })
      return namesIn(dir)
    },
  }
  for (const [look, names] of Object.entries(looks)) {
    for (const folderIs of ['gone', 'made anew and empty', 'as it was']) {
      await makeOld(dir)
      await cp(whole, `${dir}.coming`, { recursive: true })
      if (folderIs !== 'as it was') await rename(dir, `${dir}.2030-05-05`)
      if (folderIs === 'made anew and empty') await mkdir(dir)
      const expected = folderIs === 'as it was' && look !== 'restoring again' ? ['old'] : ['new']
      assert.deepEqual(await names(), expected, `${look}, the folder ${folderIs}`)
      const kept = await beside(folder, 'image')
      assert.ok(!kept.includes('image.coming'))
      const saved = await Promise.all(kept.map((name) => namesIn(join(folder, name))))
      assert.equal(saved.flat().includes('old'), expected[0] === 'new')
      for (const name of ['image', ...kept])
        await rename(join(folder, name), join(await freshFolder(t), 'away'))
    }
  }
})

test('loses nothing to a kill at any rename of a restore over an image', async (t) => {
  const missing = recordingMissing()
  if (missing !== undefined) return t.skip(missing)
  const { from, folder } = await scene(t)
  const program = siblingModule(import.meta.url, './restore-once').pathname
  const found: string[][] = []
  for (let nth = 1; ; nth++) {
    const dir = join(folder, `image${nth}`)
    await makeOld(dir)
    const kill = ['-e', `inject=rename,renameat,renameat2:signal=SIGKILL:when=${nth}`]
    const trace = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=rename,renameat,renameat2', ...kill]
    // one thread for files, since strace counts by thread
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
    const { status } = spawnSync('strace', [...trace, process.execPath, program, from, dir], { env })
    const names = await namesIn(dir)
    const kept = await beside(folder, `image${nth}`)
    found.push(names)
    if (names[0] === 'new') assert.deepEqual(await namesIn(join(folder, kept[0]!)), ['old'])
    else assert.deepEqual([names, kept.filter((name) => !name.endsWith('.restoring'))], [['old'], []])
    if (status === 0) break
  }
  assert.deepEqual([found[0], found.at(-1)], [['old'], ['new']])
  assert.ok(found.length > 3, 'it was killed at each of three renames')
})
