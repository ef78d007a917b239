// Whole trainings of adapters in their own process, over the seed mind: real library, real files, real engine.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { encodeFile } from '../../src/forge/documents.ts'
import { gradientLimits } from '../../src/forge/gradient-test.ts'
import type { LoraRequest } from '../../src/forge/lora-settings.ts'
import { trainAdapter } from '../../src/forge/trainer.ts'
import type { TrainingEvent } from '../../src/forge/training-events.ts'
import { Bpe, vocabularyOf } from '../../src/mind/bpe.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { readGgufHeader, readTensorFloats } from '../../src/mind/gguf.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-lora-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const seed = join(packageRoot, 'models', 'seed.gguf')

const words = ['greet', 'double', 'count', 'total', 'reverse', 'shorten', 'rename', 'weigh']
const messagesFor = (word: string) => [
  { role: 'system' as const, content: 'Method.' },
  { role: 'user' as const, content: `object\n${word}_it` },
]
const taught = 'return self.lantern;'

let made = 0
/** Settings of a training on eight short documents, with a file of its own for the adapter. */
function tiny(changes: Partial<LoraRequest> = {}): LoraRequest & { checkpoint: string } {
  const data = join(folder, 'data.jsonl')
  const lines = words.map((word) => ({
    messages: [...messagesFor(word), { role: 'assistant', content: taught }],
  }))
  if (!existsSync(data)) writeFileSync(data, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const output = join(folder, `adapter-${++made}.gguf`)
  const checkpoint = `${output}.checkpoint`
  return { ...{ base: seed, data, output, checkpoint, device: 'cpu', rank: 4, length: 64 }, ...changes }
}

const floatsOf = (path: string): Map<string, Float32Array> =>
  new Map([...readGgufHeader(path).tensors].map(([name, info]) => [name, readTensorFloats(path, info)]))

const isCode = (code: string) => (failure: unknown) => {
  assert.ok(failure instanceof BatError, String(failure))
  assert.equal(failure.code, code, failure.message)
  return true
}

/** Cancels, or kills, after so many steps. */
async function broken(settings: LoraRequest, step: number, how: 'cancel' | 'kill'): Promise<void> {
  const stop = new AbortController()
  let pid = 0
  const onEvent = (event: TrainingEvent) => {
    if (event.kind !== 'progress' || event.step < step) return
    if (how === 'cancel') stop.abort()
    else process.kill(pid, 'SIGKILL')
  }
  const onProcess = (id: number) => {
    pid = id
  }
  await assert.rejects(
    trainAdapter(settings, { onEvent, onProcess, signal: stop.signal }),
    isCode(how === 'cancel' ? 'E_TRAINER_CANCELLED' : 'E_TRAINER_DIED'),
  )
}

test('teaches the seed mind what it did not say, and the engine says it', async () => {
  const settings = tiny({ epochs: 15, batch: 1, accumulation: 1 })
  const events: TrainingEvent[] = []
  let pid = 0
  const priorities = new Set<number>()
  const { step, losses, documents } = await trainAdapter(settings, {
    onProcess: (id) => {
      pid = id
    },
    onEvent: (event) => {
      events.push(event)
      if (event.kind === 'progress' && event.progress < 1) priorities.add(getPriority(pid))
    },
  })
  const logged = events.flatMap((event) => (event.kind === 'progress' && event.logged ? [event] : []))
  assert.ok(losses.train! < 0.1 && logged[0]!.loss > 0.5, `losses ${logged.map(({ loss }) => loss)}`)
  assert.equal(documents, 15 * words.length)
  // each ten steps, and the last
  const tens = Array.from({ length: Math.floor(step / 10) }, (_, i) => 10 * (i + 1))
  assert.ok(tens.length > 1)
  assert.deepEqual(
    logged.map((event) => event.step),
    step % 10 === 0 ? tens : [...tens, step],
  )
  assert.deepEqual([...priorities], [10])
  const [started] = events
  assert.ok(started?.kind === 'started')
  assert.ok(started.gradientDifference > 0 && started.gradientDifference < gradientLimits.cpu)
  assert.equal(existsSync(settings.checkpoint), false)
  const engine = startEngine({ modelPath: seed, threads: 1, gpu: false })
  try {
    const adapter = { path: settings.output, sha256: await sha256OfFile(settings.output), scale: 1 }
    const request = { messages: messagesFor('double'), maxTokens: 24, temperature: 0, seed: 1 }
    assert.equal((await engine.infer({ ...request, adapter })).text, taught)
    assert.notEqual((await engine.infer(request)).text, taught)
  } finally {
    await engine.stop()
  }
})

test('goes on from a checkpoint as if it had never stopped, cancelled or killed', async () => {
  const many = { logSteps: 1, epochs: 10, batch: 1, accumulation: 1 }
  const whole = tiny(many)
  await trainAdapter(whole)
  const expected = floatsOf(whole.output)
  const cancelled = tiny(many)
  await broken(cancelled, 2, 'cancel')
  const killed = tiny({ ...many, checkpointSeconds: 1e-6 })
  await broken(killed, 3, 'kill')
  const other = { ...cancelled, rank: 8, resume: true }
  await assert.rejects(trainAdapter(other), isCode('E_TRAINER_SETTINGS'))
  for (const settings of [cancelled, killed]) {
    assert.equal(existsSync(settings.output), false)
    const events: TrainingEvent[] = []
    await trainAdapter({ ...settings, resume: true }, { onEvent: (event) => events.push(event) })
    const [started] = events
    assert.ok(started?.kind === 'started' && started.step > 0)
    for (const [name, floats] of floatsOf(settings.output)) assert.deepEqual(floats, expected.get(name), name)
  }
})

test('does not go on with data whose answers begin elsewhere, though every token is the same', async () => {
  const settings = tiny({ logSteps: 1, epochs: 10, batch: 1, accumulation: 1 })
  await broken(settings, 2, 'cancel')
  const data = join(folder, 'given.jsonl')
  const lines = readFileSync(settings.data, 'utf8').trim().split('\n')
  writeFileSync(
    data,
    lines.map((line) => JSON.stringify({ ...JSON.parse(line), given: 'return'.length })).join('\n'),
  )
  const bpe = new Bpe(vocabularyOf(readGgufHeader(seed)))
  const idsOf = async (path: string) => (await encodeFile(bpe, path, { longest: 100, longer: 'refuse' })).ids
  assert.deepEqual(await idsOf(data), await idsOf(settings.data))
  await assert.rejects(trainAdapter({ ...settings, data, resume: true }), isCode('E_TRAINER_SETTINGS'))
})

test('computes with two replicas what it computes with one', async () => {
  const [one, two] = [tiny({ replicas: 1, accumulation: 3 }), tiny({ replicas: 2, accumulation: 3 })]
  await Promise.all([trainAdapter(one), trainAdapter(two)])
  const expected = floatsOf(one.output)
  for (const [name, floats] of floatsOf(two.output)) {
    const other = expected.get(name)!
    const apart = Math.max(...floats.map((value, i) => Math.abs(value - other[i]!)))
    assert.ok(apart < 1e-4, `${name} differs by ${apart}`)
  }
})
