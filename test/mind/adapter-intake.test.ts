// Adapters that somebody brings: what is taken, what is refused and why, and that a PEFT adapter does in the engine what the
// GGUF adapter of the same numbers does.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { checkAdapter, convertAdapter } from '../../src/mind/adapter-intake.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { sha256OfFile } from '../../src/mind/file-digest.ts'
import { readGgufHeader, readTensorFloats } from '../../src/mind/gguf.ts'
import { decodeFloats, encodeFloats, tensorType } from '../../src/mind/tensor-types.ts'
import { WarmAdapters } from '../../src/mind/warm-adapters.ts'
import { request } from './engine-behaviour.ts'
import { type PeftShape, safetensorsOf, upperHalves, writePeft } from './peft-adapter.ts'
import { type TinyModel, tinyAdapter, tinyModel, writeModel } from './tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-intake-'))
const at = (name: string) => join(folder, name)
const base = { path: at('base.gguf'), sha256: '' }
const shape = { heads: 4, keyHeads: 2 }
/** With keys too, whose heads are fewer, and feed-forward. */
const adapter = tinyAdapter(5, {}, ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_down'])

before(async () => {
  writeModel(base.path, tinyModel())
  base.sha256 = await sha256OfFile(base.path)
  writeModel(at('adapter.gguf'), adapter)
})
after(() => rmSync(folder, { recursive: true }))

const refusal = (problem: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof BatError && thrown.code === 'E_ADAPTER_INVALID', String(thrown))
  assert.match(String(thrown.details.problem), problem)
  return true
}

async function converted(name: string, change: Partial<PeftShape> = {}): Promise<string> {
  const dir = writePeft(at(name), adapter, { ...shape, ...change })
  const out = at(`${name}.gguf`)
  const [weights, config] = [join(dir, 'adapter_model.safetensors'), join(dir, 'adapter_config.json')]
  await convertAdapter({ weights, config, base, out })
  return out
}

/** The same adapter in BF16. */
function asBf16({ metadata, tensors }: TinyModel): TinyModel {
  const halved = [...tensors].map(([name, { shape, type, data }]) => {
    const floats = decodeFloats(type, data)!
    return [
      name,
      { name, shape, type: tensorType('BF16'), data: upperHalves(encodeFloats('F32', floats)) },
    ] as const
  })
  return { metadata, tensors: new Map(halved) }
}

test('answers with a converted PEFT adapter as with the same adapter in GGUF', async () => {
  const engine = startEngine({ modelPath: base.path, gpu: false, threads: 1 })
  try {
    const answer = async (path?: string) => {
      const asked = request({ temperature: 0, maxTokens: 60 })
      if (path === undefined) return (await engine.infer(asked)).text
      const used = { path, sha256: await sha256OfFile(path), scale: 1 }
      return (await engine.infer({ ...asked, adapter: used })).text
    }
    const expected = await answer(at('adapter.gguf'))
    assert.notEqual(expected, await answer())
    assert.equal(await answer(await converted('plain')), expected)
    const rank = { use_rslora: true, lora_alpha: 8 }
    assert.equal(await answer(await converted('rslora', { factor: 2, config: rank })), expected)
    const patterns = { lora_alpha: 16, alpha_pattern: { 'layers.\\d+.self_attn.q_proj': 8, '.*': 8 } }
    assert.equal(await answer(await converted('patterns', { config: patterns })), expected)
    writeModel(at('halved.gguf'), asBf16(adapter))
    const inHalves = await answer(at('halved.gguf'))
    assert.notEqual(inHalves, await answer())
    assert.equal(await answer(await converted('bf16', { dtype: 'BF16' })), inHalves)
  } finally {
    await engine.stop()
  }
})

test('keeps every number of a converted adapter in its place', async () => {
  const out = await converted('numbers')
  const [mine, other] = [readGgufHeader(at('adapter.gguf')), readGgufHeader(out)]
  assert.deepEqual([...other.tensors.keys()].sort(), [...mine.tensors.keys()].sort())
  for (const info of mine.tensors.values())
    assert.deepEqual(
      readTensorFloats(out, other.tensors.get(info.name)!),
      readTensorFloats(at('adapter.gguf'), info),
    )
})

test('tells what an adapter is, and takes a configuration from within a lone file', async () => {
  const { rank, alpha } = await checkAdapter({ file: at('adapter.gguf'), base })
  assert.deepEqual([rank, alpha], [4, 8])
  const lone = at('lone.safetensors')
  writeFileSync(lone, safetensorsOf(adapter, shape))
  const task = { weights: lone, base, out: at('lone.gguf') }
  await assert.rejects(convertAdapter(task), refusal(/adapter_config\.json/))
  const config = { r: 4, lora_alpha: 8, base_model_name_or_path: 'ada/tiny' }
  writeFileSync(lone, safetensorsOf(adapter, shape, { lora_adapter_metadata: JSON.stringify(config) }))
  await convertAdapter(task)
  assert.deepEqual((await checkAdapter({ file: task.out, base })).provenance, { base: 'ada/tiny' })
})

const refused: readonly (readonly [string, object, RegExp])[] = [
  ['DoRA', { use_dora: true }, /DoRA/],
  ['biases', { bias: 'all' }, /biases \(all\)/],
  ['whole modules', { modules_to_save: ['lm_head'] }, /whole modules along: lm_head/],
  ['PiSSA', { init_lora_weights: 'pissa_niter_4' }, /\(pissa\) changed the weights/],
  ['another kind', { peft_type: 'IA3' }, /kind IA3/],
  ['no rank', { r: 0 }, /adapter_config\.json: r/],
  ['another rank', { r: 8 }, /rank 4 instead of 8/],
]
for (const [what, config, problem] of refused)
  test(`does not convert a PEFT adapter with ${what}, and says so`, () =>
    assert.rejects(converted(what, { config }), refusal(problem)))

test('refuses adapters that are cut off, made for another shape, not finite, or trained on another model', async () => {
  const whole = readFileSync(at('adapter.gguf'))
  const broken = (name: string, change: (model: TinyModel) => void): string => {
    const model = tinyAdapter(5)
    change(model)
    writeModel(at(name), model)
    return at(name)
  }
  writeFileSync(at('cut.gguf'), whole.subarray(0, whole.length - 1000))
  await assert.rejects(checkAdapter({ file: at('cut.gguf'), base }), refusal(/blk/))
  writeModel(at('wide.gguf'), tinyAdapter(5, { embedding: 128 }))
  await assert.rejects(checkAdapter({ file: at('wide.gguf'), base }), refusal(/sizes 128 × 4 instead of 64/))
  const endless = broken('nan.gguf', ({ tensors }) => {
    const [name, first] = [...tensors][0]!
    tensors.set(name, { ...first, data: encodeFloats('F16', new Float32Array(64 * 4).fill(Number.NaN)) })
  })
  await assert.rejects(checkAdapter({ file: endless, base }), refusal(/not finite/))
  const stranger = broken('stranger.gguf', ({ metadata }) =>
    metadata.set('batos.training', { type: 'str', value: JSON.stringify({ base: 'ab'.repeat(32) }) }),
  )
  await assert.rejects(checkAdapter({ file: stranger, base }), refusal(/trained on the model abababababab/))
  const dir = writePeft(at('short'), adapter, shape)
  const pickled = { weights: join(dir, 'adapter_model.bin'), config: join(dir, 'adapter_config.json') }
  await assert.rejects(convertAdapter({ ...pickled, base, out: at('x.gguf') }), refusal(/pickled/))
  const weights = join(dir, 'adapter_model.safetensors')
  writeFileSync(weights, readFileSync(weights).subarray(0, 3000))
  await assert.rejects(
    convertAdapter({ weights, config: join(dir, 'adapter_config.json'), base, out: at('x.gguf') }),
    refusal(/cut off/),
  )
})

test('keeps files at hand within its bytes, those used last, and none that is in use goes', async () => {
  const size = readFileSync(at('adapter.gguf')).length
  const warm = await WarmAdapters.open({ dir: at('warm'), bytes: 2 * size })
  const cold = (digit: string) => ({ sha256: digit.repeat(64), size, source: () => at('adapter.gguf') })
  const use = (digit: string) => warm.use(cold(digit), async (_, brought) => brought)
  assert.deepEqual(
    [await use('a'), await use('b'), await use('a'), await use('c')],
    [true, true, false, true],
  )
  assert.deepEqual(warm.held, ['a'.repeat(64), 'c'.repeat(64)])
  await warm.use(cold('a'), async (path) => {
    await Promise.all([use('b'), use('c'), use('d')])
    assert.deepEqual(readFileSync(path), readFileSync(at('adapter.gguf')))
  })
  const lost = { ...cold('e'), source: () => at('nowhere') }
  await assert.rejects(
    warm.use(lost, async () => true),
    /ENOENT/,
  )
  assert.equal(await use('e'), true)
})
