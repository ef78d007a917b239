// Daemons whose model cannot come up, and whose missions, and adapters, are to wait for one that can.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { packageRoot } from '../../src/base/package-root.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { writeMadeAdapter } from '../forge/made-adapters.ts'
import { startModelServer } from '../mind/model-server.ts'
import { tinyModel, writeModel } from '../mind/tiny-model.ts'
import { ask, type Daemon, say, startDaemon, until } from './daemon.ts'

const program = fileURLToPath(new URL('../../src/console/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'batos-waits-'))
let daemon: Daemon

// biome-ignore lint/suspicious/noExplicitAny: whatever the command says
const batosOn = ({ home }: Daemon, ...args: string[]): Promise<any> =>
  new Promise((resolve) => {
    const env = { ...process.env, BATOS_HOME: home.dir }
    execFile(process.execPath, [program, ...args, '--json'], { env }, (_, output) =>
      resolve(JSON.parse(output || 'null')),
    )
  })
const batos = (...args: string[]) => batosOn(daemon, ...args)

/** A daemon whose chosen model is damaged. */
async function withoutModel(settings: object): Promise<Daemon> {
  const made = await startDaemon(settings)
  const tiny = join(folder, 'tiny.gguf')
  writeModel(tiny, tinyModel())
  const { sha256 } = await batosOn(made, 'model', 'pull', tiny, '--use')
  await made.kill('SIGTERM')
  const blob = join(made.home.image, 'blobs', sha256.slice(0, 2), sha256)
  chmodSync(blob, 0o600)
  truncateSync(blob, 1000)
  return made.restart()
}

before(async () => {
  daemon = await withoutModel({ cycles: { withoutModel: 'wait' } })
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

test('has a dropped adapter wait until a model is there that it can be checked with', async (t) => {
  const empty = await withoutModel({ experts: { settleMs: 100 } })
  t.after(() => empty.stop())
  writeMadeAdapter(join(folder, 'still.gguf'), join(packageRoot, 'models', 'seed.gguf'), 0)
  renameSync(join(folder, 'still.gguf'), join(empty.home.adapters, 'BRICK_1.gguf'))
  const { waiting, experts } = await until(async () => {
    const found = await batosOn(empty, 'experts')
    return found.waiting[0]?.reason && found
  })
  assert.equal(waiting[0].entry, 'BRICK_1.gguf')
  assert.match(waiting[0].reason, /^no model is at work: .*is damaged/)
  assert.deepEqual(experts, [])
  assert.equal((await batosOn(empty, 'model', 'use', 'seed')).name, 'seed')
  const after = await until(async () => {
    const found = await batosOn(empty, 'experts')
    return found.experts.length > 0 && found
  })
  assert.equal(after.experts[0].name, 'BRICK_1')
  assert.deepEqual([after.waiting, after.refused], [[], []])
})

test('has a mission wait for a model server that is down, says what helps, and goes on when it comes up', async (t) => {
  const modelPath = join(packageRoot, 'models', 'seed.gguf')
  const engine = startEngine({ modelPath, gpu: false, threads: 1 })
  t.after(() => engine.stop())
  const gone = await startModelServer({ kind: 'llama', modelPath, engine })
  await gone.stop()
  const model = { engine: 'openai', url: gone.url, profile: 'compact', contextSize: 1024 }
  const far = await startDaemon({ model, cycles: { withoutModel: 'wait' } })
  t.after(() => far.stop())
  let waits = (_reason: string) => {}
  const waiting = new Promise<string>((resolve) => {
    waits = resolve
  })
  const answer = ask(far.client(), 'genesis double: 4 => 8', ({ kind, event }) => {
    // It may begin before the server is seen to be down, and is then asked again first.
    if (kind === 'status' && event.kind === 'waiting' && event.reason.includes(gone.url)) waits(event.reason)
  })
  const helps = new RegExp(`start the server at ${gone.url}; or change "model" in batos.config.json`)
  const reason = await waiting
  assert.match(reason, helps)
  assert.doesNotMatch(reason, /model use/)
  const { findings } = await batosOn(far, 'doctor')
  assert.match(findings.find(({ what }: { what: string }) => what === 'mind').remedy, helps)
  const server = await startModelServer({
    ...{ kind: 'llama', modelPath, engine },
    port: Number(new URL(gone.url).port),
  })
  t.after(() => server.stop())
  assert.equal((await answer).value, 8)
})
