import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { hubFiles, hubFileUrl, hubOf } from '../../src/mind/hub.ts'
import { modelNameOf, parseModelAddress } from '../../src/mind/model-address.ts'

const sha256 = 'c'.repeat(64)
const gguf = (path: string, size: number) => ({ type: 'file', path, size, lfs: { oid: sha256, size } })
const asked: { url: string; authorization: string | undefined }[] = []
let endpoint = ''

const server = createServer((request, response) => {
  const { url = '', headers } = request
  asked.push({ url, authorization: headers.authorization })
  const json = (value: unknown, more = {}) =>
    response.writeHead(200, { 'content-type': 'application/json', ...more }).end(JSON.stringify(value))
  if (url.startsWith('/api/models/ada/minds/tree/main'))
    return url.includes('cursor')
      ? json([gguf('deep/b-Q4_K_M.gguf', 500)])
      : json(
          [gguf('b-Q8_0.gguf', 900), { type: 'file', path: 'README.md', size: 1 }, { type: 'directory' }],
          { link: `<${endpoint}/api/models/ada/minds/tree/main?recursive=true&cursor=2>; rel="next"` },
        )
  const again = asked.filter((each) => each.url === url).length > 2
  if (url.includes('later') && again) return json([gguf('late.gguf', 7)])
  const status = url.includes('later')
    ? 429
    : url.includes('gated')
      ? 403
      : url.includes('busy')
        ? 503
        : url.includes('odd')
          ? 200
          : 404
  return response.writeHead(status).end('<html>')
})

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
after(() => server.close())

const code = (wanted: string) => (thrown: unknown) => thrown instanceof BatError && thrown.code === wanted

test('reads the addresses of models', () => {
  const hub = (repository: string, more = {}) => ({ kind: 'hub', repository, revision: 'main', ...more })
  const table: readonly (readonly [string, object])[] = [
    ['models/seed.gguf', { kind: 'path', path: 'models/seed.gguf' }],
    ['./llama', { kind: 'path', path: './llama' }],
    ['hf:ada/minds', hub('ada/minds')],
    ['hf:ada/minds.v2-GGUF/deep/b.gguf', hub('ada/minds.v2-GGUF', { file: 'deep/b.gguf' })],
    ['hf:ada/minds:Q4_K_M#v2', hub('ada/minds', { like: 'Q4_K_M', revision: 'v2' })],
    [
      'Llama-3.1-8B',
      hub('bartowski/Meta-Llama-3.1-8B-Instruct-GGUF', { like: 'Q4_K_M', name: 'llama-3.1-8b' }),
    ],
    [
      'https://example.org/a%20b/Mind.Q8.gguf?x=1',
      { kind: 'url', url: 'https://example.org/a%20b/Mind.Q8.gguf?x=1', name: 'mind.q8' },
    ],
  ]
  for (const [text, address] of table) assert.deepEqual(parseModelAddress(text), address)
  assert.equal(modelNameOf('/x/My Mind (2).GGUF'), 'my-mind-2-')
})

test('refuses addresses that name nothing, with what may be written', () => {
  for (const text of ['', 'hf:', 'hf:ada', 'hf:ada/minds/readme.md', 'hf:../../x', 'hf:a/b/../c.gguf'])
    assert.throws(() => parseModelAddress(text), code('E_MODEL_ADDRESS'), text)
  for (const text of ['ftp://x/y.gguf', 'https://ada:secret@example.org/x.gguf', 'http://'])
    assert.throws(() => parseModelAddress(text), code('E_MODEL_ADDRESS'), text)
})

test('lists the models of a repository over all pages, smallest first, with their digests', async () => {
  const hub = hubOf({ HF_ENDPOINT: `${endpoint}/`, HF_TOKEN: 'secret' })
  assert.deepEqual(await hubFiles(hub, 'ada/minds', { revision: 'main' }), [
    { path: 'deep/b-Q4_K_M.gguf', size: 500, sha256 },
    { path: 'b-Q8_0.gguf', size: 900, sha256 },
  ])
  assert.ok(asked.every(({ authorization }) => authorization === 'Bearer secret'))
  assert.equal(
    hubFileUrl(hub, 'ada/minds', 'refs/pr/1', 'deep/b Q4.gguf'),
    `${endpoint}/ada/minds/resolve/refs%2Fpr%2F1/deep/b%20Q4.gguf`,
  )
})

test('asks a hub again that has too much to do at the moment', async () => {
  assert.deepEqual(await hubFiles({ endpoint }, 'ada/later', { revision: 'main', backOffMs: 1 }), [
    { path: 'late.gguf', size: 7, sha256 },
  ])
})

test('says why a repository cannot be listed', async () => {
  const hub = { endpoint }
  const list = (repository: string) => hubFiles(hub, repository, { revision: 'main', backOffMs: 1 })
  await assert.rejects(list('ada/nothing'), code('E_DOWNLOAD_REFUSED'))
  await assert.rejects(list('ada/gated'), code('E_MODEL_GATED'))
  await assert.rejects(list('ada/busy'), code('E_DOWNLOAD_STOPPED'))
  await assert.rejects(list('ada/odd'), code('E_DOWNLOAD_STOPPED'))
  const nobody = { endpoint: 'http://hub.invalid' }
  await assert.rejects(hubFiles(nobody, 'ada/minds', { revision: 'main' }), {
    code: 'E_UNREACHABLE',
    message: /^hub\.invalid cannot be reached: /,
  })
})
