// Adapters for a model that nobody trained: one that changes nothing, and one that only disturbs.

import { makeRandom } from '../../scripts/seed/random.ts'
import { type GgufValue, readGgufHeader, writeGguf } from '../../src/mind/gguf.ts'
import { encodeFloats, tensorType } from '../../src/mind/tensor-types.ts'

const RANK = 2

/** Writes an adapter for the attention of `base`: `strength` 0 leaves every answer as it is. */
export function writeMadeAdapter(path: string, base: string, strength: number): void {
  const random = makeRandom(41)
  const tensors = [...readGgufHeader(base).tensors.values()].filter(({ name }) =>
    /^blk\.\d+\.attn_(q|k|v|output)\.weight$/.test(name),
  )
  const made = tensors.flatMap(({ name, shape: [inputs = 0, outputs = 0] }) => [
    tensor(`${name}.lora_a`, [inputs, RANK], () => (random() - 0.5) / Math.sqrt(inputs)),
    tensor(`${name}.lora_b`, [RANK, outputs], () => (random() - 0.5) * strength),
  ])
  const text = (value: string) => ({ type: 'str', value }) as const
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', text('llama')],
    ['general.type', text('adapter')],
    ['adapter.type', text('lora')],
    ['adapter.lora.alpha', { type: 'f32', value: RANK } as const],
  ])
  writeGguf(path, metadata, made)
}

const tensor = (name: string, shape: readonly number[], draw: () => number) => ({
  ...{ name, shape, type: tensorType('F32') },
  data: encodeFloats('F32', Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw)),
})
