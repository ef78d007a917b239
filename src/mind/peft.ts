// A LoRA adapter as PEFT saves it (adapter_config.json and adapter_model.safetensors) as the adapter that llama.cpp takes, for
// a Llama whose GGUF file was made from the Hugging Face form. What differs:
//
//   names   base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight → blk.3.attn_q.weight.lora_a
//   order   llama.cpp's RoPE turns neighbours, Hugging Face's turns halves: within each head of queries and keys, row
//           half · d/2 + j becomes row 2j + half. Only B has rows of that kind. (convert_hf_to_gguf.py, LlamaModel.permute)
//   scale   llama.cpp multiplies by alpha / rank; where PEFT means something else for a matrix (alpha / √rank under
//           rsLoRA, patterns of ranks and alphas), B is multiplied by the difference
//
// A and B themselves are stored alike. What this cannot say is refused: DoRA, biases, embeddings, whole modules saved, weights
// of the base that the adapter's initialisation had changed.
import { z } from 'zod'
import { type GgufHeader, type GgufTensor, type GgufValue, numberOf } from './gguf.ts'
import { readSafeTensor, readSafetensors, type SafeTensor } from './safetensors.ts'
import { decodeFloats, encodeFloats, tensorType } from './tensor-types.ts'

const pattern = z.record(z.string(), z.number().positive()).nullish()
const configSchema = z.looseObject({
  peft_type: z.string().default('LORA'),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  bias: z.string().nullish(),
  fan_in_fan_out: z.boolean().nullish(),
  modules_to_save: z.array(z.string()).nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
  rank_pattern: pattern,
  alpha_pattern: pattern,
})
export type PeftConfig = z.output<typeof configSchema>

export interface Converted {
  readonly metadata: Map<string, GgufValue>
  readonly tensors: readonly GgufTensor[]
}

const matrices: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
}
const named =
  /^(?:base_model\.model\.)?((?:model\.)?layers\.(\d+)\.((?:self_attn|mlp)\.\w+))\.lora_([AB])(?:\.[\w-]+)?\.weight$/

/** Reads a PEFT configuration and refuses what cannot be converted. Throws plain errors that say what is wrong. */
export function parsePeftConfig(data: unknown): PeftConfig {
  const result = configSchema.safeParse(data)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new Error(`adapter_config.json: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const config = result.data
  const changed = /^(pissa|olora|corda|loftq)/.exec(String(config.init_lora_weights))?.[1]
  const refused =
    config.peft_type !== 'LORA'
      ? `it is of the kind ${config.peft_type}, not LORA`
      : config.use_dora
        ? 'it uses DoRA, which llama.cpp cannot apply'
        : (config.bias ?? 'none') !== 'none'
          ? `it trains biases (${config.bias}), which the model does not have`
          : config.fan_in_fan_out
            ? 'its weights are turned (fan_in_fan_out), which no Llama has'
            : (config.modules_to_save ?? []).length > 0
              ? `it brings whole modules along: ${config.modules_to_save?.join(', ')}`
              : changed !== undefined
                ? `its initialisation (${changed}) changed the weights of the model itself`
                : undefined
  if (refused !== undefined) throw new Error(refused)
  return config
}

/** The adapter in `weights` as GGUF, for the model of `base`. Throws plain errors that say what is wrong. */
export function convertPeft(weights: string, config: PeftConfig, base: GgufHeader): Converted {
  if (weights.endsWith('.bin'))
    throw new Error('its weights are pickled; save it with safe_serialization=True')
  const { tensors } = readSafetensors(weights)
  if (tensors.size === 0) throw new Error('it has no tensors')
  const converted = [...tensors.values()].map((tensor) => convertOne(weights, tensor, config, base))
  const text = (value: string): GgufValue => ({ type: 'str', value })
  const { base_model_name_or_path: basis } = config
  const metadata = new Map<string, GgufValue>([
    ['general.type', text('adapter')],
    ['general.architecture', text('llama')],
    ['adapter.type', text('lora')],
    ['adapter.lora.alpha', { type: 'f32', value: config.lora_alpha }],
    ...(basis ? [['general.base_model.0.name', text(basis)] as const] : []),
  ])
  return { metadata, tensors: converted }
}

function convertOne(weights: string, tensor: SafeTensor, config: PeftConfig, base: GgufHeader): GgufTensor {
  const [, module = '', layer, part = '', half] = named.exec(tensor.name) ?? []
  const matrix = matrices[part]
  if (matrix === undefined)
    throw new Error(`tensor ${tensor.name} is not half of a pair for attention or feed-forward`)
  const [rows, columns] = tensor.shape
  if (tensor.shape.length !== 2 || rows === undefined || columns === undefined)
    throw new Error(`tensor ${tensor.name} has sizes ${tensor.shape.join(' × ')} instead of two`)
  const name = `blk.${layer}.${matrix}.weight.lora_${half?.toLowerCase()}`
  const bytes = readSafeTensor(weights, tensor)
  const shape = [columns, rows]
  if (half === 'A') return { name, shape, type: tensor.type, data: bytes }
  const heads = headsOf(matrix, base)
  const ordered = heads === undefined ? bytes : interleaved(bytes, { rows, heads, name: tensor.name })
  const factor = scaleOf(config, module, columns) / (config.lora_alpha / columns)
  if (Math.abs(factor - 1) < 1e-12) return { name, shape, type: tensor.type, data: ordered }
  const scaled = decodeFloats(tensor.type, ordered)!.map((value) => value * factor)
  return { name, shape, type: tensorType('F32'), data: encodeFloats('F32', scaled) }
}

/** By what PEFT multiplies B A for a module; patterns are matched at the end of its name, as PEFT does. */
function scaleOf(
  { r, lora_alpha, rank_pattern, alpha_pattern, use_rslora }: PeftConfig,
  module: string,
  rank: number,
) {
  const matched = (patterns: Readonly<Record<string, number>> | null | undefined, usual: number) =>
    Object.entries(patterns ?? {}).find(([key]) => new RegExp(`(^|.*\\.)(${key})$`).test(module))?.[1] ??
    usual
  const said = matched(rank_pattern, r)
  if (said !== rank) throw new Error(`${module} has rank ${rank} instead of ${said}`)
  return matched(alpha_pattern, lora_alpha) / (use_rslora ? Math.sqrt(rank) : rank)
}

/** How many heads the rows of a matrix belong to, where they are turned by RoPE. */
function headsOf(matrix: string, base: GgufHeader): number | undefined {
  const heads = numberOf(base, 'llama.attention.head_count')
  if (matrix === 'attn_q') return heads
  return matrix === 'attn_k' ? (numberOf(base, 'llama.attention.head_count_kv') ?? heads) : undefined
}

/** The rows in llama.cpp's order. */
function interleaved(
  bytes: Uint8Array,
  { rows, heads, name }: { readonly rows: number; readonly heads: number; readonly name: string },
): Uint8Array {
  const half = rows / heads / 2
  if (!Number.isInteger(half))
    throw new Error(`tensor ${name} has ${rows} rows, which ${heads} heads cannot share`)
  const width = bytes.length / rows
  const out = new Uint8Array(bytes.length)
  for (let row = 0; row < rows; row++) {
    const [head, within] = [Math.floor(row / (2 * half)), row % (2 * half)]
    const to = 2 * half * head + 2 * (within % half) + Math.floor(within / half)
    out.set(bytes.subarray(row * width, (row + 1) * width), to * width)
  }
  return out
}
