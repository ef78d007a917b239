// A daemon whose model cannot come up, and whose missions are to wait for one that can.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tinyModel, writeModel } from '../mind/tiny-model.ts'
import { ask, type Daemon, say, startDaemon, until } from './daemon.ts'

const program = fileURLToPath(new URL('../../src/console/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'batos-waits-'))
let daemon: Daemon

// biome-ignore lint/suspicious/noExplicitAny: whatever the command says
const batos = (...args: string[]): Promise<any> =>
  new Promise((resolve) => {
    const env = { ...process.env, BATOS_HOME: daemon.home.dir }
    execFile(process.execPath, [program, ...args, '--json'], { env }, (_, output) =>
      resolve(JSON.parse(output || 'null')),
    )
  })

before(async () => {
  daemon = await startDaemon({ cycles: { withoutModel: 'wait' } })
  const tiny = join(folder, 'tiny.gguf')
  writeModel(tiny, tinyModel())
  const { sha256 } = await batos('model', 'pull', tiny, '--use')
  await daemon.kill('SIGTERM')
  const blob = join(daemon.home.image, 'blobs', sha256.slice(0, 2), sha256)
  chmodSync(blob, 0o600)
  truncateSync(blob, 1000)
  await daemon.restart()
})
after(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true })
})

test('has a mission wait until a model is there, over a kill and a stop', async () => {
  const client = daemon.client()
  assert.equal(await say(client, 'genesis.count = 3'), 3)
  const reason = await new Promise<string>((resolve, reject) => {
    ask(client, 'genesis double: 4 => 8', (told) => {
      if (told.kind === 'status' && told.event.kind === 'waiting') resolve(told.event.reason)
    }).catch(reject)
  })
  assert.match(reason, /is damaged: it has 1000 bytes.*batos model use/)
  await daemon.kill()
  await daemon.restart()
  const stopped = await daemon.kill('SIGTERM')
  assert.equal(stopped, 0)
  await daemon.restart()
  assert.equal((await batos('model', 'use', 'seed')).name, 'seed')
  const { slots } = (await until(async () => {
    const found = (await daemon.client().request({ command: 'inspect', target_oid: 'genesis' })) as {
      slots: object
    }
    return 'double_' in found.slots && found
  })) as { slots: object }
  assert.ok('count' in slots)
  assert.equal(await say(daemon.client(), 'genesis double: 21'), 42)
})
