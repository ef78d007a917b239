// Whole trainings in their own process: real library, real files.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import type { TrainingState } from '../../src/forge/checkpoint.ts'
import { relativeDifference } from '../../src/forge/gradient-test.ts'
import { train } from '../../src/forge/trainer.ts'
import type { TrainingEvent } from '../../src/forge/training-events.ts'
import type { TrainingRequest } from '../../src/forge/training-settings.ts'
import { numberOf, readGgufHeader, readTensorFloats, textOf } from '../../src/mind/gguf.ts'
import { tinyTraining } from './tiny-training.ts'

const removals: (() => void)[] = []
after(() => {
  for (const remove of removals) remove()
})
function tiny(steps: number, changes: Partial<TrainingRequest> = {}) {
  const made = tinyTraining(steps, changes)
  removals.push(made.remove)
  return made.settings
}

const floatsOf = (path: string): Map<string, Float32Array> =>
  new Map([...readGgufHeader(path).tensors].map(([name, info]) => [name, readTensorFloats(path, info)]))

const isCode = (code: string) => (failure: unknown) => {
  assert.ok(failure instanceof BatError, String(failure))
  assert.equal(failure.code, code)
  return true
}

for (const optimizer of ['muon', 'adamw'] as const)
  test(`learns a small set by heart with ${optimizer} and writes the model`, async () => {
    const settings = tiny(120, { optimizer })
    const events: TrainingEvent[] = []
    const outcome = await train(settings, { onEvent: (event) => events.push(event) })
    const progress = events.filter((event) => event.kind === 'progress')
    assert.equal(outcome.step, 120)
    assert.equal(progress.length, 120)
    assert.ok(progress[0]!.loss > 5, `first loss ${progress[0]!.loss}`)
    assert.ok(outcome.losses.train! < 1, `last loss ${outcome.losses.train}`)
    assert.equal(numberOf(readGgufHeader(settings.output), 'llama.block_count'), 2)
  })

test('continues from its checkpoint as if it had never stopped', async () => {
  const [whole, broken] = [tiny(12), tiny(12)]
  await train(whole)
  const stop = new AbortController()
  const onEvent = (event: TrainingEvent) => {
    if (event.kind === 'progress' && event.step === 4) stop.abort()
  }
  await assert.rejects(train(broken, { onEvent, signal: stop.signal }), isCode('E_TRAINER_CANCELLED'))
  const events: TrainingEvent[] = []
  await train(broken, { onEvent: (event) => events.push(event) })
  const [started] = events
  assert.ok(started?.kind === 'started' && started.step >= 4 && started.step < 12)
  const expected = floatsOf(whole.checkpoint)
  for (const [name, floats] of floatsOf(broken.checkpoint)) assert.deepEqual(floats, expected.get(name), name)
})

test('computes with two replicas what it computes with one', async () => {
  const [one, two] = [tiny(6, { replicas: 1, rows: 2 }), tiny(6, { replicas: 2, rows: 1 })]
  await Promise.all([train(one), train(two)])
  const [expected, floats] = [floatsOf(one.checkpoint), floatsOf(two.checkpoint)]
  assert.equal(floats.size, expected.size)
  for (const [name, values] of floats) {
    const apart = relativeDifference(values, expected.get(name)!)
    assert.ok(apart < 1e-4, `${name} differs by ${apart}`)
  }
})

test('stops between two steps when its parent is killed, with a checkpoint', async () => {
  const steps = 1000
  const settings = tiny(steps)
  const parent = fork(siblingModule(import.meta.url, './training-parent'), [], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  parent.stdout!.resume()
  parent.send(settings)
  parent.on('message', (event: TrainingEvent) => {
    if (event.kind === 'progress' && event.step === 2) parent.kill('SIGKILL')
  })
  // The trainer holds the same pipe: it is closed when both are gone.
  await once(parent, 'close')
  const { step } = JSON.parse(textOf(readGgufHeader(settings.checkpoint), 'batos.training')!) as TrainingState
  assert.ok(step >= 2 && step < steps, `step ${step}`)
})

test('stops between two steps when it is told to, with a checkpoint', async () => {
  const settings = tiny(100_000)
  const stop = new AbortController()
  const onEvent = (event: TrainingEvent) => {
    if (event.kind === 'progress') stop.abort()
  }
  await assert.rejects(train(settings, { onEvent, signal: stop.signal }), isCode('E_TRAINER_CANCELLED'))
  assert.ok(existsSync(settings.checkpoint))
})

test('reports a process that aborts as a coded error', async () => {
  const settings = tiny(100_000)
  let pid = 0
  const onEvent = (event: TrainingEvent) => {
    if (event.kind === 'progress' && event.step === 1) process.kill(pid, 'SIGABRT')
  }
  const onProcess = (id: number) => {
    pid = id
  }
  await assert.rejects(train(settings, { onEvent, onProcess }), (failure) => {
    isCode('E_TRAINER_DIED')(failure)
    assert.equal((failure as BatError).details.how, 'SIGABRT')
    return true
  })
})

test('refuses settings with the path of the wrong one', async () => {
  const settings = tiny(1, { model: { width: 32, layers: 2, heads: 3, kvHeads: 1, feedForward: 64 } })
  await assert.rejects(train(settings), (failure) => {
    isCode('E_TRAINER_SETTINGS')(failure)
    assert.equal((failure as BatError).details.path, 'model.heads')
    return true
  })
})

test('refuses a training that does not fit into memory, with both numbers', async () => {
  const settings = tiny(1, {
    model: { width: 65_536, layers: 64, heads: 64, kvHeads: 8, feedForward: 262_144 },
  })
  await assert.rejects(train(settings), (failure) => {
    isCode('E_TRAINER_MEMORY')(failure)
    const { needed, free } = (failure as BatError).details as { needed: number; free: number }
    assert.ok(needed > 1e6 && free > 0)
    return true
  })
})

test('refuses data with the line that is wrong', async () => {
  const settings = tiny(1)
  writeFileSync(settings.corpus, '{"messages":[{"role":"user","content":"x"}]}\n')
  await assert.rejects(train(settings), (failure) => {
    isCode('E_TRAINER_DATA')(failure)
    assert.match((failure as BatError).message, /corpus\.jsonl:1: messages/)
    return true
  })
})

test('refuses a checkpoint of another model', async () => {
  const settings = tiny(2)
  await train(settings)
  const other = { ...settings, model: { ...settings.model, layers: 3 } }
  await assert.rejects(train(other), isCode('E_TRAINER_SETTINGS'))
})
