// The engine that asks model servers: each kind of server, spoken by a server of ours over real HTTP with the real seed mind
// behind it, then what goes wrong between. llama-server.test.ts asks a real llama-server.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { BatError } from '../../src/base/errors.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { startEngine } from '../../src/mind/engine.ts'
import type { InferRequest } from '../../src/mind/engine-messages.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import type { Inference, InferOptions } from '../../src/mind/inference.ts'
import { type RemoteEngineOptions, startRemoteEngine } from '../../src/mind/remote-engine.ts'
import { behaviours, code, endless, request, type Subject } from './engine-behaviour.ts'
import { type ModelServer, obey, startModelServer } from './model-server.ts'

const modelPath = join(packageRoot, 'models', 'seed.gguf')
const limits = { answerMs: 20_000, silentMs: 20_000, tries: 3, backOffMs: 1 }
const engines: Inference[] = []
const servers: ModelServer[] = []
let local: Inference

const start = (url: string, more: Partial<RemoteEngineOptions> = {}): Inference => {
  const engine = startRemoteEngine({ url, contextSize: 1024, limits, ...more })
  engines.push(engine)
  return engine
}
const serve = async (kind: 'llama' | 'vllm' | 'plain', more: { key?: string; adapters?: string[] } = {}) => {
  const server = await startModelServer({ kind, modelPath, engine: local, ...more })
  servers.push(server)
  return server
}

before(() => {
  local = startEngine({ modelPath, gpu: false, threads: 1 })
})
after(async () => {
  await Promise.all(engines.map((engine) => engine.stop()))
  await Promise.all(servers.map((server) => server.stop()))
  await local.stop()
})

for (const kind of ['llama', 'vllm', 'plain'] as const)
  describe(`a server that speaks as ${kind} does`, () => {
    const subject = { limit: 320, counts: kind !== 'plain' } as {
      -readonly [Key in keyof Subject]: Subject[Key]
    }
    before(async () => {
      const engine = start((await serve(kind)).url, { contextSize: 320 })
      subject.engine = kind === 'plain' ? obeyed(engine) : engine
      assert.equal((await engine.ready()).state, 'ready')
    })
    for (const [title, run] of behaviours) test(title, () => run(subject))

    test('gives the text that our own engine gives', async () => {
      const [there, here] = [await subject.engine.infer(request()), await local.infer(request())]
      assert.deepEqual(
        [there.text, there.tokensIn, there.tokensOut],
        [here.text, here.tokensIn, here.tokensOut],
      )
    })
  })

/** A plain server takes no grammar; its model is told beforehand what to obey. */
function obeyed(engine: Inference): Inference {
  return {
    infer: (asked: InferRequest, options?: InferOptions) => {
      obey(asked.grammar)
      return engine.infer(asked, options)
    },
    prepare: (adapter) => engine.prepare(adapter),
    status: () => engine.status(),
    ready: () => engine.ready(),
    stop: () => engine.stop(),
  }
}

test('sends a llama-server ids, the grammar and the seed, and asks for the tokens of a text once', async () => {
  const server = await serve('llama')
  const engine = start(`${server.url}/v1/`)
  const grammar = 'root ::= "return 1" "\\n"'
  await engine.infer(request({ grammar }))
  const before = server.asked.length
  await engine.infer(request({ grammar }))
  const [last, ...more] = server.asked.slice(before)
  assert.deepEqual(more, [])
  assert.equal(last?.path, '/v1/completions')
  const { prompt, ...body } = last.body
  assert.ok(Array.isArray(prompt) && prompt.every(Number.isInteger))
  const { seed, max_tokens, top_k, top_p, stream } = body
  assert.deepEqual(
    { seed, max_tokens, top_k, top_p, stream },
    { seed: 7, max_tokens: 40, top_k: 40, top_p: 1, stream: true },
  )
  assert.equal(body.grammar, grammar)
})

test('tries again what may go well, and says what is lost when it does not', async () => {
  const server = await serve('vllm')
  const engine = start(server.url)
  const expected = (await engine.infer(request())).text
  server.misbehave({ do: 'answer', status: 503 }, { do: 'answer', status: 429 })
  assert.equal((await engine.infer(request())).text, expected)
  server.misbehave({ do: 'cut', after: 0 })
  assert.equal((await engine.infer(request())).text, expected)
  const handed: string[] = []
  server.misbehave({ do: 'cut', after: 2 })
  const broken = engine.infer(request(), { onToken: (text) => handed.push(text) })
  await assert.rejects(broken, (thrown) => {
    assert.ok(code('E_SERVER_LOST')(thrown) && (thrown as BatError).retryable)
    return true
  })
  assert.ok(handed.length > 0)
  assert.equal(engine.status().state, 'down')
  assert.equal((await engine.infer(request())).text, expected)
  assert.equal(engine.status().state, 'ready')
  server.misbehave(...Array.from({ length: 3 }, () => ({ do: 'answer', status: 500 }) as const))
  await assert.rejects(engine.infer(request()), code('E_SERVER_LOST'))
})

test('does not wait for ever for a server that falls silent', async () => {
  const server = await serve('plain')
  const engine = start(server.url, { limits: { ...limits, silentMs: 100, tries: 1 } })
  server.misbehave({ do: 'stall', after: 1 })
  await assert.rejects(engine.infer(request({ prefill: '' })), /says nothing/)
})

test('refuses what the server refuses, with its words', async () => {
  const server = await serve('vllm')
  const engine = start(server.url)
  server.misbehave({ do: 'answer', status: 422, body: '{"error":{"message":"no such thing"}}' })
  await assert.rejects(engine.infer(request()), (thrown) => {
    assert.ok(code('E_ENGINE_REFUSED')(thrown) && !(thrown as BatError).retryable)
    assert.match((thrown as BatError).message, /422 no such thing/)
    return true
  })
  server.misbehave({ do: 'shorten' })
  await assert.rejects(engine.infer(request()), /took \d+ of the \d+ tokens/)
})

test('makes the answers of a server without grammars fit, or says that they do not', async () => {
  const server = await serve('plain')
  const engine = start(server.url)
  const asked = request({ grammar: 'root ::= "return a" "\\n"?' })
  for (const text of [
    'return a',
    '```js\nreturn a\n```',
    `${asked.prefill}return a`,
    'Sure!\n```\nreturn a\n```\nWell?',
  ]) {
    server.misbehave({ do: 'say', text })
    const pieces: string[] = []
    const result = await engine.infer(asked, { onToken: (piece) => pieces.push(piece) })
    assert.equal(result.text.trim(), 'return a')
    assert.equal(pieces.join(''), result.text)
  }
  server.misbehave({ do: 'say', text: 'I cannot do that.' })
  await assert.rejects(engine.infer(asked), code('E_ANSWER_FORM'))
  const schema = { name: 'plan', schema: { type: 'object' } }
  server.misbehave({ do: 'say', text: 'return a' })
  await engine.infer({ ...asked, schema })
  assert.deepEqual(server.asked.at(-1)?.body.response_format, {
    type: 'json_schema',
    json_schema: { ...schema, strict: true },
  })
})

test('asks for adapters by number, by model or not at all', async () => {
  const sha256 = await sha256OfFile(modelPath)
  const adapter = { path: '/home/adapters/brick.gguf', sha256, scale: 1 }
  const llama = await serve('llama', { adapters: ['robin', 'brick'] })
  const engine = start(llama.url)
  assert.equal((await engine.infer(request({ adapter: { ...adapter, scale: 0.5 } }))).adapter, sha256)
  const lora = () => llama.asked.at(-1)?.body.lora
  assert.deepEqual(lora(), [
    { id: 0, scale: 0 },
    { id: 1, scale: 0.5 },
  ])
  await engine.infer(request())
  assert.deepEqual(lora(), [
    { id: 0, scale: 0 },
    { id: 1, scale: 0 },
  ])
  await assert.rejects(
    engine.infer(request({ adapter: { ...adapter, path: '/x/other.gguf' } })),
    /robin, brick/,
  )
  const vllm = await serve('vllm', { adapters: ['BRICK'] })
  const other = start(vllm.url)
  await other.infer(request({ adapter }))
  assert.equal(vllm.asked.at(-1)?.body.model, 'BRICK')
  await assert.rejects(other.infer(request({ adapter: { ...adapter, scale: 0.5 } })), code('E_INFER_REQUEST'))
})

test('gives its key, and is absent with the reason when the server or the model refuses it', async () => {
  const server = await serve('plain', { key: 'secret' })
  assert.equal((await start(server.url, { key: 'secret' }).ready()).state, 'ready')
  const stranger = await start(server.url).ready()
  assert.equal(stranger.state, 'absent')
  assert.match(stranger.reason ?? '', /401 Invalid API Key/)
  const unknown = start(server.url, { key: 'secret', name: 'sead' })
  await assert.rejects(unknown.infer(request()), (thrown) => {
    assert.ok(code('E_ENGINE_REFUSED')(thrown))
    assert.match((thrown as BatError).remedy ?? '', /did you mean seed\?/)
    return true
  })
})

test('is down while nobody listens, and ends what waits when it is stopped', async () => {
  const server = await serve('llama')
  await server.stop()
  servers.splice(servers.indexOf(server), 1)
  const engine = start(server.url)
  const status = await engine.ready()
  assert.equal(status.state, 'down')
  assert.match(status.reason ?? '', /ECONNREFUSED/)
  await assert.rejects(engine.infer(request()), code('E_SERVER_LOST'))
  const slow = await serve('vllm')
  const stopped = start(slow.url)
  await stopped.ready()
  const failure = assert.rejects(stopped.infer(request(endless)), code('E_ENGINE_STOPPED'))
  await stopped.stop()
  await failure
  assert.equal(stopped.status().state, 'stopped')
})
