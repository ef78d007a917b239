// A kernel before an image that only a newer one may write.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { FORMAT, stamp } from '../../src/image/identity.ts'
import { openImage } from '../../src/image/open.ts'
import { Store } from '../../src/image/store.ts'
import { makeHome } from './daemon.ts'

const home = makeHome()
const REFUSAL = /is for BAT OS 9\.1\.0 or later/

async function exitOf(program: '../../kernel/main' | '../../steward/main'): Promise<[number, string]> {
  const file = siblingModule(import.meta.url, program).pathname
  const child = spawn(process.execPath, [file, '--home', home.dir], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (bytes) => (output += bytes))
  child.stderr.on('data', (bytes) => (output += bytes))
  const [code] = (await once(child, 'close')) as [number]
  return [code, output]
}

describe('an image for a newer program', { timeout: 600_000 }, () => {
  after(() => rmSync(home.dir, { recursive: true, force: true }))

  it('is refused by a kernel with exit status 78, which says what it needs', async () => {
    const image = await openImage({ dir: home.image, clock: systemClock })
    await image.close()
    const store = Store.open(home.image)
    store.write((writer) => stamp(writer, { id: image.id, format: FORMAT, writer: '9.1.0' }))
    await store.close()
    const [code, output] = await exitOf('../../kernel/main')
    assert.equal(code, 78, output)
    assert.match(output, REFUSAL)
    assert.match(output, /install BAT OS 9\.1\.0 or later/)
  })

  it('makes the steward give up at once, with the same status and the reason', async () => {
    const [code, output] = await exitOf('../../steward/main')
    assert.equal(code, 78, output)
    assert.match(output, REFUSAL)
    const lines = readFileSync(join(home.logs, 'kernel.log'), 'utf8').split('\n')
    assert.equal(lines.filter((line) => REFUSAL.test(line)).length, 1, 'the kernel was started once')
  })
})
