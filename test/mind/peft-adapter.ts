// A PEFT adapter with the numbers of a GGUF adapter: what Hugging Face's side would have saved, rows of queries and keys in its
// order, written by the definitions and not by the code under test.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeFloats, encodeFloats } from '../../src/mind/tensor-types.ts'
import type { TinyModel } from './tiny-model.ts'

const modules: Readonly<Record<string, string>> = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}

export interface PeftShape {
  readonly heads: number
  readonly keyHeads: number
  /** B is divided by this, and the configuration makes up for it. */
  readonly factor?: number
  readonly config?: object
  /** F32 unless said otherwise; of BF16 only the upper half of each number is kept. */
  readonly dtype?: 'F32' | 'BF16'
}

/** Writes the folder of a PEFT adapter, and answers its path. */
export function writePeft(folder: string, adapter: TinyModel, shape: PeftShape): string {
  mkdirSync(folder, { recursive: true })
  const alpha = adapter.metadata.get('adapter.lora.alpha')?.value
  const rank = [...adapter.tensors.values()].find(({ name }) => name.endsWith('lora_a'))?.shape[1]
  const config = { peft_type: 'LORA', r: rank, lora_alpha: alpha, bias: 'none', ...shape.config }
  writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'adapter_model.safetensors'), safetensorsOf(adapter, shape))
  return folder
}

/** The bytes of the safetensors file of an adapter; `metadata` as the format has it. */
export function safetensorsOf(
  { tensors }: TinyModel,
  { heads, keyHeads, factor = 1, dtype = 'F32' }: PeftShape,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata }
  const data: Uint8Array[] = []
  let at = 0
  for (const { name, shape, type, data: bytes } of tensors.values()) {
    const [, layer, matrix = '', half] = /^blk\.(\d+)\.(\w+)\.weight\.lora_([ab])$/.exec(name) ?? []
    const floats = decodeFloats(type, bytes)!
    const [columns = 0, rows = 0] = shape
    const turned = matrix === 'attn_q' ? heads : matrix === 'attn_k' ? keyHeads : undefined
    const inOrder = half === 'b' && turned !== undefined ? halves(floats, rows, turned) : floats
    const whole = encodeFloats('F32', half === 'b' ? inOrder.map((value) => value / factor) : inOrder)
    const stored = dtype === 'F32' ? whole : upperHalves(whole)
    const full = `base_model.model.model.layers.${layer}.${modules[matrix]}.lora_${half?.toUpperCase()}.weight`
    header[full] = { dtype, shape: [rows, columns], data_offsets: [at, at + stored.length] }
    data.push(stored)
    at += stored.length
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, ...data])
}

/** F32 cut to BF16. */
export const upperHalves = (bytes: Uint8Array): Uint8Array => bytes.filter((_, i) => i % 4 >= 2)

/** Rows of each head: the even ones first, then the odd ones (the inverse of llama.cpp's `permute`). */
function halves(floats: Float32Array, rows: number, heads: number): Float32Array {
  const width = floats.length / rows
  const size = rows / heads
  const order: number[] = []
  for (let head = 0; head < heads; head++)
    for (const odd of [0, 1]) for (let i = odd; i < size; i += 2) order.push(head * size + i)
  const out = new Float32Array(floats.length)
  order.forEach((from, to) => {
    out.set(floats.subarray(from * width, (from + 1) * width), to * width)
  })
  return out
}
