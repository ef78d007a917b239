// What a training of an adapter refuses before it begins, and in which words.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { readBase } from '../../src/forge/base-model.ts'
import { encodeFile } from '../../src/forge/documents.ts'
import { defaultRate, loraRateAt, parseLoraSettings } from '../../src/forge/lora-settings.ts'
import { trainAdapter } from '../../src/forge/trainer.ts'
import { Bpe, vocabularyOf } from '../../src/mind/bpe.ts'
import { type GgufValue, readGgufHeader } from '../../src/mind/gguf.ts'
import { tinyModel, writeModel } from '../mind/tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-refusals-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const seed = join(packageRoot, 'models', 'seed.gguf')
const needed = { base: seed, data: join(folder, 'data.jsonl'), output: join(folder, 'adapter.gguf') }
const line = (content: string, role = 'assistant') =>
  JSON.stringify({
    messages: [
      { role: 'user', content: 'x' },
      { role, content },
    ],
  })
writeFileSync(needed.data, `${line('y')}\n`)

const refusal = async (act: () => unknown): Promise<BatError> => {
  try {
    await act()
  } catch (thrown) {
    assert.ok(thrown instanceof BatError, String(thrown))
    return thrown
  }
  throw new assert.AssertionError({ message: 'nothing was refused' })
}

const wrong: readonly (readonly [string, unknown])[] = [
  ...[0, 513, 1.5, '16', null].map((value) => ['rank', value] as const),
  ...[0, -1, Number.NaN].map((value) => ['alpha', value] as const),
  ...[-0.1, 0.91].map((value) => ['dropout', value] as const),
  ['bias', 'all'],
  ['targets', []],
  ['targets', ['q', 'q']],
  ['targets.1', ['q', 'x']],
  ...['batch', 'accumulation', 'epochs', 'replicas', 'logSteps'].map((name) => [name, 0] as const),
  ...[0, 1.1].map((value) => ['rate', value] as const),
  ['warmUpShare', 2],
  ['weightDecay', -1],
  ['length', 7],
  ['longer', 'cut'],
  ['device', 'tpu'],
  ['seed', -1],
  ['checkpointSeconds', 0],
  ['resume', 'yes'],
  ['learningRate', 1],
  ['base', undefined],
  ['data', ''],
  ['output', 3],
]

for (const [path, value] of wrong)
  test(`refuses ${JSON.stringify(value)} for ${path}, by its name`, async () => {
    const refused = await refusal(() => parseLoraSettings({ ...needed, [path.split('.')[0]!]: value }))
    assert.equal(refused.code, 'E_TRAINER_SETTINGS')
    assert.equal(refused.details.path, path)
  })

test('has the settings of its table when it is told nothing', () => {
  const { replicas, ...settings } = parseLoraSettings(needed)
  assert.ok(replicas >= 1 && replicas <= 4)
  assert.deepEqual(settings, {
    ...{ ...needed, name: 'adapter', rank: 16, alpha: 32, dropout: 0.05, bias: 'none' },
    ...{ targets: ['q', 'k', 'v', 'o'], batch: 2, accumulation: 2, epochs: 3, warmUpShare: 0.03 },
    ...{ weightDecay: 0, longer: 'refuse', device: 'auto', seed: 1, logSteps: 10, resume: false },
    ...{ checkpoint: `${needed.output}.checkpoint`, checkpointSeconds: 60 },
  })
})

test('learns at 2e-4 along a cosine, faster where the model is narrow', () => {
  assert.equal(defaultRate(4096), 2e-4)
  assert.ok(Math.abs(defaultRate(192) - 5e-3) < 1e-9)
  const rates = Array.from({ length: 101 }, (_, step) => loraRateAt({ rate: 1, warmUpShare: 0.1 }, step, 100))
  assert.deepEqual([rates[0], rates[4], rates[9], rates[10], rates[55]], [0.1, 0.5, 1, 1, 0.5])
  assert.ok(rates[100]! < 1e-12)
})

test('refuses what does not fit into memory, with both numbers, before it takes any', async () => {
  const refused = await refusal(() => trainAdapter({ ...needed, batch: 1024, length: 1024, device: 'cpu' }))
  assert.equal(refused.code, 'E_TRAINER_MEMORY')
  const { needed: megabytes, free } = refused.details as { needed: number; free: number }
  assert.ok(megabytes > 1e5 && free > 0 && free < megabytes)
})

test('names every line of the data that is wrong', async () => {
  const path = join(folder, 'wrong.jsonl')
  const given = (count: number) => JSON.stringify({ ...JSON.parse(line('four')), given: count })
  writeFileSync(
    path,
    [line('y'), 'x{', line('y', 'user'), '', '{"messages":[]}', line('z'), given(4), given(5)].join('\n'),
  )
  const refused = await refusal(() => trainAdapter({ ...needed, data: path, device: 'cpu' }))
  assert.equal(refused.code, 'E_TRAINER_DATA')
  for (const number of [2, 3, 5, 8]) assert.match(refused.message, new RegExp(`^${path}:${number}: `, 'm'))
  assert.match(refused.message, /:8: given: /)
  assert.equal(refused.message.split('\n').length, 4)
})

test('refuses documents that are too long by their lines, or counts them when it is told to', async () => {
  const path = join(folder, 'long.jsonl')
  writeFileSync(path, [line('y'), line('return '.repeat(60)), line('z')].join('\n'))
  const bpe = new Bpe(vocabularyOf(readGgufHeader(seed)))
  const refused = await refusal(() => encodeFile(bpe, path, { longest: 40, longer: 'refuse' }))
  assert.equal(refused.code, 'E_TRAINER_TOO_LONG')
  assert.match(refused.message, /long\.jsonl:2: it has \d+ tokens, the most is 40$/)
  const { count, tooLong } = await encodeFile(bpe, path, { longest: 40, longer: 'leave out' })
  assert.deepEqual([count, tooLong], [2, 1])
})

test('refuses to go on from a checkpoint that is not there', async () => {
  const refused = await refusal(() => trainAdapter({ ...needed, resume: true, device: 'cpu' }))
  assert.equal(refused.code, 'E_TRAINER_SETTINGS')
  assert.equal(refused.details.path, 'resume')
})

const strange: readonly (readonly [string, GgufValue])[] = [
  ['llama.rope.scaling.type', { type: 'str', value: 'yarn' }],
  ['llama.rope.scaling.factor', { type: 'f32', value: 4 }],
  ['llama.logit_scale', { type: 'f32', value: 0.5 }],
]
for (const [key, value] of strange)
  test(`refuses a base that the trainer would compute otherwise: ${key}`, async () => {
    const model = tinyModel()
    model.metadata.set(key, value)
    const path = join(folder, 'strange.gguf')
    writeModel(path, model)
    const refused = await refusal(() => readBase(path))
    assert.equal(refused.code, 'E_TRAINER_SETTINGS')
    assert.match(refused.message, new RegExp(key))
  })
