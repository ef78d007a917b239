// The exported model in llama.cpp itself: the same tokens and the same probabilities as in training.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type ExportType, exportModel } from '../../src/forge/export.ts'
import { randomFrom } from '../../src/forge/random.ts'
import { Weights } from '../../src/forge/weights.ts'
import { Bpe } from '../../src/mind/bpe.ts'
import { encodePrompt } from '../../src/mind/llama-chat.ts'
import {
  backend,
  ggml,
  largestDifference,
  openLlama,
  ourProbabilities,
  theirProbabilities,
} from './probabilities.ts'
import { tinyVocabulary } from './tiny-training.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-export-'))
after(() => rmSync(folder, { recursive: true, force: true }))

// `qzw` is a token, yet the merges of that word lead elsewhere (q, zw): llama.cpp takes a word that is a token as it is.
const vocabulary = {
  tokens: [...tinyVocabulary.tokens, 'zw', 'qz', 'qzw'],
  merges: [...tinyVocabulary.merges, 'z w', 'q z', 'qz w'],
  special: tinyVocabulary.special,
}
const bpe = new Bpe(vocabulary)
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

const llama = await openLlama()
after(() => llama.dispose())

const texts = [
  'function add_to_(self, a, b) {\n  return a + b;\n}',
  "it's self.count=12345; x  y\n\n\tz",
  'qzw xqzw',
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
      vocabulary,
      contextLength: 256,
      type,
      read: (name) => weights.read(name),
    })
    const model = await llama.loadModel({ modelPath: path })
    for (const text of texts) assert.deepEqual([...model.tokenize(text, false)], bpe.encode(text), text)
    assert.equal(model.tokens.bos, bpe.special('<|begin_of_text|>'))
    assert.equal(model.tokens.eot ?? model.tokens.eos, bpe.special('<|eot_id|>'))

    const ours = await ourProbabilities(weights, prompt)
    const difference = largestDifference(ours, await theirProbabilities(model, prompt))
    assert.ok(difference < limit, `difference ${difference}`)
    await model.dispose()
  })
