// A small program that starts an engine and says the id of its process; a test kills it.
import { startEngine } from '../../src/mind/engine.ts'

const engine = startEngine({ modelPath: process.argv[2], gpu: false, threads: 1 })
const { pid } = await engine.ready()
process.stdout.write(`${pid}\n`)
await engine.infer({
  messages: [{ role: 'user', content: 'count' }],
  grammar: 'root ::= [a-z] root',
  ...{ maxTokens: 900, temperature: 1, seed: 1 },
})
await new Promise(() => setInterval(() => {}, 1000))
