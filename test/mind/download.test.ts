// Downloads from a real server over real sockets that breaks off, stalls, lies and changes its mind.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { type Download, type DownloadProgress, download } from '../../src/mind/download.ts'
import { type FileServer, startFileServer } from './file-server.ts'

const size = 300_000
const contentOf = (seed: number) => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * seed) >> 3))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const folder = mkdtempSync(join(tmpdir(), 'batos-download-'))
let server: FileServer
let other: FileServer
let file: string
let count = 0

before(async () => {
  server = await startFileServer(contentOf(7))
  other = await startFileServer(contentOf(7))
})
beforeEach(() => {
  file = join(folder, `${++count}.gguf`)
  server.behave({ do: 'serve' })
  server.etag = 'strong'
  server.content = contentOf(7)
  server.asked.length = 0
  other.asked.length = 0
})
afterEach(() => rmSync(`${file}.part`, { force: true }))
after(async () => {
  await Promise.all([server.stop(), other.stop()])
  rmSync(folder, { recursive: true })
})

const fetchIt = (change: Partial<Download> = {}) =>
  download({
    url: server.url,
    file,
    ...change,
    limits: { backOffMs: 1, silentMs: 5_000, tries: 4, enough: 1000, ...change.limits },
  })
const fails = (code: string, problem: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof BatError, String(thrown))
  assert.equal(thrown.code, code)
  assert.match(thrown.message, problem)
  return true
}
function isWhole(expected = server.content): void {
  assert.ok(readFileSync(file).equals(expected))
  assert.ok(!existsSync(`${file}.part`))
  assert.ok(!existsSync(`${file}.part.json`))
}
const ranges = () => server.asked.map(({ headers }) => headers.range)

test('fetches a file, tells how far it is, and what its digest is', async () => {
  const told: DownloadProgress[] = []
  const done = await fetchIt({ onProgress: (progress) => told.push(progress) })
  isWhole()
  assert.deepEqual(done, { file, size, sha256: sha256(server.content), promised: false })
  const fetching = told.filter(({ step }) => step === 'fetching')
  assert.deepEqual(fetching.at(-1), { step: 'fetching', done: size, total: size })
  assert.ok(fetching.every((each, i) => i === 0 || each.done > fetching[i - 1]!.done))
  assert.deepEqual(told.at(-1), { step: 'checking', done: size, total: size })
})

test('goes on where the connection was cut, as often as it is cut', async () => {
  server.behave(
    { do: 'cut', after: 50_000 },
    { do: 'cut', after: 100_000 },
    { do: 'cut', after: 50_000 },
    { do: 'serve' },
  )
  await fetchIt()
  isWhole()
  const [first, ...later] = ranges()
  assert.equal(first, undefined)
  assert.equal(later.length, 3)
  // What was under way when the connection broke may be lost, the first piece too.
  assert.match(later.at(-1) ?? '', /^bytes=\d+-$/)
})

test('goes on with what an earlier process left', async () => {
  server.behave({ do: 'cut', after: 120_000 })
  await assert.rejects(fetchIt({ limits: { tries: 1 } }), fails('E_DOWNLOAD_STOPPED', /at \d+ bytes/))
  const kept = statSync(`${file}.part`).size
  assert.ok(kept > 0)
  server.behave({ do: 'serve' })
  await fetchIt()
  isWhole()
  assert.equal(ranges().at(-1), `bytes=${kept}-`)
})

test('asks for nothing again when the part was whole already', async () => {
  const etag = `"${sha256(server.content).slice(0, 16)}"`
  writeFileSync(`${file}.part`, server.content)
  writeFileSync(`${file}.part.json`, JSON.stringify({ url: server.url, validator: etag, size }))
  const told: number[] = []
  await fetchIt({ onProgress: ({ step, done }) => step === 'fetching' && told.push(done) })
  isWhole()
  assert.deepEqual(told, [])
})

test('begins anew when the file changed, instead of gluing two halves together', async () => {
  server.behave({ do: 'cut', after: 120_000 })
  await assert.rejects(fetchIt({ limits: { tries: 1 } }), BatError)
  server.content = contentOf(11)
  server.behave({ do: 'serve' })
  await fetchIt()
  isWhole(contentOf(11))
})

test('begins anew where the server takes no ranges, sends another one, or gives nothing to know the file by', async () => {
  for (const behaviour of ['whole', 'elsewhere'] as const) {
    server.behave({ do: 'cut', after: 90_000 }, { do: behaviour }, { do: 'serve' })
    await fetchIt()
    isWhole()
    rmSync(file)
  }
  for (const etag of ['weak', 'none'] as const) {
    server.etag = etag
    server.asked.length = 0
    server.behave({ do: 'cut', after: 90_000 }, { do: 'serve' })
    await fetchIt()
    isWhole()
    assert.deepEqual(ranges(), [undefined, undefined])
    rmSync(file)
  }
})

test('begins anew when the server has fewer bytes than came before', async () => {
  server.behave({ do: 'cut', after: 120_000 }, { do: 'answer', status: 416 }, { do: 'serve' })
  await fetchIt()
  isWhole()
})

test('gives up on a server that only ever cuts, stalls or promises more than it has, and keeps the part', async () => {
  server.behave({ do: 'cut', after: 10_000 }, { do: 'cut', after: 0 })
  await assert.rejects(fetchIt(), fails('E_DOWNLOAD_STOPPED', /stopped at \d+ bytes/))
  assert.ok([4, 5].includes(server.asked.length))
  assert.ok(existsSync(`${file}.part`))
  server.behave({ do: 'stall', after: 10 })
  await assert.rejects(
    fetchIt({ limits: { silentMs: 50, tries: 2 } }),
    fails('E_DOWNLOAD_STOPPED', /said nothing for 50 ms/),
  )
  server.behave({ do: 'lie', length: size + 5000 })
  await assert.rejects(fetchIt({ limits: { tries: 2 } }), fails('E_DOWNLOAD_STOPPED', /./))
  assert.ok(!existsSync(file))
})

test('does not take a file for whole that is shorter than was promised elsewhere', async () => {
  server.behave({ do: 'lie', length: 1000 })
  await assert.rejects(fetchIt({ size }), fails('E_DOWNLOAD_REFUSED', /1000 bytes instead of 300000/))
  server.behave({ do: 'chunked' })
  await assert.rejects(fetchIt({ size: size + 1, limits: { tries: 1 } }), /300000 of 300001 bytes/)
  assert.ok(!existsSync(file))
})

test('takes a file whose length nobody says', async () => {
  server.behave({ do: 'chunked' })
  await fetchIt()
  isWhole()
})

test('keeps a file with the wrong checksum aside', async () => {
  const expected = 'a'.repeat(64)
  await assert.rejects(fetchIt({ sha256: expected }), (thrown) => {
    fails('E_CHECKSUM', /SHA-256 [0-9a-f]{64} instead of a{64}/)(thrown)
    assert.match((thrown as BatError).remedy ?? '', /\.wrong/)
    return true
  })
  assert.ok(!existsSync(file))
  assert.ok(readFileSync(`${file}.wrong`).equals(server.content))
  await fetchIt({ sha256: sha256(server.content) })
  isWhole()
})

test('follows redirects, believes the digest told on the way, and gives the key to the first server only', async () => {
  const headers = { 'x-linked-etag': `"${'b'.repeat(64)}"` }
  server.behave({ do: 'redirect', to: other.url, headers })
  const key = { authorization: 'Bearer secret' }
  await assert.rejects(fetchIt({ headers: key }), fails('E_CHECKSUM', /instead of b{64}/))
  assert.equal(server.asked[0]!.headers.authorization, 'Bearer secret')
  assert.equal(other.asked[0]!.headers.authorization, undefined)
  const right = { 'x-linked-etag': `"${sha256(other.content)}"` }
  server.behave({ do: 'redirect', to: '/elsewhere' }, { do: 'redirect', to: other.url, headers: right })
  assert.equal((await fetchIt({ headers: key })).promised, true)
  isWhole()
  assert.ok(server.asked.every(({ headers }) => headers.authorization === 'Bearer secret'))
  server.behave({ do: 'redirect', to: server.url })
  await assert.rejects(fetchIt({ limits: { tries: 1 } }), /more than 10 redirects/)
})

test('says at once what trying again would not change', async () => {
  server.behave({ do: 'answer', status: 404 })
  await assert.rejects(fetchIt(), fails('E_DOWNLOAD_REFUSED', /there is no such file \(404\)/))
  for (const status of [401, 403]) {
    server.behave({ do: 'answer', status })
    await assert.rejects(fetchIt(), (thrown) => {
      fails('E_MODEL_GATED', new RegExp(String(status)))(thrown)
      assert.match((thrown as BatError).remedy ?? '', /HF_TOKEN/)
      return true
    })
  }
  server.behave({ do: 'answer', status: 401, headers: { 'x-error-code': 'RepoNotFound' } })
  await assert.rejects(fetchIt(), fails('E_DOWNLOAD_REFUSED', /no such file/))
  assert.equal(server.asked.length, 4)
})

test('tries again after 429 and 5xx, and gives up after a while', async () => {
  server.behave(
    { do: 'answer', status: 503 },
    { do: 'answer', status: 429, headers: { 'retry-after': '0' } },
    { do: 'serve' },
  )
  await fetchIt()
  isWhole()
  server.behave({ do: 'answer', status: 500 })
  server.asked.length = 0
  await assert.rejects(fetchIt({ file: `${file}2` }), fails('E_DOWNLOAD_STOPPED', /answers 500/))
  assert.equal(server.asked.length, 4)
})

test('says what is wrong when nobody listens', async () => {
  const gone = await startFileServer(Buffer.alloc(0))
  await gone.stop()
  await assert.rejects(
    fetchIt({ url: gone.url, limits: { tries: 2 } }),
    fails('E_UNREACHABLE', /^127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/),
  )
})

test('stops when it is told to, and goes on later', async () => {
  const ending = new AbortController()
  server.behave({ do: 'stall', after: 40_000 })
  const stopped = fetchIt({
    signal: ending.signal,
    onProgress: ({ done }) => done >= 40_000 && ending.abort(new Error('enough')),
  })
  await assert.rejects(stopped, /enough/)
  server.behave({ do: 'serve' })
  await fetchIt()
  isWhole()
  assert.equal(ranges().at(-1), 'bytes=40000-')
})

test('looks for room before it begins', async () => {
  server.behave({ do: 'lie', length: 1e15 })
  await assert.rejects(fetchIt(), fails('E_NO_ROOM', /bytes free, 1000000000000000 are needed/))
  assert.ok(!existsSync(`${file}.part`))
})
