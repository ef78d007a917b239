// What a training is said to need against what it takes: weights, gradients, moments and intermediate results as the library
// counts them.
import assert from 'node:assert/strict'
import { freemem } from 'node:os'
import { test } from 'node:test'
import { adapterPlan } from '../../src/forge/adapter.ts'
import { frozenPlan } from '../../src/forge/base-model.ts'
import { openBlas } from '../../src/forge/blas.ts'
import { cachedOf, freeMemory } from '../../src/forge/free-memory.ts'
import { openGgml } from '../../src/forge/ggml.ts'
import { Replica, type ReplicaOptions } from '../../src/forge/llama-net.ts'
import { fixedBytes, loraBytes, requireFree, trainingBytes } from '../../src/forge/memory-estimate.ts'
import { type LlamaShape, Weights } from '../../src/forge/weights.ts'
import { tensorType } from '../../src/mind/tensor-types.ts'

const ggml = openGgml()
const backend = ggml.backend('cpu', 1)!
const rest = { ropeBase: 10_000, epsilon: 1e-5 }

const sizes: readonly (readonly [string, LlamaShape, { length: number; rows: number }])[] = [
  [
    'small',
    { vocabulary: 1024, width: 64, layers: 2, heads: 4, kvHeads: 2, feedForward: 176, ...rest },
    { length: 64, rows: 2 },
  ],
  [
    'wide',
    { vocabulary: 2048, width: 192, layers: 4, heads: 6, kvHeads: 2, feedForward: 512, ...rest },
    { length: 256, rows: 2 },
  ],
]
const blas = openBlas()
const ways = [['', undefined], ...(blas ? [[', with a BLAS', blas] as const] : [])] as const

/** Bytes of the weights and of what `replicas` of them compute in between. */
function taken(weights: Weights, replicas: number, options: ReplicaOptions): number {
  let bytes = 0
  for (const { tensor, turned } of weights.all.values())
    bytes += ggml.nbytes(tensor) + (turned ? ggml.nbytes(turned.tensor) : 0)
  // moments
  bytes += 8 * weights.trainedCount
  for (let i = 0; i < replicas; i++) {
    const made = [new Replica(ggml, backend, weights, options)]
    // A training of a whole model measures its validation sets besides.
    if (!options.adapter) made.push(new Replica(ggml, backend, weights, { ...options, purpose: 'evaluate' }))
    for (const { computeBytes, keptBytes } of made) bytes += computeBytes + keptBytes
  }
  return bytes
}

for (const [title, shape, size] of sizes)
  for (const [way, blas] of ways) {
    test(`a whole model takes no more than it is said to: ${title}${way}`, () => {
      const needed = trainingBytes({ ...size, shape, replicas: 2, validates: true }) - fixedBytes
      const took = taken(new Weights(ggml, backend, shape), 2, { ...size, purpose: 'train', blas })
      assert.ok(took <= needed && took > needed / 3, `${took} of ${needed} bytes`)
    })
    for (const type of ['F32', 'Q8_0'] as const)
      test(`an adapter takes no more than it is said to: ${title}, ${type}${way}`, () => {
        const plan = [
          ...frozenPlan(shape, () => tensorType(type), blas !== undefined),
          ...adapterPlan(shape, { targets: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'], rank: 16 }),
        ]
        const answers = 48
        const adapter = { scale: 2, dropout: 0.05 }
        const need = (dropout: number) => loraBytes({ ...size, answers, shape, plan, dropout, replicas: 2 })
        const needed = need(0.05) - fixedBytes
        // masks of 1,024 rows for each width of an input
        assert.equal(need(0.05) - need(0), 2 * 4 * 1024 * (shape.width + shape.feedForward))
        const weights = new Weights(ggml, backend, shape, plan)
        const took = taken(weights, 2, {
          ...size,
          answers,
          adapter,
          purpose: 'train',
          accumulates: true,
          blas,
        })
        assert.ok(took <= needed && took > needed / 3, `${took} of ${needed} bytes`)
      })
  }

test('counts as free what the limit of the group leaves, with the files that it keeps in memory', () => {
  const stat = 'anon 5\nfile 900\ninactive_anon 7\ninactive_file 300\nactive_file 200\nunevictable 1\n'
  assert.equal(cachedOf(stat), 500)
  const free = freeMemory()
  assert.ok(free > 0 && free < 1.2 * freemem())
  requireFree(free / 2)
  assert.throws(() => requireFree(2 * free), { code: 'E_TRAINER_MEMORY' })
})
