// Adapters dropped into the folder of a real daemon: taken in or refused, serving on their owner's word, taken back.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { packageRoot } from '../../src/base/package-root.ts'
import { numberOf, readGgufHeader, readTensorBytes } from '../../src/mind/gguf.ts'
import type { ExpertEvent, ProgressAnswer } from '../../src/protocol/messages.ts'
import { writeMadeAdapter } from '../forge/made-adapters.ts'
import { writePeft } from '../mind/peft-adapter.ts'
import { tinyAdapter, tinyModel, writeModel } from '../mind/tiny-model.ts'
import { type Daemon, say, startDaemon, until } from './daemon.ts'

const program = fileURLToPath(new URL('../../src/console/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'batos-experts-'))
const seed = join(packageRoot, 'models', 'seed.gguf')
const settings = { experts: { settleMs: 100 } }
let daemon: Daemon
const told: ExpertEvent[] = []

// biome-ignore lint/suspicious/noExplicitAny: whatever the command says
const batos = (...args: string[]): Promise<any> =>
  new Promise((resolve) => {
    const env = { ...process.env, BATOS_HOME: daemon.home.dir }
    execFile(process.execPath, [program, ...args, '--json'], { env }, (_, output) =>
      resolve(JSON.parse(output || 'null')),
    )
  })

/** The same without a process of its own. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the task answers
const task = async (name: string, options: Record<string, string> = {}): Promise<any> => {
  const asked = { command: 'maintain', options: { task: name, settings: options } } as const
  return ((await daemon.client().request(asked)) as { result: unknown }).result
}
const list = () => task('expert-list')
const use = (name: string) => task('expert-use', { name })

const made = (name: string, strength: number): string => {
  writeMadeAdapter(join(folder, name), seed, strength)
  return join(folder, name)
}

/** The folder that PEFT would have saved an adapter of the seed mind in. */
function peftOf(file: string): string {
  const [adapter, base] = [readGgufHeader(file), readGgufHeader(seed)]
  const tensors = [...adapter.tensors.values()].map((info) => ({
    ...info,
    data: readTensorBytes(file, info),
  }))
  const model = {
    metadata: new Map(adapter.metadata),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  }
  const heads = numberOf(base, 'llama.attention.head_count')!
  const keyHeads = numberOf(base, 'llama.attention.head_count_kv') ?? heads
  return writePeft(join(folder, 'peft'), model, { heads, keyHeads })
}

const drop = (file: string, name: string): void => {
  copyFileSync(file, join(folder, 'moving'))
  renameSync(join(folder, 'moving'), join(daemon.home.adapters, name))
}
const toldOf = (name: string, what: ExpertEvent['what']): Promise<ExpertEvent> =>
  until(() => told.find((event) => event.name === name && event.what === what))
const personaOf = async (persona: string) =>
  (await list()).personas.find((each: { persona: string }) => each.persona === persona)
/** The adapters that answered BRICK in the last cycle. */
const askedWith = async (): Promise<Set<string | undefined>> => {
  const calls = (await daemon.audit()).filter(({ event_type }) => event_type === 'LLM_CALL')
  const last = calls.at(-1)?.cycle_id
  const ours = calls.filter(({ cycle_id, active_persona }) => cycle_id === last && active_persona === 'BRICK')
  assert.ok(ours.length > 0)
  return new Set(ours.map(({ expert_version }) => expert_version))
}

before(async () => {
  daemon = await startDaemon(settings)
  await new Promise<void>((resolve, reject) => {
    const onEvent = (answer: ProgressAnswer) => {
      if (answer.kind !== 'status') return
      if (answer.event.kind === 'watching') resolve()
      if (answer.event.kind === 'expert') told.push(answer.event)
    }
    daemon.client().request({ command: 'subscribe' }, { onEvent }).catch(reject) // ends with the daemon
  })
})
after(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true })
})

test('takes a dropped adapter in, has its persona think with it on the word of its owner, and undoes it', async () => {
  drop(made('still.gguf', 0), 'brick_1.gguf')
  assert.match((await toldOf('BRICK_1', 'taken')).reason, /brick_1\.gguf, rank 2/)
  await until(() => existsSync(join(daemon.home.adapters, 'taken', 'brick_1.gguf')))
  const [waiting] = (await list()).experts
  assert.deepEqual([waiting.name, waiting.state, waiting.rank], ['BRICK_1', 'waiting', 2])
  assert.match(waiting.reason, /held out/)
  assert.equal((await personaOf('BRICK')).expert, '')

  const client = daemon.client()
  assert.equal(await say(client, 'genesis double: 4 => 8'), 8)
  assert.deepEqual(await askedWith(), new Set([undefined]))
  const used = await batos('experts', 'use', 'brick_1')
  assert.deepEqual([used.persona, used.name, used.before], ['BRICK', 'BRICK_1', ''])
  assert.equal((await personaOf('BRICK')).tier, 'hot')
  assert.equal(await say(client, 'genesis triple: 4 => 12'), 12)
  assert.deepEqual(await askedWith(), new Set([waiting.sha256]))
  const { expert, last_swap } = await personaOf('BRICK')
  assert.equal(expert, 'BRICK_1')
  assert.match(last_swap.tier, /hot|warm/)
  const { swaps } = await list()
  assert.ok(swaps.cold.count === 1 && swaps.hot.count + swaps.warm.count > 0)
  const metrics = await batos('metrics')
  assert.equal(metrics.durations.swap_cold.count, 1)

  const { undid } = await batos('undo', used.transaction)
  assert.match(undid[0].description, /BRICK thinks with BRICK_1/)
  assert.equal((await personaOf('BRICK')).expert, '')
  const { events } = await batos('experts', 'history', 'brick')
  assert.deepEqual(
    events.map(({ description }: { description: string }) => description),
    ['BRICK thinks with BRICK_1', 'BRICK_1 is taken in'],
  )
})

test('refuses what cannot serve, with the reason beside it, while the old one serves on', async () => {
  await use('BRICK_1')
  writeModel(join(folder, 'wide.gguf'), tinyAdapter())
  drop(join(folder, 'wide.gguf'), 'BRICK.gguf')
  assert.match((await toldOf('BRICK.gguf', 'refused')).reason, /sizes 64 × 4 instead of/)
  drop(made('still.gguf', 0), 'JEEVES_1.gguf')
  assert.match((await toldOf('JEEVES_1.gguf', 'refused')).reason, /names no persona.*BRICK/)
  const half = join(daemon.home.adapters, 'ROBIN_2')
  mkdirSync(half)
  writeFileSync(join(half, 'adapter_config.json'), '{}')
  let listed = await list()
  while (listed.waiting.length === 0) listed = await list()
  assert.deepEqual(listed.waiting, [{ entry: 'ROBIN_2', reason: 'adapter_model.safetensors is missing' }])
  rmSync(half, { recursive: true })
  const { refused, personas } = listed
  assert.deepEqual(
    refused.map(({ entry, code }: { entry: string; code: string }) => [entry, code]),
    [
      ['JEEVES_1.gguf', 'E_EXPERT_NAME'],
      ['BRICK.gguf', 'E_ADAPTER_INVALID'],
    ],
  )
  const report = join(daemon.home.adapters, 'rejected', 'BRICK.gguf.report.json')
  assert.match(JSON.parse(readFileSync(report, 'utf8')).reason, /sizes/)
  assert.equal(personas.find(({ persona }: { persona: string }) => persona === 'BRICK').expert, 'BRICK_1')
})

test('takes what was dropped while it was down, and goes without an expert that does not fit the model', async () => {
  await daemon.kill('SIGTERM')
  drop(made('other.gguf', 0.5), 'ROBIN_2.gguf')
  drop(made('more.gguf', 0.25), 'BRICK_2.gguf')
  const path = join(folder, 'tiny.gguf')
  writeModel(path, tinyModel(1, { embedding: 64 }))
  const config = JSON.parse(readFileSync(daemon.home.config, 'utf8'))
  const model = { ...config.model, path }
  writeFileSync(daemon.home.config, JSON.stringify({ ...config, model }))
  await daemon.restart()
  const refused = await until(async () => {
    const { refused } = await list()
    return refused.length === 4 && refused
  })
  assert.match(refused[0].reason, /sizes/)
  const { problem } = await personaOf('BRICK')
  assert.match(problem, /made for the model/)
  await assert.rejects(use('BRICK_1'), /cannot serve: tensor .* has sizes/)

  await daemon.kill('SIGTERM')
  writeFileSync(daemon.home.config, JSON.stringify(config))
  renameSync(
    join(daemon.home.adapters, 'rejected', 'ROBIN_2.gguf'),
    join(daemon.home.adapters, 'ROBIN_2.gguf'),
  )
  renameSync(peftOf(made('still.gguf', 0)), join(daemon.home.adapters, 'BABS_peft'))
  await daemon.restart()
  const { experts } = await until(async () => {
    const found = await list()
    return found.experts.length === 3 && found
  })
  assert.deepEqual(
    experts.map(({ name, rank, source }: Record<string, unknown>) => [name, rank, source]).sort(),
    [
      ['BABS_peft', 2, 'BABS_peft'],
      ['BRICK_1', 2, 'brick_1.gguf'],
      ['ROBIN_2', 2, 'ROBIN_2.gguf'],
    ],
  )
  assert.equal((await personaOf('BRICK')).problem, undefined)
  await use('ROBIN_2')
  const dropped = await batos('experts', 'drop', 'ROBIN_2')
  assert.deepEqual([dropped.persona, dropped.serving], ['ROBIN', ''])
  await assert.rejects(use('ROBIN_2'), /no expert ROBIN_2/)
  await use('bare-brick')
  assert.equal((await personaOf('BRICK')).expert, '')
})
