import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import type { Value } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import { loadImage } from '../../src/image/text/load.ts'
import { parseObject } from '../../src/image/text/object-text.ts'
import { formatLine } from '../../src/image/text/value-text.ts'
import { freshFolder, TestClock, TestImage } from './fresh-image.ts'
import { carryOut, plans } from './random-image.ts'
import { contentsOf } from './text-files.ts'
import { plain, values } from './values.ts'

/** All that is in an image now, as plain data. */
function everything(image: Image): unknown {
  const view = image.at(image.head)
  const found: unknown[] = []
  for (let number = 0; number < 200; number++) {
    const oid = `obj:${number}` as const
    if (view.has(oid))
      found.push([oid, [...view.get(oid).slots()].map(([name, value]) => [name, plain(value)])])
  }
  const trees = view.root.get('trees')
  for (const ref of Array.isArray(trees) ? trees : []) {
    const tree = view.tree(ref)
    found.push([
      tree.oid,
      tree.size,
      [...tree.entries()].map(([key, value]) => [plain(key as Value), plain(value)]),
    ])
  }
  return found
}

const load = (from: string, dir: string, more: object = {}) =>
  loadImage({ from, dir, clock: new TestClock(), ...more })

test('writes every value so that reading it gives the value back', () => {
  fc.assert(
    fc.property(values, (value) => {
      const text = `object obj:1\n${formatLine('slot', value, ({ oid }) => (oid.endsWith('1') ? 'a\nname' : undefined))}end\n`
      assert.deepEqual(plain(parseObject('file', text).slots.get('slot')), plain(value))
    }),
    { numRuns: 500 },
  )
})

test('dumps an image, loads it the same, and dumps that to the same bytes', async (t) => {
  const folder = await freshFolder(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const at = join(folder, String(run++))
      const kept = await new TestImage(join(at, 'image')).open()
      try {
        const transaction = kept.begin()
        await carryOut(plan, transaction)
        await transaction.commit()
        await kept.image.dump({ dir: join(at, 'one') })
        const report = await load(join(at, 'one'), join(at, 'copy'))
        const copy = await new TestImage(join(at, 'copy')).open()
        assert.equal(copy.image.head, kept.image.head)
        assert.equal(copy.image.id, kept.image.id)
        assert.equal(report.transaction, kept.image.head)
        assert.deepEqual(everything(copy.image), everything(kept.image))
        assert.deepEqual((await copy.image.verify()).faults, [])
        await copy.image.dump({ dir: join(at, 'two') })
        assert.deepEqual(contentsOf(join(at, 'two')), contentsOf(join(at, 'one')))
        await copy.image.close()
      } finally {
        await kept.image.close()
        await rm(at, { recursive: true, force: true })
      }
    }),
    { numRuns: 12 },
  )
})
