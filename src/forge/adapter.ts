// A LoRA adapter: for each target matrix W [inputs, outputs] a pair A [inputs, rank], B [rank, outputs]; the model computes
// W x + (alpha / rank) · B A x. A begins as peft has it (uniform within 1 / √inputs), B as zero, so that nothing changes
// at first. The file is what llama.cpp takes:
//
//   general.type "adapter", general.architecture "llama", adapter.type "lora", adapter.lora.alpha f32
//   tensors `<matrix>.lora_a` and `<matrix>.lora_b`, F32
//   batos.training: JSON of how it came to be (settings, digests of base and data, steps, losses)
import { type GgufValue, writeGguf } from '../mind/gguf.ts'
import { encodeFloats, tensorType } from '../mind/tensor-types.ts'
import { adapterTargets, type LoraSettings } from './lora-settings.ts'
import type { Random } from './random.ts'
import { type LlamaShape, productOf, type WeightPlan, type Weights, weightShapes } from './weights.ts'

/** The pairs of an adapter, to be trained. */
export function adapterPlan(
  shape: LlamaShape,
  { targets, rank }: Pick<LoraSettings, 'targets' | 'rank'>,
): readonly WeightPlan[] {
  const shapes = weightShapes(shape)
  const pairs: WeightPlan[] = []
  for (let layer = 0; layer < shape.layers; layer++)
    for (const target of targets) {
      const matrix = `blk.${layer}.${adapterTargets[target]}.weight`
      const [inputs, outputs] = shapes.get(matrix) as readonly [number, number]
      const half = (name: string, sizes: readonly number[]) =>
        pairs.push({ name: `${matrix}.${name}`, shape: sizes, type: tensorType('F32'), trained: true })
      half('lora_a', [inputs, rank])
      half('lora_b', [rank, outputs])
    }
  return pairs
}

/** The values that a training begins with. */
export function beginAdapter(weights: Weights, random: Random): void {
  for (const { name, shape } of weights.trained) {
    const bound = name.endsWith('lora_a') ? 1 / Math.sqrt(shape[0]!) : 0
    const draw = () => bound * (2 * random() - 1)
    weights.write(name, Float32Array.from({ length: productOf(shape) }, draw))
  }
}

export interface AdapterStory {
  readonly name: string
  readonly alpha: number
  /** How it came to be, for whoever finds the file. */
  readonly training: object
}

/** Writes the adapter to `path`, at once. */
export function exportAdapter(path: string, weights: Weights, { name, alpha, training }: AdapterStory): void {
  const text = (value: string): GgufValue => ({ type: 'str', value })
  writeGguf(
    path,
    new Map<string, GgufValue>([
      ['general.architecture', text('llama')],
      ['general.type', text('adapter')],
      ['general.name', text(name)],
      ['adapter.type', text('lora')],
      ['adapter.lora.alpha', { type: 'f32', value: alpha }],
      ['batos.training', text(JSON.stringify(training))],
    ]),
    weights.trained.map((weight) => ({
      ...{ name: weight.name, shape: weight.shape, type: tensorType('F32') },
      data: encodeFloats('F32', weights.read(weight.name)),
    })),
  )
}
