// The engine that asks model servers, and a real llama-server: the program that BATOS_LLAMA_SERVER names
// (scripts/llama-server.mjs builds one). What it writes must be what our own engine writes, token by token.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.ts'
import { startEngine } from '../../src/mind/engine.ts'
import type { Adapter } from '../../src/mind/engine-messages.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import type { Inference } from '../../src/mind/inference.ts'
import { startRemoteEngine } from '../../src/mind/remote-engine.ts'
import { behaviours, code, endless, request, type Subject } from './engine-behaviour.ts'
import { tinyAdapter, writeModel } from './tiny-model.ts'

const program = process.env.BATOS_LLAMA_SERVER
const modelPath = join(packageRoot, 'models', 'seed.gguf')
const shape = { embedding: 192, layers: 5 }
const limits = { answerMs: 20_000, silentMs: 20_000, tries: 8, backOffMs: 50 }

describe('a real llama-server', {
  skip: program === undefined && 'scripts/llama-server.mjs builds one and runs this',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'batos-llama-server-'))
  const subject = { limit: 512, counts: true } as { -readonly [Key in keyof Subject]: Subject[Key] }
  const adapters: Adapter[] = []
  let server: ChildProcess
  let local: Inference
  let said = ''

  before(async () => {
    for (const [seed, name] of [
      [7, 'brick'],
      [8, 'robin'],
    ] as const) {
      const path = join(folder, `${name}.gguf`)
      writeModel(path, tinyAdapter(seed, shape, ['attn_q', 'attn_output']))
      adapters.push({ path, sha256: await sha256OfFile(path), scale: 1 })
    }
    local = startEngine({ modelPath, gpu: false, threads: 1 })
    const port = await freePort()
    const place = [
      '--port',
      String(port),
      '--ctx-size',
      '2048',
      '--parallel',
      '2',
      '--threads',
      '1',
      '--no-ui',
    ]
    const lora = ['--lora-init-without-apply', '--lora', adapters.map(({ path }) => path).join(',')]
    server = spawn(program!, ['--model', modelPath, ...place, ...lora], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [server.stdout!, server.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000)
      })
    const engine = startRemoteEngine({ url: `http://127.0.0.1:${port}`, contextSize: 512, limits })
    subject.engine = engine
    while ((await engine.ready()).state !== 'ready') {
      assert.equal(server.exitCode, null, said)
      await engine.infer(request({ maxTokens: 1 })).catch(() => {})
    }
  })
  after(async () => {
    await subject.engine.stop()
    await local.stop()
    if (server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit')
      server.kill()
      await ended
    }
    rmSync(folder, { recursive: true })
  })

  for (const [title, run] of behaviours) test(title, () => run(subject))

  test('writes what our own engine writes, from as many tokens, to as many', async () => {
    for (const asked of [
      request({ temperature: 0 }),
      request({ temperature: 0, grammar: 'root ::= [a-z ]{20}' }),
      request({
        temperature: 0,
        prefill: '',
        messages: [{ role: 'user', content: ' é\n\n<|eot_id|> 12345 ' }],
      }),
    ]) {
      const [there, here] = [await subject.engine.infer(asked), await local.infer(asked)]
      assert.deepEqual(
        [there.text, there.tokensIn, there.tokensOut, there.stopReason],
        [here.text, here.tokensIn, here.tokensOut, here.stopReason],
      )
    }
  })

  test('keeps the beginning that prompts share in its cache, and writes the same with it', async () => {
    const asked = (word: string) =>
      request({
        messages: [
          { role: 'system', content: 'You write methods of objects. '.repeat(12) },
          { role: 'user', content: word },
        ],
        ...{ temperature: 0, maxTokens: 20 },
      })
    const first = await subject.engine.infer(asked('one'))
    const other = await subject.engine.infer(asked('two'))
    assert.ok(other.tokensReused > 60, `${other.tokensReused} tokens`)
    assert.equal((await subject.engine.infer(asked('one'))).text, first.text)
  })

  test('answers several at once as it answers each alone', async () => {
    const all = [1, 2, 3, 4, 5].map((seed) => request({ seed, temperature: 0, maxTokens: 5 + seed }))
    const together = await Promise.all(all.map((asked) => subject.engine.infer(asked)))
    for (const [i, asked] of all.entries()) assert.equal(together[i]!.text, (await local.infer(asked)).text)
  })

  test('puts adapters on by the names of their files, one request at a time', async () => {
    const asked = request({ temperature: 0, grammar: 'root ::= [a-z ]{30}' })
    const [brick, robin] = adapters as [Adapter, Adapter]
    const texts = new Set<string>()
    for (const adapter of [undefined, brick, undefined, robin, { ...brick, scale: 0.5 }, brick]) {
      const whole = adapter ? { ...asked, adapter } : asked
      const [there, here] = [await subject.engine.infer(whole), await local.infer(whole)]
      assert.equal(there.text, here.text)
      assert.equal(there.adapter, adapter?.sha256)
      texts.add(there.text)
    }
    assert.equal(texts.size, 4)
    const unknown = { ...brick, path: join(folder, 'alfred.gguf'), sha256: '0'.repeat(64) }
    await assert.rejects(subject.engine.infer({ ...asked, adapter: unknown }), /brick, robin/)
  })

  test('is lost when it is killed', async () => {
    const running = subject.engine.infer(request({ ...endless, maxTokens: 400 }), {
      onToken: () => server.kill('SIGKILL'),
    })
    await assert.rejects(running, code('E_SERVER_LOST'))
    assert.equal(subject.engine.status().state, 'down')
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
