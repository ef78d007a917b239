import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.ts'
import { quantizeModel } from '../../src/forge/quantize.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { numberOf, readGgufHeader } from '../../src/mind/gguf.ts'

const seed = join(packageRoot, 'models', 'seed.gguf')
const folder = mkdtempSync(join(tmpdir(), 'batos-quantize-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('writes the seed mind with 8 bits a number, which loads and writes the same simple method', async () => {
  const path = join(folder, 'seed.q8_0.gguf')
  quantizeModel(seed, path, 'Q8_0')
  const header = readGgufHeader(path)
  assert.equal(numberOf(header, 'general.file_type'), 7)
  assert.equal(header.tensors.get('token_embd.weight')?.type.name, 'Q8_0')
  assert.equal(header.tensors.get('output_norm.weight')?.type.name, 'F32')
  assert.ok(statSync(path).size < 0.3 * statSync(seed).size)
  const engine = startEngine({ modelPath: path, threads: 1, gpu: false })
  try {
    const { text } = await engine.infer({
      messages: [
        { role: 'system', content: 'Method.' },
        { role: 'user', content: 'genesis\nn self.count=3\nincrement_by: 2 => 5' },
      ],
      prefill: 'function increment_by_(self, a) {\n',
      maxTokens: 60,
      temperature: 0,
      seed: 1,
    })
    assert.equal(
      text,
      '  // add a to count\n  self.count = self.count + a;\n  self._p_changed = true;\n  return self.count;\n}',
    )
  } finally {
    await engine.stop()
  }
})

test('refuses what is no model', () => {
  const path = join(folder, 'out.gguf')
  assert.throws(() => quantizeModel(join(packageRoot, 'package.json'), path, 'F16'), {
    code: 'E_MODEL_INVALID',
  })
})
