// Writes the seed mind with matrices of 8 bits beside it, and makes sure that it loads and answers.
// npm run seed:quantize [-- options]
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { packageRoot } from '../../src/base/package-root.ts'
import { quantizeModel } from '../../src/forge/quantize.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { runProgram } from './run-program.ts'

interface Options {
  readonly model: string
  readonly out?: string
}

const options = new Command('seed:quantize')
  .description('write a model with matrices of 8 bits')
  .option('--model <file>', 'the model', join(packageRoot, 'models/seed.gguf'))
  .option('--out <file>', 'the new one; default beside it, with .q8_0 in its name')
  .parse()
  .opts<Options>()

async function main(): Promise<void> {
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
}

await runProgram(main)
