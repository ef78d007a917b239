// Models pulled on the command line by every kind of address, from a hub of ours, the web and a folder, into a real image.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type FileServer, startFileServer } from '../mind/file-server.ts'
import { tinyModel, writeModel } from '../mind/tiny-model.ts'
import { batosAt, type Ran } from './command.ts'
import { type Daemon, startDaemon } from './daemon.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-addresses-'))
const tiny = join(folder, 'tiny.gguf')
let hub: FileServer
let daemon: Daemon

const pull = (...args: string[]): Promise<Ran> => batosAt(daemon, hub, 'model', 'pull', ...args)

/** What the hub lists of a file that it has. */
const listed = (path: string, oid = createHash('sha256').update(hub.content).digest('hex')) => ({
  ...{ type: 'file', path, size: hub.content.length },
  lfs: { oid, size: hub.content.length },
})
const lastAsked = () => {
  const { url, headers } = hub.asked.at(-1)!
  return { url, authorization: headers.authorization, range: headers.range }
}

before(async () => {
  writeModel(tiny, tinyModel())
  hub = await startFileServer(readFileSync(tiny))
  const readme = { type: 'file', path: 'README.md', size: 100 }
  const split = listed('Mind-Q4_K_M-00001-of-00002.gguf')
  const minds = [listed('Mind-Q8_0.gguf', 'f'.repeat(64)), listed('deep/Mind-Q4_K_M.gguf'), split, readme]
  hub.lists.set('/api/models/ada/minds/tree/main', minds)
  hub.lists.set('/api/models/ada/single/tree/main', [readme, listed('Single.gguf'), listed('mmproj.gguf')])
  daemon = await startDaemon()
})
beforeEach(() => hub.behave({ do: 'serve' }))
after(async () => {
  await daemon.stop()
  await hub.stop()
  rmSync(folder, { recursive: true })
})

test('takes the one model of a repository that is meant, and names them where there are several', async () => {
  const like = await pull('hf:ada/minds:q4')
  assert.equal(like.json.name, 'mind-q4_k_m', like.errors)
  assert.equal(lastAsked().url, '/ada/minds/resolve/main/deep/Mind-Q4_K_M.gguf')
  const single = await pull('hf:ada/single')
  assert.equal(single.json.name, 'single', single.errors)
  for (const address of ['hf:ada/minds', 'hf:ada/minds:mind', 'hf:ada/minds:Q2']) {
    const { json, errors } = await pull(address)
    assert.equal(json.error.code, 'E_MODEL_CHOICE', address)
    assert.match(errors, /model pull hf:ada\/minds\/Mind-Q8_0\.gguf {2}\(0\.\d MB\)/)
    assert.match(errors, /model pull hf:ada\/minds\/deep\/Mind-Q4_K_M\.gguf {2}\(0\.\d MB\)/)
    assert.doesNotMatch(errors, /00001-of/)
  }
})

test('refuses a file of a repository that is not what the hub lists', async () =>
  assert.equal((await pull('hf:ada/minds:Q8')).json.error.code, 'E_CHECKSUM'))

test('takes a model from the web, with no key of the hub, and from a folder that has one', async () => {
  const web = await pull(`${hub.origin}/deep/Web%20Mind.gguf?download=1`)
  assert.equal(web.json.name, 'web-mind', web.errors)
  const wanted = { url: '/deep/Web%20Mind.gguf?download=1', authorization: undefined, range: undefined }
  assert.deepEqual(lastAsked(), wanted)
  mkdirSync(join(folder, 'one'))
  copyFileSync(tiny, join(folder, 'one', 'Folded.gguf'))
  const folded = await pull(join(folder, 'one'))
  assert.deepEqual([folded.json.name, folded.json.sha256], ['folded', web.json.sha256], folded.errors)
})

test('ends a download that takes longer than it may, and goes on from there when asked again', async () => {
  hub.behave({ do: 'stall', after: 50_000 }, { do: 'serve' })
  const command = ['hf:ada/minds/Slow.gguf', '--timeout'] as const
  const ended = await pull(...command, '4')
  assert.equal(ended.json.error.code, 'E_DOWNLOAD_STOPPED', ended.errors)
  assert.match(ended.errors, /stopped at 50000 bytes: 4 s are over/)
  const done = await pull(...command, '600')
  assert.equal(done.json.name, 'slow', done.errors)
  assert.equal(lastAsked().range, 'bytes=50000-')
})
