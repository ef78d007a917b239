import assert from 'node:assert/strict'
import test from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { BlobRef, Ref, TreeRef } from '../../src/base/value.ts'
import { openImage } from '../../src/image/open.ts'
import { freshFolder } from './fresh-image.ts'
import { runAndKill } from './run-and-kill.ts'

const KILLS = 5

/** Looks at what a kill has left; every other time it is packed to the end. */
async function checkWhole(dir: string, acknowledged: number, finish: boolean): Promise<void> {
  const image = await openImage({ dir, clock: systemClock })
  try {
    const before = await image.verify()
    assert.deepEqual(
      before.faults.filter(({ harmless }) => !harmless),
      [],
    )
    const { root } = image.at(image.head)
    assert.ok((root.get('count') as number) >= acknowledged)
    let there = 2
    for (const [, ref] of image
      .at(image.head)
      .tree(root.get('log') as TreeRef)
      .entries()) {
      const object = image.at(image.head).get((ref as Ref).oid)
      assert.match(String(object.get('text')), /a long text/)
      image.blobPath(object.get('blob') as BlobRef)
      there++
    }
    if (!finish) return
    await image.pack({ before: image.head })
    const { faults, records } = await image.verify()
    assert.deepEqual(faults, [])
    assert.equal(records.revisions, there)
  } finally {
    await image.close()
  }
}

test(`is whole after each of ${KILLS} kills amid packing, and packed to the end by the next`, async (t) => {
  const dir = await freshFolder(t)
  for (let i = 0; i < KILLS; i++) {
    await checkWhole(dir, await runAndKill('./pack-loop', [dir], 3 + ((i * 17) % 29)), i % 2 === 1)
  }
})
