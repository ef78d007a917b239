// Models on the command line, with a real kernel, and with none: pulled from a hub (ours), from a folder, used, replaced by one
// that does not come up, looked over.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.ts'
import { type FileServer, startFileServer } from '../mind/file-server.ts'
import { tinyModel, writeModel } from '../mind/tiny-model.ts'
import { batosAt, type Ran } from './command.ts'
import { type Daemon, say, startDaemon } from './daemon.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-pull-'))
const tiny = join(folder, 'tiny.gguf')
let hub: FileServer
let daemon: Daemon

const batos = (...args: string[]): Promise<Ran> => batosOn(daemon, ...args)

const batosOn = (other: Daemon, ...args: string[]): Promise<Ran> => batosAt(other, hub, ...args)

const list = async (): Promise<Record<string, unknown>[]> => (await batos('model', 'list')).json.models
const used = async () => (await list()).find((model) => model.used)?.name

before(async () => {
  writeModel(tiny, tinyModel())
  hub = await startFileServer(readFileSync(tiny))
  daemon = await startDaemon()
})
after(async () => {
  await daemon.stop()
  await hub.stop()
  rmSync(folder, { recursive: true })
})

test('takes models in, has them think, and goes back to the one before when one does not come up', async () => {
  hub.behave({ do: 'cut', after: 50_000 }, { do: 'serve' })
  const pulled = await batos('model', 'pull', 'hf:ada/minds/Tiny.gguf')
  assert.equal(pulled.status, 0, pulled.errors)
  const { name, parameters, quantisation, sha256 } = pulled.json
  assert.deepEqual([name, quantisation], ['tiny', 'F16'])
  assert.ok(parameters > 10_000)
  assert.ok(hub.asked.every(({ url }) => url === '/ada/minds/resolve/main/Tiny.gguf'))
  assert.ok(hub.asked.every(({ headers }) => headers.authorization === 'Bearer secret'))
  assert.deepEqual(readdirSync(daemon.home.models), [])

  const again = await batos('model', 'use', 'nothing')
  assert.deepEqual([again.status, again.json.error.code], [1, 'E_MODEL_UNKNOWN'])
  assert.equal((await batos('model', 'use', 'tiny')).status, 0)
  assert.equal(await used(), 'tiny')
  const status = (await say(daemon.client(), 'mind status')) as { model: { sha256: string } }
  assert.equal(status.model.sha256, sha256)
  const { findings } = (await batos('doctor')).json
  const mind = findings.find(({ what }: { what: string }) => what === 'mind')
  assert.match(mind.found, /^ready: \S+ \(no GPU, threads: \d+\)$/)

  const other = join(folder, 'other.gguf')
  writeModel(other, tinyModel(2))
  const second = await batos('model', 'pull', folder, '--name', 'second')
  assert.equal(second.json.error.code, 'E_MODEL_CHOICE')
  assert.match(second.errors, /batos.* model pull \S+other\.gguf {2}\(0\.\d MB\)/)
  const taken = await batos('model', 'pull', other, '--name', 'second')
  assert.equal(taken.status, 0, taken.errors)
  const blob = join(daemon.home.image, 'blobs', taken.json.sha256.slice(0, 2), taken.json.sha256)
  chmodSync(blob, 0o600)
  writeFileSync(blob, Buffer.concat([Buffer.from('GGML'), readFileSync(blob).subarray(4)]))
  const looked = await batos('model', 'verify')
  assert.equal(looked.status, 1)
  assert.deepEqual(
    looked.json.models.map((model: { name: string; ok: boolean }) => [model.name, model.ok]),
    [
      ['seed', true],
      ['second', false],
      ['tiny', true],
    ],
  )
  const broken = await batos('model', 'use', 'second')
  assert.equal(broken.json.error.code, 'E_MODEL_NOT_TAKEN')
  assert.match(broken.errors, /second does not come up: .*tiny goes on/)
  assert.equal(await used(), 'tiny')

  await daemon.kill('SIGTERM')
  assert.equal(await used(), 'tiny')
  await daemon.restart()
  const restarted = (await say(daemon.client(), 'mind status')) as { model?: { sha256: string } }
  assert.equal(restarted.model?.sha256 ?? sha256, sha256)
})

test('refuses what is no model before the image sees it, and says what is wrong with an address', async () => {
  const nonsense = join(folder, 'nonsense.gguf')
  writeFileSync(nonsense, 'GGUF and nothing more')
  const table: readonly (readonly [string, string])[] = [
    [nonsense, 'E_MODEL_INVALID'],
    [join(folder, 'nowhere.gguf'), 'E_FILE'],
    ['llama-3.1-8c', 'E_MODEL_ADDRESS'],
    ['hf:ada/minds/x.gguf', 'E_DOWNLOAD_REFUSED'],
  ]
  hub.behave({ do: 'answer', status: 404 })
  for (const [address, code] of table) {
    const { status, json } = await batos('model', 'pull', address)
    assert.deepEqual([status, json.error?.code], [1, code], address)
  }
  hub.behave({ do: 'answer', status: 401 })
  const gated = await batos('model', 'pull', 'hf:ada/minds/x.gguf')
  assert.equal(gated.json.error.code, 'E_MODEL_GATED')
  assert.match(gated.errors, /HF_TOKEN/)
  assert.ok((await list()).every(({ name }) => ['seed', 'tiny', 'second'].includes(String(name))))
})

test('changes the model with no kernel running too, once it is seen to come up', async () => {
  await daemon.kill('SIGTERM')
  const back = await batos('model', 'use', 'seed')
  assert.equal(back.status, 0, back.errors)
  assert.equal((await batos('model', 'use', 'second')).json.error.code, 'E_MODEL_NOT_TAKEN')
  assert.equal(await used(), 'seed')
  const config = JSON.parse(readFileSync(daemon.home.config, 'utf8')) as { model: object }
  const path = join(packageRoot, 'models', 'seed.gguf')
  assert.ok(existsSync(path))
  writeFileSync(daemon.home.config, JSON.stringify({ ...config, model: { ...config.model, path } }))
  const fixed = await batos('model', 'use', 'tiny')
  assert.equal(fixed.json.error.code, 'E_MODEL_FIXED')
  assert.match(fixed.errors, /model\.path in .*batos\.config\.json/)
})

test('does what is known without a model that can think, and doctor says why it cannot', async () => {
  const path = join(folder, 'headless.gguf')
  const model = tinyModel()
  model.metadata.delete('llama.attention.head_count')
  writeModel(path, model)
  const dull = await startDaemon({ model: { gpu: false, path } })
  try {
    const client = dull.client()
    assert.equal(await say(client, 'genesis.count = 3'), 3)
    await assert.rejects(say(client, 'genesis double: 4 => 8'), /head_count is missing/)
    const { status, json } = await batosOn(dull, 'doctor')
    assert.equal(status, 1)
    const mind = json.findings.find(({ what }: { what: string }) => what === 'mind')
    assert.equal(mind.ok, false)
    assert.match(mind.found, /^absent: .*headless\.gguf.*head_count is missing/)
    assert.match(mind.remedy, /model\.path in batos\.config\.json/)
  } finally {
    await dull.stop()
  }
})
