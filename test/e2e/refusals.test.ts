import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { homeOf } from '../../src/base/home.ts'
import { ask, Daemon, makeHome, say, startDaemon, until } from './daemon.ts'

/** The exit status and the log of a kernel that cannot start. */
async function refused(daemon: Daemon): Promise<{ code: number | null; output: string }> {
  const [code] = (await once(daemon.process, 'close')) as [number | null]
  return { code, output: daemon.output }
}

describe('a kernel that cannot start', { timeout: 600_000 }, () => {
  it('says who has the image, and leaves that one alone', async () => {
    const first = await startDaemon()
    const second = await refused(new Daemon(first.home))
    assert.equal(second.code, 69)
    assert.match(second.output, new RegExp(`E_IMAGE_LOCKED.*${first.process.pid}`))
    assert.equal(await say(first.client(), 'genesis.count = 1'), 1)
    await first.stop()
  })

  it('names the port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const endpoint = `tcp://127.0.0.1:${(other.address() as AddressInfo).port}`
    const { code, output } = await refused(new Daemon(makeHome({ endpoint })))
    assert.equal(code, 69)
    assert.ok(output.includes('E_PORT_IN_USE') && output.includes(endpoint))
    other.close()
  })

  it('names the home that cannot be written', async () => {
    const home = makeHome()
    writeFileSync(join(home.dir, 'file'), '')
    const { code, output } = await refused(new Daemon(homeOf(join(home.dir, 'file', 'home'))))
    assert.equal(code, 73)
    assert.match(output, /E_HOME.*--home DIR/)
  })

  it('names the wrong setting', async () => {
    const { code, output } = await refused(new Daemon(makeHome({ cycles: { concurent: 2 } })))
    assert.equal(code, 78)
    assert.match(output, /cycles\.concurent: no such setting/)
    assert.match(output, /did you mean cycles\.concurrent/)
  })

  it('refuses an image that is none, and says what it expected', async () => {
    const home = makeHome()
    mkdirSync(home.image, { recursive: true })
    writeFileSync(join(home.image, 'data.mdb'), 'this is a letter to my aunt\n'.repeat(1000))
    const { code, output } = await refused(new Daemon(home))
    assert.equal(code, 78)
    assert.match(output, /E_IMAGE_FOREIGN/)
  })
})

describe('a kernel without a usable model', { timeout: 600_000 }, () => {
  it('serves what needs no model, and refuses the rest with the reason', async () => {
    const home = makeHome()
    const path = join(home.dir, 'broken.gguf')
    writeFileSync(path, Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(4000, 7)]))
    writeFileSync(home.config, JSON.stringify({ endpoint: 'tcp://127.0.0.1:*', model: { path, gpu: false } }))
    const daemon = await new Daemon(home).up()
    const client = daemon.client()
    assert.equal(await say(client, 'genesis.count = 3'), 3)
    await assert.rejects(say(client, 'genesis double: 4 => 8'), {
      code: 'E_MODEL_INVALID',
      message: /broken\.gguf/,
    })
    assert.equal(await say(client, 'genesis.count'), 3)
    await daemon.stop()
  })
})

describe('the end', { timeout: 600_000 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`comes cleanly by ${signal}, also while a cycle runs, and leaves no process behind`, async () => {
      const daemon = await startDaemon()
      const client = daemon.client()
      const { mind } = (await until(async () => {
        const status = (await client.request({ command: 'ping' })) as unknown as { mind: { pid?: number } }
        return status.mind.pid !== undefined && status
      })) as { mind: { pid: number } }
      let isAccepted = () => {}
      const accepted = new Promise<void>((resolve) => {
        isAccepted = resolve
      })
      const answer = ask(client, "genesis greet: 'Ada'", (event) => {
        if (event.kind === 'accepted') isAccepted()
      })
      await accepted
      assert.equal(await daemon.kill(signal), 0)
      assert.match(String((await answer).value), /Ada/)
      await until(() => !isAlive(mind.pid))
      await daemon.stop()
    })
  }
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
