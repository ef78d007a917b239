// The engine with a real model (tiny, random weights) in a real process.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BatError } from '../../src/base/errors.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { Bpe } from '../../src/mind/bpe.ts'
import {
  type Engine,
  type EngineEvent,
  type EngineOptions,
  type InferRequest,
  startEngine,
} from '../../src/mind/engine.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { encodePrompt } from '../../src/mind/llama-chat.ts'
import { behaviours, code, endless, request } from './engine-behaviour.ts'
import { tinyAdapter, tinyKQuantModel, tinyModel, tinyVocabulary, writeModel } from './tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-engine-'))
const modelPath = join(folder, 'tiny.gguf')
const adapterPath = join(folder, 'adapter.gguf')
const engines: Engine[] = []
let engine: Engine
/** Has one cache only, and so must take turns with it. */
let narrow: Engine

const start = (options: Partial<EngineOptions> = {}): Engine => {
  const started = startEngine({ modelPath, gpu: false, threads: 1, ...options })
  engines.push(started)
  return started
}

before(async () => {
  writeModel(modelPath, tinyModel())
  writeModel(adapterPath, tinyAdapter())
  engine = start()
  narrow = start({ parallel: 1 })
  const { state } = await engine.ready()
  assert.equal(state, 'ready')
})

after(async () => {
  await Promise.all(engines.map((each) => each.stop()))
  rmSync(folder, { recursive: true })
})

for (const [title, run] of behaviours) test(title, () => run({ engine, limit: 1024, counts: true }))

test('tells its model, threads and process', async () => {
  const { model, gpu, threads, restarts, pid } = engine.status()
  assert.equal(model?.sha256, await sha256OfFile(modelPath))
  assert.deepEqual([gpu, threads, restarts, model?.contextSize], [false, 1, 0, 1024])
  assert.ok(pid !== undefined && pid !== process.pid)
})

test('leaves one processor to the others where it is not told how many threads to take', async () => {
  const usual = startEngine({ modelPath: undefined })
  assert.equal(usual.status().threads, Math.max(1, availableParallelism() - 1))
  await usual.stop()
})

test('refuses a GPU by name that is not there, and never takes another instead', async () => {
  const wanted = process.platform === 'darwin' ? 'cuda' : 'metal'
  const { state, gpu, reason } = await start({ gpu: wanted }).ready()
  assert.deepEqual([state, gpu], ['absent', false])
  assert.match(reason ?? '', new RegExp(`cannot run here.*${wanted}`))
})

test('counts the tokens of the prompt as training does', async () => {
  const bpe = new Bpe(tinyVocabulary())
  const { messages, prefill, ...rest } = request({
    messages: [
      { role: 'system', content: ' the number' },
      { role: 'user', content: "\n\nit's <|eot_id|> été 12345\n" },
    ],
  })
  const { tokensIn } = await engine.infer({ messages, prefill, ...rest } as InferRequest)
  assert.equal(tokensIn, encodePrompt(bpe, messages, prefill).length)
})

test('streams characters whole that have several tokens', async () => {
  const pieces: string[] = []
  const asked = request({ grammar: 'root ::= [é-ü€😀-😏]{12}', maxTokens: 60, temperature: 1 })
  const { text } = await engine.infer(asked, { onToken: (piece) => pieces.push(piece) })
  assert.equal(pieces.join(''), text)
  assert.match(text, /^[é-ü€😀-😏]{12}$/u)
})

test('gives the same text whether the beginning was in the cache or not, alone or among others', async () => {
  const shared = 'You write methods of objects, each one a function. '.repeat(8)
  const requests = ['one', 'two', 'three'].map((word, seed) =>
    request({
      messages: [
        { role: 'system', content: shared },
        { role: 'user', content: `genesis\n${word} ${'x'.repeat(20 * seed)}` },
      ],
      ...{ seed, temperature: 1.3, maxTokens: 80, grammar: 'root ::= [a-z \\n]{80}' },
    }),
  )
  const reused = []
  for (const each of [requests[0]!, ...requests]) reused.push(await engine.infer(each))
  assert.ok(reused.slice(1).every((result) => result.tokensReused > 100))
  for (const [i, each] of requests.entries()) {
    const result = await narrow.infer(each)
    assert.equal(result.tokensReused, 0)
    assert.equal(result.text, reused[i + 1]!.text)
    await narrow.infer(request({ messages: [{ role: 'user', content: 'z '.repeat(100) }] }))
  }
  const together = await Promise.all([...requests, ...requests].map((each) => engine.infer(each)))
  for (const [i, result] of together.entries()) assert.equal(result.text, reused[(i % 3) + 1]!.text)
})

test('never answers from the cache of another adapter', async () => {
  const adapter = { path: adapterPath, sha256: await sha256OfFile(adapterPath), scale: 1 }
  const long = request({ messages: [{ role: 'user', content: 'method '.repeat(60) }], temperature: 0 })
  const texts = []
  for (const with_ of [
    undefined,
    adapter,
    undefined,
    adapter,
    { ...adapter, scale: 0 },
    { ...adapter, scale: 3 },
  ]) {
    const result = await narrow.infer(with_ ? { ...long, adapter: with_ } : long)
    assert.equal(result.adapter, with_?.sha256)
    texts.push(result.text)
  }
  assert.equal(texts[0], texts[2])
  assert.equal(texts[1], texts[3])
  assert.equal(texts[4], texts[0])
  assert.notEqual(texts[0], texts[1])
  assert.equal((await engine.infer({ ...long, adapter: { ...adapter, scale: 3 } })).text, texts[5])
  const other = { ...long, adapter: { ...adapter, sha256: '0'.repeat(64) } }
  await assert.rejects(narrow.infer(other), code('E_ADAPTER_INVALID'))
})

test('answers as ever while more adapters take turns than there is room for', async () => {
  const adapters = [11, 12, 13].map((seed) => join(folder, `adapter-${seed}.gguf`))
  for (const [i, path] of adapters.entries()) writeModel(path, tinyAdapter(11 + i))
  const all = await Promise.all(
    adapters.map(async (path) => ({ path, sha256: await sha256OfFile(path), scale: 1 })),
  )
  const long = request({ messages: [{ role: 'user', content: 'method '.repeat(60) }], temperature: 0 })
  const asked = [undefined, ...all].map((adapter) => (adapter ? { ...long, adapter } : long))
  const expected = await Promise.all(asked.map(async (each) => (await engine.infer(each)).text))
  assert.equal(new Set(expected).size, 4)
  const tight = start({ contextBytes: 1, adapterBytes: 1 })
  const tiers = []
  for (const which of [0, 1, 1, 2, 3, 1, 0, 0, 3, 2]) {
    const { text, swap } = await tight.infer(asked[which]!)
    assert.equal(text, expected[which])
    tiers.push(swap?.tier)
    const { hot, loaded } = tight.status().adapters ?? { hot: [], loaded: [] }
    assert.deepEqual(hot, which === 0 ? [] : [all[which - 1]!.sha256])
    assert.deepEqual(loaded, hot)
  }
  assert.deepEqual(tiers, [
    undefined,
    'cold',
    'hot',
    'cold',
    'cold',
    'cold',
    undefined,
    undefined,
    'cold',
    'cold',
  ])
  const together = await Promise.all([3, 2, 1, 0, 1, 2].map((which) => tight.infer(asked[which]!)))
  assert.deepEqual(
    together.map(({ text }) => text),
    [3, 2, 1, 0, 1, 2].map((which) => expected[which]),
  )
  await tight.stop()
})

test('has an adapter at hand that it was told of before', async () => {
  const adapter = { path: adapterPath, sha256: await sha256OfFile(adapterPath), scale: 1 }
  const told = start()
  const [first, again] = await Promise.all([told.prepare(adapter), told.prepare(adapter)])
  assert.deepEqual([first?.tier, again], ['cold', undefined])
  assert.deepEqual(told.status().adapters, { hot: [adapter.sha256], loaded: [adapter.sha256] })
  const [one, two] = await Promise.all([told.infer(request({ adapter })), told.infer(request({ adapter }))])
  assert.deepEqual([one.swap?.tier, two.swap?.tier], ['hot', 'warm'])
  assert.equal(one.text, (await engine.infer(request({ adapter }))).text)
  await assert.rejects(told.prepare({ ...adapter, sha256: '0'.repeat(64) }), code('E_ADAPTER_INVALID'))
  const stranger = request({ adapter: { ...adapter, base: 'f'.repeat(64) } })
  await assert.rejects(told.infer(stranger), /is for the model ffff/)
  await told.stop()
})

test('fails running calls when its process is killed and when it is stopped; killed, it answers again with the same text', async () => {
  const killed = start()
  const expected = (await killed.infer(request())).text
  const { pid } = killed.status()
  const running = killed.infer(request(endless), { onToken: () => process.kill(pid!, 'SIGKILL') })
  await assert.rejects(running, (thrown) => {
    assert.ok(thrown instanceof BatError && thrown.code === 'E_ENGINE_LOST' && thrown.retryable)
    assert.match(thrown.message, /SIGKILL/)
    return true
  })
  assert.equal((await killed.infer(request())).text, expected)
  const status = killed.status()
  assert.deepEqual([status.state, status.restarts], ['ready', 1])
  assert.notEqual(status.pid, pid)

  const writing = withResolvers()
  const last = assert.rejects(
    killed.infer(request(endless), { onToken: () => writing.resolve() }),
    code('E_ENGINE_STOPPED'),
  )
  await writing.promise
  await killed.stop()
  await last
  assert.ok(!isAlive(status.pid!))
  await assert.rejects(killed.infer(request()), code('E_ENGINE_STOPPED'))
  assert.equal(killed.status().state, 'stopped')
})

test('quarantines a model whose process ends three times with no answer between, and waits longer each time', async () => {
  const events: EngineEvent[] = []
  const failures: unknown[] = []
  const { promise, resolve } = withResolvers()
  const doomed = start({
    quarantine: { deaths: 3 },
    onEvent: (event) => {
      events.push(event)
      if (event.kind === 'up')
        doomed
          .infer(request(endless), { onToken: () => process.kill(event.pid, 'SIGKILL') })
          .catch((failure) => failures.push(failure))
      if (event.kind === 'quarantined') resolve()
    },
  })
  await promise
  const kinds = events.map(({ kind }) => kind)
  assert.deepEqual(kinds, ['up', 'down', 'up', 'down', 'up', 'quarantined'])
  const waits = events.flatMap((event) => (event.kind === 'down' ? [event.againInMs] : []))
  assert.deepEqual(waits, [100, 200])
  assert.ok(failures.every(code('E_ENGINE_LOST')))
  await assert.rejects(doomed.infer(request()), (thrown) => {
    assert.ok(thrown instanceof BatError && thrown.code === 'E_MODEL_QUARANTINED' && !thrown.retryable)
    assert.match(thrown.message, /3 times .* SIGKILL/)
    return true
  })
  const { state, reason, pid } = doomed.status()
  assert.equal(state, 'quarantined')
  assert.match(reason ?? '', /SIGKILL/)
  assert.equal(pid, undefined)
})

test('quarantines an adapter that ends the process, and goes on without it', async () => {
  const adapter = { path: adapterPath, sha256: await sha256OfFile(adapterPath), scale: 1 }
  const shunned = withResolvers()
  const unlucky = start({
    quarantine: { deaths: 2 },
    onEvent: ({ kind }) => kind === 'shunned' && shunned.resolve(),
  })
  for (let death = 1; death <= 2; death++) {
    await unlucky.infer(request({ maxTokens: 1 }))
    const { pid } = unlucky.status()
    const killed = unlucky.infer(request({ ...endless, adapter }), {
      onToken: () => process.kill(pid!, 'SIGKILL'),
    })
    await assert.rejects(killed, code('E_ENGINE_LOST'))
  }
  await shunned.promise
  await assert.rejects(unlucky.infer(request({ adapter })), (thrown) => {
    assert.ok(code('E_ADAPTER_QUARANTINED')(thrown) && !(thrown as BatError).retryable)
    assert.match((thrown as BatError).message, new RegExp(`${adapter.sha256} ended .* 2 times`))
    return true
  })
  assert.equal((await unlucky.infer(request({ maxTokens: 1 }))).tokensOut, 1)
  await unlucky.stop()
})

test('finds the adapter that ends the process though others were asked at the same time', async () => {
  const adapter = { path: adapterPath, sha256: await sha256OfFile(adapterPath), scale: 1 }
  const unlucky = start({ quarantine: { deaths: 2 } })
  const kill = () => process.kill(unlucky.status().pid!, 'SIGKILL')
  const fatal = () =>
    assert.rejects(unlucky.infer(request({ ...endless, adapter }), { onToken: kill }), code('E_ENGINE_LOST'))
  const begun = withResolvers()
  const beside = unlucky.infer(request(endless), { onToken: () => begun.resolve() })
  await Promise.all([assert.rejects(beside, code('E_ENGINE_LOST')), begun.promise.then(fatal)])
  const [answer] = await Promise.all([unlucky.infer(request()), fatal()])
  const [, again] = await Promise.all([fatal(), unlucky.infer(request())])
  assert.equal(again.text, answer.text)
  await assert.rejects(unlucky.infer(request({ adapter })), code('E_ADAPTER_QUARANTINED'))
  assert.equal(unlucky.status().restarts, 3)
  await unlucky.stop()
})

test('heeds an abort within one batch', async () => {
  const control = new AbortController()
  const long = request({ messages: [{ role: 'user', content: 'count 1 2 3 '.repeat(60) }], maxTokens: 1 })
  const answer = narrow.infer(long, { signal: control.signal })
  control.abort(new Error('enough'))
  await assert.rejects(answer, /enough/)
  const { tokensReused, tokensIn } = await narrow.infer(long)
  assert.ok(tokensIn > 500)
  assert.ok(tokensReused <= 128, `${tokensReused} tokens were evaluated after all`)
})

test('answers a recorded request in another process as it did', async () => {
  const adapter = { path: adapterPath, sha256: await sha256OfFile(adapterPath), scale: 0.5 }
  const asked = request({ adapter, grammar: 'root ::= [a-z ]{30}' })
  const record = JSON.stringify({ asked, answer: await engine.infer(asked) })
  const { asked: again, answer } = JSON.parse(record) as { asked: InferRequest; answer: { text: string } }
  assert.equal((await narrow.infer(again)).text, answer.text)
})

test('does not hold it against a model when its idle process is killed', async () => {
  let kill = (pid: number) => {
    kill = () => {}
    process.kill(pid, 'SIGKILL')
  }
  const again = withResolvers()
  const unlucky = start({
    quarantine: { deaths: 1 },
    onEvent: (event) => {
      if (event.kind === 'up') kill(event.pid)
      if (event.kind === 'down') again.resolve()
    },
  })
  await again.promise
  assert.equal((await unlucky.infer(request())).seed, 7)
  assert.equal(unlucky.status().restarts, 1)
  await unlucky.stop()
})

test('is absent without a model, or with one that would end its process', async () => {
  const none = start({ modelPath: undefined })
  await assert.rejects(none.infer(request()), (thrown) => {
    assert.ok(thrown instanceof BatError && thrown.code === 'E_NO_MODEL')
    assert.match(thrown.remedy ?? '', /batos doctor/)
    return true
  })
  assert.equal((await none.ready()).state, 'absent')
  const path = join(folder, 'headless.gguf')
  const model = tinyModel()
  model.metadata.delete('llama.attention.head_count')
  writeModel(path, model)
  const refused = start({ modelPath: path })
  await assert.rejects(refused.infer(request()), code('E_MODEL_INVALID'))
  const { state, reason, restarts } = await refused.ready()
  assert.deepEqual([state, restarts], ['absent', 0])
  assert.match(reason ?? '', /head_count is missing/)
  await assert.rejects(start({ modelPath: join(folder, 'nowhere') }).infer(request()), /no such file/)
})

test('is absent with a model of K-quants whose scale is no number, even if it came while the process was gone', async () => {
  const [path, beside] = [join(folder, 'k-quants.gguf'), join(folder, 'beside.gguf')]
  const [infinite, noNumber] = [0x7c00, 0x7e00]
  writeModel(beside, tinyKQuantModel(infinite))
  assert.match((await start({ modelPath: beside }).ready()).reason ?? '', /invalid data/)
  writeModel(beside, tinyKQuantModel(noNumber))
  writeModel(path, tinyKQuantModel())
  const replaced = start({
    modelPath: path,
    onEvent: ({ kind }) => kind === 'down' && renameSync(beside, path),
  })
  assert.equal((await replaced.infer(request())).seed, 7)
  process.kill(replaced.status().pid!, 'SIGKILL')
  await until(() => replaced.status().restarts === 1)
  await assert.rejects(replaced.infer(request()), code('E_MODEL_INVALID'))
  assert.match(replaced.status().reason ?? '', /invalid data/)
})

test('ends a call with E_ENGINE_LOST when the model is cut short under it, and is absent then', async () => {
  const path = join(folder, 'cut.gguf')
  copyFileSync(modelPath, path)
  const cut = start({ modelPath: path })
  await cut.infer(request({ maxTokens: 1 }))
  truncateSync(path, 0)
  await assert.rejects(cut.infer(request({ seed: 8 })), (thrown) => {
    assert.ok(code('E_ENGINE_LOST')(thrown))
    assert.match((thrown as BatError).message, /SIGBUS/)
    return true
  })
  await assert.rejects(cut.infer(request()), code('E_MODEL_INVALID'))
  assert.equal(cut.status().state, 'absent')
})

test('keeps the adapter of an answer that is being written, whatever others are asked for', async () => {
  const used = await Promise.all(
    [31, 32, 33].map(async (seed) => {
      const path = join(folder, `adapter-${seed}.gguf`)
      writeModel(path, tinyAdapter(seed))
      return { path, sha256: await sha256OfFile(path), scale: 1 }
    }),
  )
  const [long, ...short] = used.map((adapter, i) =>
    request({ adapter, temperature: 0, ...(i === 0 ? endless : { maxTokens: 5 }) }),
  )
  const alone = []
  for (const each of [long!, ...short]) alone.push((await engine.infer(each)).text)
  const tight = start({ adapterBytes: 1 })
  const begun = withResolvers()
  const writing = tight.infer(long!, { onToken: () => begun.resolve() })
  await begun.promise
  for (const [i, each] of short.entries()) {
    assert.equal((await tight.infer(each)).text, alone[i + 1])
    const { calls, adapters } = tight.status()
    assert.equal(calls, 1, 'the long answer is written too soon for this test')
    assert.ok(adapters?.loaded.includes(used[0]!.sha256))
  }
  assert.equal((await writing).text, alone[0])
  await tight.stop()
})

test('holds an end of the process while it loads against the model, and what was asked is answered by the next', async () => {
  const killed = start({ quarantine: { deaths: 2 } })
  process.kill(killed.status().pid!, 'SIGKILL')
  assert.equal((await killed.infer(request())).seed, 7)
  assert.equal(killed.status().restarts, 1)
  await killed.stop()
  const doomed = start({ quarantine: { deaths: 1 } })
  const asked = doomed.infer(request())
  process.kill(doomed.status().pid!, 'SIGKILL')
  await assert.rejects(asked, code('E_MODEL_QUARANTINED'))
  assert.equal(doomed.status().restarts, 0)
})

test('ends its process when the one that started it is killed', async () => {
  const program = fileURLToPath(siblingModule(import.meta.url, 'engine-parent'))
  const parent = spawn(process.execPath, [program, modelPath], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await once(parent.stdout, 'data')
  const pid = Number(output)
  assert.ok(isAlive(pid))
  parent.kill('SIGKILL')
  await until(() => !isAlive(pid))
})

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** Whether the process runs; one that has ended but that nobody has asked about does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}

/** Waits for a condition; the test's own time limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}
