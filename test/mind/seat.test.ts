// Engines that take each other's place, with real (tiny) models in real processes.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { startEngine } from '../../src/mind/engine.ts'
import type { InferRequest } from '../../src/mind/engine-messages.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { startRemoteEngine } from '../../src/mind/remote-engine.ts'
import { type Candidate, Seat } from '../../src/mind/seat.ts'
import { startModelServer } from './model-server.ts'
import { tinyModel, writeModel } from './tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-seat-'))
const paths = [join(folder, 'one.gguf'), join(folder, 'two.gguf'), join(folder, 'broken.gguf')]
const [one, two, broken] = paths.map(
  (modelPath): Candidate => ({
    name: modelPath,
    profile: 'full',
    start: () => startEngine({ modelPath, gpu: false, threads: 1 }),
  }),
) as [Candidate, Candidate, Candidate]
let seat: Seat

before(() => {
  for (const [seed, path] of paths.entries()) writeModel(path, tinyModel(seed + 1))
  truncateSync(broken.name, 100_000)
})
afterEach(() => seat.stop())
after(() => rmSync(folder, { recursive: true }))

const request = (change: Partial<InferRequest> = {}): InferRequest => ({
  messages: [{ role: 'user', content: 'count' }],
  ...{ maxTokens: 8, temperature: 0, seed: 1, ...change },
})
const long = request({ grammar: 'root ::= [a-z] root', maxTokens: 300 })

test('lets the answers under way end, and gives later ones to the new model', async () => {
  seat = new Seat(one)
  const { promise: writing, resolve } = resolvers()
  const running = seat.infer(long, { onToken: () => resolve() })
  await writing
  const changed = seat.change(two)
  const later = seat.infer(request())
  assert.equal(seat.status().state, 'starting')
  assert.equal((await running).model, await sha256OfFile(one.name))
  assert.equal((await changed).state, 'ready')
  assert.equal((await later).model, await sha256OfFile(two.name))
  assert.equal(seat.candidate, two)
})

test('goes back to the old model when the new one does not come up', async () => {
  seat = new Seat(one)
  const failed = seat.change(broken)
  const meanwhile = seat.infer(request())
  await assert.rejects(failed, (thrown) => {
    assert.ok(thrown instanceof BatError && thrown.code === 'E_MODEL_NOT_TAKEN')
    assert.match(
      thrown.message,
      /broken\.gguf does not come up: .*beyond the end of the file.*one\.gguf goes on/,
    )
    return true
  })
  assert.equal((await meanwhile).model, await sha256OfFile(one.name))
  assert.equal(seat.candidate, one)
})

test('is as before when a change is called off while it waits', async () => {
  seat = new Seat(one)
  const stopWriting = new AbortController()
  const running = seat.infer(long, { signal: stopWriting.signal })
  const calledOff = new AbortController()
  const change = seat.change(two, calledOff.signal)
  calledOff.abort(new Error('never mind'))
  await assert.rejects(change, /never mind/)
  stopWriting.abort(new Error('enough'))
  await assert.rejects(running, /enough|E_ENGINE/)
  assert.equal((await seat.infer(request())).model, await sha256OfFile(one.name))
})

test('stops in the middle of a change, and what waits is told', async () => {
  seat = new Seat(one)
  await seat.ready()
  const change = seat.change(two)
  const waiting = seat.infer(request())
  await seat.stop()
  for (const each of [change, waiting])
    await assert.rejects(each, (thrown) => thrown instanceof BatError && thrown.code === 'E_ENGINE_STOPPED')
  assert.equal(seat.status().state, 'stopped')
})

test('is vacant while a server is down or refuses us, and taken when it is well', async (t) => {
  const engine = startEngine({ modelPath: one.name, gpu: false, threads: 1 })
  t.after(() => engine.stop())
  const server = { kind: 'plain', modelPath: one.name, engine } as const
  const first = await startModelServer(server)
  await first.stop()
  const port = Number(new URL(first.url).port)
  const limits = { tries: 1, backOffMs: 1 }
  const options = { url: first.url, key: 'right', contextSize: 1024, limits, lookAgainMs: 20 }
  seat = new Seat({ name: first.url, profile: 'full', start: () => startRemoteEngine(options) })
  await seat.ready()
  assert.match(seat.vacancy ?? '', /ECONNREFUSED/)
  const strict = await startModelServer({ ...server, port, key: 'wrong' })
  while (!/401/.test(seat.vacancy ?? '')) await new Promise((resolve) => setTimeout(resolve, 5))
  await assert.rejects(seat.infer(request()), /401/)
  const taken = seat.taken()
  await strict.stop()
  const well = await startModelServer({ ...server, port })
  t.after(() => well.stop())
  await taken
  assert.equal(seat.vacancy, undefined)
  assert.equal((await seat.infer(request())).stopReason, 'maxTokens')
})

function resolvers() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
