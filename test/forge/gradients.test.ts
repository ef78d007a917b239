import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBlas } from '../../src/forge/blas.ts'
import { openGgml } from '../../src/forge/ggml.ts'
import { gradientDifference, requireSoundGradients } from '../../src/forge/gradient-test.ts'
import type { LlamaShape } from '../../src/forge/weights.ts'

const ggml = openGgml()
const backend = ggml.backend('cpu', 1)!

const base = { vocabulary: 64, width: 32, layers: 1, feedForward: 48, ropeBase: 500_000, epsilon: 1e-5 }
const shapes: readonly (readonly [string, LlamaShape])[] = [
  ['one key head for all query heads', { ...base, heads: 4, kvHeads: 1 }],
  ['as many key heads as query heads', { ...base, heads: 2, kvHeads: 2 }],
  ['groups of query heads, three layers', { ...base, layers: 3, heads: 4, kvHeads: 2 }],
  ['another base of positions', { ...base, heads: 2, kvHeads: 1, ropeBase: 10_000 }],
  ['a head of its own', { ...base, heads: 2, kvHeads: 1, untied: true }],
]

const blas = openBlas()
const ways = [
  ['', undefined, false],
  [', with the BLAS of the system', blas, blas ? false : 'there is none here'],
] as const

for (const [way, blas, skip] of ways)
  for (const what of ['whole', 'adapter'] as const)
    for (const [title, shape] of shapes)
      test(`has the gradients of the library's own differentiation, ${what}: ${title}${way}`, {
        skip,
      }, async () => {
        const difference = await gradientDifference(ggml, backend, { what, shape, blas })
        assert.ok(difference < 1e-5, `relative difference ${difference}`)
      })

test("has the gradients of the library's own differentiation, adapter: factors of positions", async () => {
  const shape = { ...base, heads: 2, kvHeads: 1, ropeFactors: true }
  const difference = await gradientDifference(ggml, backend, { what: 'adapter', shape })
  assert.ok(difference < 1e-5, `relative difference ${difference}`)
})

test('lets a training begin when the gradients are sound', async () => {
  for (const what of ['whole', 'adapter'] as const) {
    const difference = await requireSoundGradients(ggml, backend, { what, device: 'cpu' })
    assert.ok(difference > 0 && difference < 1e-5, `relative difference ${difference}`)
  }
})

test('computes nothing on a device that does not know an operation', async () => {
  let computed = 0
  const changed: typeof ggml = {
    ...ggml,
    backend_supports_op: (where, node) =>
      ggml.op_desc(node) !== 'SOFT_MAX_BACK' && ggml.backend_supports_op(where, node),
    compute: (where, graph) => {
      computed++
      return ggml.compute(where, graph)
    },
  }
  for (const what of ['whole', 'adapter'] as const)
    await assert.rejects(requireSoundGradients(changed, backend, { what, device: 'cpu' }), {
      code: 'E_TRAINER_UNAVAILABLE',
      message: /SOFT_MAX_BACK/,
    })
  assert.equal(computed, 0)
})

test('lets no training begin where an operation of the library counts otherwise', async () => {
  const { rms_norm_back } = ggml
  const changed: typeof ggml = {
    ...ggml,
    rms_norm_back: (context, gradient, x, epsilon) => rms_norm_back(context, gradient, x, 100 * epsilon),
  }
  for (const what of ['whole', 'adapter'] as const)
    await assert.rejects(requireSoundGradients(changed, backend, { what, device: 'cpu' }), {
      code: 'E_TRAINER_GRADIENTS',
    })
})

test('lets no training begin on a GPU either where an argument is another one', async () => {
  const { soft_max_ext_back } = ggml
  const changed: typeof ggml = {
    ...ggml,
    soft_max_ext_back: (context, gradient, y, scale, bias) =>
      soft_max_ext_back(context, gradient, y, 1.1 * scale, bias),
  }
  for (const what of ['whole', 'adapter'] as const)
    await assert.rejects(requireSoundGradients(changed, backend, { what, device: 'gpu' }), {
      code: 'E_TRAINER_GRADIENTS',
    })
})
