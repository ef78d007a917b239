// The desk that every call for a persona passes, over a real image and a real engine with a tiny model.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ExpertDesk } from '../../kernel/expert-desk.ts'
import { type Expert, putExpert, serve, serveBare } from '../../kernel/experts.ts'
import { openWorld } from '../../kernel/genesis.ts'
import { systemClock } from '../../src/base/clock.ts'
import { openLog } from '../../src/base/log.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import { Metrics } from '../../src/metacognition/metrics.ts'
import { type Engine, startEngine } from '../../src/mind/engine.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { startRemoteEngine } from '../../src/mind/remote-engine.ts'
import { WarmAdapters } from '../../src/mind/warm-adapters.ts'
import type { ExpertEvent } from '../../src/protocol/messages.ts'
import { code, endless, request } from '../mind/engine-behaviour.ts'
import { startModelServer } from '../mind/model-server.ts'
import { tinyAdapter, tinyModel, writeModel } from '../mind/tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-desk-'))
const modelPath = join(folder, 'tiny.gguf')
const told: ExpertEvent[] = []
const metrics = new Metrics()
let image: Image
let engine: Engine
let desk: ExpertDesk
let model: string

before(async () => {
  writeModel(modelPath, tinyModel())
  model = await sha256OfFile(modelPath)
  image = await openImage({ dir: join(folder, 'image'), clock: systemClock, durable: false })
  await openWorld(image)
  engine = startEngine({
    ...{ modelPath, gpu: false, threads: 1, quarantine: { deaths: 2 } },
    onEvent: (event) => event.kind === 'shunned' && desk.shun(event.adapter, event.reason.message),
  })
  const warm = await WarmAdapters.open({ dir: join(folder, 'warm'), bytes: 1 << 20 })
  const log = openLog('silent', 2)
  const tell = (event: ExpertEvent) => void told.push(event)
  desk = new ExpertDesk({ image, engine, warm, metrics, clock: systemClock, log, tell })
})
after(async () => {
  await engine.stop()
  await image.close()
  rmSync(folder, { recursive: true })
})

/** Has a new adapter serve, made for `base`. */
async function expertFor(persona: string, seed: number, base = model): Promise<Expert> {
  const file = join(folder, `${persona}.gguf`)
  writeModel(file, tinyAdapter(seed))
  const { value } = await image.transact({ user: 'ada' }, async (transaction) => {
    const blob = await transaction.importBlob({ file })
    const about = { rank: 4, alpha: 8, source: file, added: 0, provenance: {} }
    const expert: Expert = { persona, name: `${persona}_${seed}`, blob, base, ...about }
    putExpert(transaction, expert)
    serve(transaction, expert, 0)
    return expert
  })
  return value
}

const as = (persona: string, change = {}) => request({ persona, temperature: 0, ...change })

test('gives each persona the adapter that serves it at that moment, and notes where it was found', async () => {
  const bare = await desk.infer(as('BRICK'))
  const first = await expertFor('BRICK', 1)
  const one = await desk.infer(as('BRICK'))
  assert.deepEqual([bare.adapter, one.adapter], [undefined, first.blob.sha256])
  assert.notEqual(one.text, bare.text)
  assert.equal((await desk.infer(as('ALFRED'))).text, bare.text)
  const second = await expertFor('BRICK', 2)
  assert.equal((await desk.infer(as('BRICK'))).adapter, second.blob.sha256)
  assert.equal(desk.lastSwapOf('BRICK')?.tier, 'cold')
  assert.equal((await desk.infer(as('BRICK'))).adapter, second.blob.sha256)
  assert.equal(desk.lastSwapOf('BRICK')?.tier, 'hot')
  assert.deepEqual([desk.tierOf(second.blob.sha256), desk.tierOf('0'.repeat(64))], ['hot', 'cold'])
  await image.transact({ user: 'ada' }, (transaction) => serveBare(transaction, 'BRICK'))
  assert.equal((await desk.infer(as('BRICK'))).text, bare.text)
  const { durations } = metrics.summary()
  assert.deepEqual([durations.swap_cold?.count, durations.swap_hot?.count], [2, 1])
})

test('brings an adapter to work before it is asked for', async () => {
  await expertFor('ROBIN', 3)
  await desk.prefetch(['ROBIN', 'BABS', 'ROBIN'])
  assert.equal(desk.lastSwapOf('ROBIN')?.tier, 'cold')
  await desk.infer(as('ROBIN'))
  assert.equal(desk.lastSwapOf('ROBIN')?.tier, 'hot')
  assert.equal(metrics.summary().durations.swap_cold?.count, 3)
})

test('notes nothing where an adapter could not be brought to work early, or was there already', async (t) => {
  const { blob } = await expertFor('BABS', 7)
  const narrow = startEngine({ modelPath, gpu: false, threads: 1, parallel: 1 })
  t.after(() => narrow.stop())
  const warm = await WarmAdapters.open({ dir: join(folder, 'narrow'), bytes: 1 << 20 })
  const counts = new Metrics()
  const options = { image, engine: narrow, warm, metrics: counts, clock: systemClock }
  const busy = new ExpertDesk({ ...options, log: openLog('silent', 2), tell: () => {} })
  const enough = new AbortController()
  let prefetched: Promise<void> | undefined
  const taken = busy.infer(as('ALFRED', endless), {
    signal: enough.signal,
    onToken: () => {
      prefetched ??= busy.prefetch(['BABS']).finally(() => enough.abort(new Error('enough')))
    },
  })
  await assert.rejects(taken, /enough/)
  await prefetched
  assert.equal(busy.lastSwapOf('BABS'), undefined)
  assert.equal(busy.tierOf(blob.sha256), 'warm')
  await busy.infer(as('ALFRED', { maxTokens: 1 })) // after which the slot is idle
  for (let time = 1; time <= 2; time++) {
    await busy.prefetch(['BABS'])
    assert.equal(busy.lastSwapOf('BABS')?.tier, 'cold')
  }
  const { durations } = counts.summary()
  assert.deepEqual([durations.swap_cold?.count, durations.swap_hot], [1, undefined])
})

test('has a persona think as the bare model where its adapter is for another model, or damaged', async () => {
  const bare = await desk.infer(as('ALFRED'))
  const unfit = await expertFor('BABS', 4, 'f'.repeat(64))
  assert.equal((await desk.infer(as('BABS'))).text, bare.text)
  assert.match(desk.problemOf('BABS', { ...unfit, since: 0 }) ?? '', /made for the model ffffffffffff/)
  const damaged = await expertFor('BABS', 5)
  const blob = image.blobPath(damaged.blob)
  chmodSync(blob, 0o600)
  truncateSync(blob, 100)
  assert.equal((await desk.infer(as('BABS'))).text, bare.text)
  assert.match(desk.problemOf('BABS', { ...damaged, since: 0 }) ?? '', /damaged/)
  const [last] = told.slice(-1)
  assert.deepEqual([last?.name, last?.what], ['BABS_5', 'dropped_out'])
})

test('asks a model server for the adapter by its name, and leaves out one that the server lacks', async (t) => {
  const [robin, alfred] = [await expertFor('ROBIN', 8), await expertFor('ALFRED', 9)]
  const server = await startModelServer({ kind: 'vllm', modelPath, engine, adapters: ['robin_8'] })
  const remote = startRemoteEngine({ url: server.url, contextSize: 1024 })
  t.after(async () => {
    await remote.stop()
    await server.stop()
  })
  const warm = await WarmAdapters.open({ dir: join(folder, 'remote'), bytes: 1 << 20 })
  const options = { image, engine: remote, warm, metrics: new Metrics(), clock: systemClock }
  const away = new ExpertDesk({ ...options, log: openLog('silent', 2), tell: () => {} })
  await away.prefetch(['ROBIN'])
  assert.equal((await away.infer(as('ROBIN'))).adapter, robin.blob.sha256)
  assert.equal(server.asked.at(-1)?.body.model, 'robin_8')
  assert.equal(away.problemOf('ROBIN', { ...robin, since: 0 }), undefined)
  assert.equal((await away.infer(as('ALFRED'))).adapter, undefined)
  assert.equal(server.asked.at(-1)?.body.model, 'seed')
  assert.match(
    away.problemOf('ALFRED', { ...alfred, since: 0 }) ?? '',
    /no adapter called alfred_9 or alfred/,
  )
  await image.transact({ user: 'ada' }, (transaction) => {
    for (const persona of ['ROBIN', 'ALFRED']) serveBare(transaction, persona)
  })
})

test('goes on without an adapter that ended the inference process too often', async () => {
  const { blob } = await expertFor('BRICK', 6)
  for (let death = 1; death <= 2; death++) {
    await desk.infer(as('ALFRED', { maxTokens: 1 }))
    const { pid } = engine.status()
    const killed = desk.infer(as('BRICK', endless), { onToken: () => process.kill(pid!, 'SIGKILL') })
    await assert.rejects(killed, code('E_ENGINE_LOST'))
  }
  const { text, adapter } = await desk.infer(as('BRICK'))
  assert.equal(adapter, undefined)
  assert.equal(text, (await desk.infer(as('ALFRED'))).text)
  const [last] = told.slice(-1)
  assert.deepEqual([last?.name, last?.what], ['BRICK_6', 'dropped_out'])
  assert.match(last?.reason ?? '', new RegExp(`${blob.sha256} ended the inference process 2 times`))
})
