// Writes the seed mind with matrices of 8 bits beside it, and makes sure that it loads and answers.
// npm run seed:quantize [-- --model FILE] [--out FILE]
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/base/package-root.ts'
import { quantizeModel } from '../../src/forge/quantize.ts'
import { startEngine } from '../../src/mind/engine.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: join(packageRoot, 'models/seed.gguf') },
    out: { type: 'string' },
  },
})
const out = options.out ?? options.model.replace(/(\.gguf)?$/, '.q8_0.gguf')
quantizeModel(options.model, out, 'Q8_0')
const engine = startEngine({ modelPath: out, threads: 1, gpu: false })
try {
  const messages = [
    { role: 'system', content: 'Method.' },
    { role: 'user', content: 'genesis\nn self.count=3\nincrement_by: 2' },
  ] as const
  const prefill = 'function increment_by_(self, a) {\n'
  const { text } = await engine.infer({ messages, prefill, maxTokens: 60, temperature: 0, seed: 1 })
  console.log(`${out}: ${(statSync(out).size / 1e6).toFixed(2)} MB; it answers ${JSON.stringify(text)}`)
} finally {
  await engine.stop()
}
