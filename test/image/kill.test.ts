import assert from 'node:assert/strict'
import test from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { Ref, TreeRef } from '../../src/base/value.ts'
import { openImage } from '../../src/image/image.ts'
import { freshFolder } from './fresh-image.ts'
import { runAndKill } from './run-and-kill.ts'

const KILLS = 20

async function checkWhole(dir: string, acknowledged: number): Promise<void> {
  const image = await openImage({ dir, clock: systemClock })
  try {
    const view = image.at(image.head)
    const count = view.root.get('count') as number
    assert.ok(count >= acknowledged, `${acknowledged} was acknowledged, the image has ${count}`)
    const log = view.tree(view.root.get('log') as TreeRef)
    assert.equal(log.size, count)
    let last = 0
    for (const [key, ref] of log.entries()) {
      assert.equal(key, ++last)
      assert.equal(view.get((ref as Ref).oid).get('count'), key)
    }
    assert.equal(last, count)
    assert.deepEqual((await image.verify()).faults, [])
  } finally {
    await image.close()
  }
}

test(`loses nothing acknowledged and shows nothing half-done after ${KILLS} kills`, async (t) => {
  const dir = await freshFolder(t)
  for (let i = 0; i < KILLS; i++) {
    await checkWhole(dir, await runAndKill('./commit-loop', [dir], 1 + ((i * 7) % 13)))
  }
})
