import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import type { Ref, TreeRef } from '../../src/base/value.ts'
import { openImage } from '../../src/image/image.ts'
import { freshFolder } from './fresh-image.ts'

const KILLS = 20

/** Lets the loop run until it has acknowledged `commits` more, kills it at once, and answers the last acknowledged. */
async function runAndKill(dir: string, commits: number): Promise<number> {
  const child = spawn(process.execPath, [siblingModule(import.meta.url, './commit-loop').pathname, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let acknowledged = 0
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line)
    if (++seen === commits) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  return acknowledged
}

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
    await checkWhole(dir, await runAndKill(dir, 1 + ((i * 7) % 13)))
  }
})
