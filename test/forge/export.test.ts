// The exported model in llama.cpp itself: the same tokens and the same probabilities as in training.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { getLlama, LlamaLogLevel, type Token } from 'node-llama-cpp'
import { batchesOf } from '../../src/forge/batches.ts'
import { type ExportType, exportModel } from '../../src/forge/export.ts'
import { openGgml } from '../../src/forge/ggml.ts'
import { Replica } from '../../src/forge/llama-net.ts'
import { randomFrom } from '../../src/forge/random.ts'
import { readFloats, Weights } from '../../src/forge/weights.ts'
import { Bpe } from '../../src/mind/bpe.ts'
import { encodePrompt } from '../../src/mind/llama-chat.ts'
import { tinyVocabulary } from './tiny-training.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-export-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const bpe = new Bpe(tinyVocabulary)
const shape = {
  vocabulary: bpe.size,
  width: 64,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  feedForward: 96,
  ropeBase: 500_000,
  epsilon: 1e-5,
}
const ggml = openGgml()
const backend = ggml.backend('cpu', 1)!
const weights = new Weights(ggml, backend, shape)
weights.randomise(randomFrom(5))
// Untrained weights say nearly the same everywhere; larger ones tell apart what is to be compared.
for (const [name, { shape: sizes }] of weights.all)
  if (sizes.length === 2)
    weights.write(
      name,
      weights.read(name).map((value) => value * 8),
    )

const prompt = encodePrompt(
  bpe,
  [
    { role: 'system', content: 'Method.' },
    { role: 'user', content: 'object\nself.count=3\nincrement_by: 4' },
  ],
  'function increment_by_(self, a) {\n',
)

async function ourProbabilities(): Promise<Float32Array> {
  const set = {
    count: 1,
    ids: Uint16Array.from([...prompt, 0]),
    starts: Uint32Array.of(0, prompt.length + 1),
    prompts: Uint16Array.of(prompt.length),
    tooLong: 0,
  }
  const size = { length: 160, rows: 1 }
  const [batch] = batchesOf(set, { ...size, group: 2, promptWeight: 0, padding: 0 })
  const replica = new Replica(ggml, backend, weights, { ...size, purpose: 'evaluate' })
  replica.feed(batch!)
  await replica.compute()
  const all = readFloats(ggml, replica.logits, bpe.size * size.length)
  const logits = all.subarray(bpe.size * (prompt.length - 1), bpe.size * prompt.length)
  const largest = Math.max(...logits)
  const powers = logits.map((logit) => Math.exp(logit - largest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.disabled, maxThreads: 1 })
after(() => llama.dispose())

const texts = [
  'function add_to_(self, a, b) {\n  return a + b;\n}',
  "it's self.count=12345; x  y\n\n\tz",
  'Größe ☃ naïve <|eot_id|> 日本',
  '',
]
const limits: readonly (readonly [ExportType, number])[] = [
  ['F32', 1e-3],
  ['F16', 2e-3],
  ['Q8_0', 3e-2],
]

for (const [type, limit] of limits)
  test(`llama.cpp reads the ${type} file with our tokens and our probabilities`, async () => {
    const path = join(folder, `${type}.gguf`)
    exportModel(path, {
      name: 'tiny',
      shape,
      vocabulary: tinyVocabulary,
      contextLength: 256,
      type,
      read: (name) => weights.read(name),
    })
    const model = await llama.loadModel({ modelPath: path })
    for (const text of texts) assert.deepEqual([...model.tokenize(text, false)], bpe.encode(text), text)
    assert.equal(model.tokens.bos, bpe.special('<|begin_of_text|>'))
    assert.equal(model.tokens.eot ?? model.tokens.eos, bpe.special('<|eot_id|>'))

    const context = await model.createContext({ contextSize: 256, threads: 1 })
    const options = { temperature: 1, topK: 0, topP: 1, minP: 0 }
    const last = prompt.length - 1
    const given = prompt.map((id, i) =>
      i === last
        ? ([id as Token, { generateNext: { probabilities: true, options } }] as [Token, object])
        : (id as Token),
    )
    const results = await context.getSequence().controlledEvaluate(given)
    const theirs = results[last]!.next.probabilities!
    const ours = await ourProbabilities()
    for (const [id, probability] of theirs)
      assert.ok(
        Math.abs(probability - ours[id]!) < limit,
        `${bpe.vocabulary.tokens[id]}: ${probability} instead of ${ours[id]}`,
      )
    assert.ok(Math.max(...ours) > 0.02, 'the probabilities are all alike')
    await model.dispose()
  })
