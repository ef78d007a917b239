// The probabilities of the token after a prompt, by the trainer's graph and by llama.cpp. Keys and values are kept as F32
// there: as F16, its usual way, they alone make differences of some 1e-3.
import assert from 'node:assert/strict'
import { getLlama, type Llama, LlamaLogLevel, type LlamaModel, type Token } from 'node-llama-cpp'
import { batchesOf } from '../../src/forge/batches.ts'
import { openGgml } from '../../src/forge/ggml.ts'
import { type AdapterUse, Replica } from '../../src/forge/llama-net.ts'
import { readFloats, type Weights } from '../../src/forge/weights.ts'

export const ggml = openGgml()
export const backend = ggml.backend('cpu', 1)!

export const openLlama = (): Promise<Llama> =>
  getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.disabled, maxThreads: 1 })

export async function ourProbabilities(
  weights: Weights,
  prompt: readonly number[],
  adapter?: AdapterUse,
): Promise<Float32Array> {
  const { heads, kvHeads, vocabulary } = weights.shape
  const size = { length: prompt.length + 3, rows: 1 }
  const set = {
    count: 1,
    ids: Uint16Array.from([...prompt, 0]),
    starts: Uint32Array.of(0, prompt.length + 1),
    prompts: Uint32Array.of(prompt.length),
    tooLong: 0,
  }
  const [batch] = batchesOf(set, { ...size, group: heads / kvHeads, promptWeight: 0, padding: 0 })
  const options = { ...size, purpose: 'evaluate' as const, ...(adapter && { adapter }) }
  const replica = new Replica(ggml, backend, weights, options)
  replica.feed(batch!)
  await replica.compute()
  const all = readFloats(ggml, replica.logits, vocabulary * size.length)
  const logits = all.subarray(vocabulary * (prompt.length - 1), vocabulary * prompt.length)
  const largest = Math.max(...logits)
  const powers = logits.map((logit) => Math.exp(logit - largest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

export async function theirProbabilities(
  model: LlamaModel,
  prompt: readonly number[],
  adapterPath?: string,
): Promise<ReadonlyMap<Token, number>> {
  const context = await model.createContext({
    ...{ contextSize: 256, threads: 1, flashAttention: false },
    ...{ experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32' },
    ...(adapterPath !== undefined && { lora: { adapters: [{ filePath: adapterPath, scale: 1 }] } }),
  })
  const options = { temperature: 1, topK: 0, topP: 1, minP: 0 }
  const last = prompt.length - 1
  const given = prompt.map((id, i): Token | [Token, object] =>
    i === last ? [id as Token, { generateNext: { probabilities: true, options } }] : (id as Token),
  )
  const results = await context.getSequence().controlledEvaluate(given)
  await context.dispose()
  return results[last]!.next.probabilities!
}

/** The largest difference; the probabilities must differ among themselves for it to mean anything. */
export function largestDifference(ours: Float32Array, theirs: ReadonlyMap<Token, number>): number {
  assert.ok(theirs.size > 0 && Math.max(...ours) > 0.02, 'the probabilities are all alike')
  return Math.max(...[...theirs].map(([id, probability]) => Math.abs(probability - ours[id]!)))
}
