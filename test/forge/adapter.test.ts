// Adapters over frozen bases of every type: their gradients, and their files in llama.cpp itself.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { adapterPlan, exportAdapter } from '../../src/forge/adapter.ts'
import { frozenPlan, loadBase, readBase } from '../../src/forge/base-model.ts'
import { adapterTargets, type LoraSettings } from '../../src/forge/lora-settings.ts'
import { gaussian, randomFrom } from '../../src/forge/random.ts'
import { Weights } from '../../src/forge/weights.ts'
import { Bpe } from '../../src/mind/bpe.ts'
import { encodePrompt } from '../../src/mind/llama-chat.ts'
import { validateAdapter } from '../../src/mind/validate-model.ts'
import {
  backend,
  ggml,
  largestDifference,
  openLlama,
  ourProbabilities,
  theirProbabilities,
} from './probabilities.ts'
import { type TinyBase, writeSeedAs, writeTinyBase } from './tiny-base.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-adapter-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const llama = await openLlama()
after(() => llama.dispose())

const all = Object.keys(adapterTargets) as LoraSettings['targets']
const usual: LoraSettings['targets'] = ['q', 'k', 'v', 'o']

function weightsOver(path: string, targets: LoraSettings['targets']) {
  const base = readBase(path)
  const plan = [...frozenPlan(base), ...adapterPlan(base.shape, { targets, rank: 4 })]
  const weights = new Weights(ggml, backend, base.shape, plan)
  loadBase(weights, base)
  const random = randomFrom(17)
  for (const { name, count, shape } of weights.trained) {
    const deviation = name.endsWith('lora_a') ? 1 / Math.sqrt(shape[0]!) : 0.05
    weights.write(
      name,
      Float32Array.from({ length: count }, () => deviation * gaussian(random)),
    )
  }
  return { base, weights }
}

const kinds: readonly (readonly [string, () => string, LoraSettings['targets']])[] = [
  ...(['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0'] as const).map(
    (type) => [`the seed mind as ${type}`, () => writeSeedAs(folder, type), usual] as const,
  ),
  ['all seven matrices', () => writeSeedAs(folder, 'F32'), all],
  ['factors of positions, a head of its own', () => tiny({ type: 'F32', factors: true }), usual],
  ['Q4_K', () => tiny({ type: 'Q4_K', embedding: 256, feedForward: 512 }), usual],
  ['Q6_K', () => tiny({ type: 'Q6_K', embedding: 256, feedForward: 256 }), usual],
]
// llama.cpp lays out Q4_0 matrices anew when it loads them, and its product of those rounds activations otherwise.
const limits: Readonly<Record<string, number>> = { 'the seed mind as Q4_0': 1e-2 }
const tiny = (base: TinyBase) => writeTinyBase(folder, base)

for (const [title, write, targets] of kinds)
  test(`llama.cpp runs an adapter with the trainer's probabilities: ${title}`, async () => {
    const path = write()
    const limit = limits[title] ?? 1e-3
    const { base, weights } = weightsOver(path, targets)
    const adapterPath = join(folder, 'adapter.gguf')
    exportAdapter(adapterPath, weights, { name: 'tiny', alpha: 8, training: { steps: 0 } })
    assert.equal(validateAdapter(adapterPath, base.header).rank, 4)
    const messages = [
      { role: 'system', content: 'Method.' },
      { role: 'user', content: 'object\nself.count=3\nincrement_by: 4' },
    ] as const
    const prompt = encodePrompt(new Bpe(base.vocabulary), messages, 'function increment_by_(self, a) {\n  ')
    const model = await llama.loadModel({ modelPath: path })
    const plain = await ourProbabilities(weights, prompt, { scale: 0, dropout: 0 })
    const adapted = await ourProbabilities(weights, prompt, { scale: 2, dropout: 0 })
    assert.ok(
      Math.max(...plain.map((p, i) => Math.abs(p - adapted[i]!))) > 0.01,
      'the adapter changes nothing',
    )
    const differences = [
      largestDifference(plain, await theirProbabilities(model, prompt)),
      largestDifference(adapted, await theirProbabilities(model, prompt, adapterPath)),
    ]
    await model.dispose()
    for (const difference of differences) assert.ok(difference < limit, `differences ${differences}`)
  })
