// What is worth telling of a model, from the header of its file.
import { type GgufHeader, textOf } from './gguf.ts'
import type { Profile } from './prompts.ts'
import { validateModel } from './validate-model.ts'

export interface ModelSummary {
  /** What its maker calls it. */
  readonly title: string
  readonly parameters: number
  /** Tokens of prompt and answer together, at most. */
  readonly context: number
  /** `Q4_K_M`, `F16` … */
  readonly quantisation: string
  /** Which form of the prompts it knows. */
  readonly profile: Profile
}

/** llama.cpp's numbers of `general.file_type` (enum llama_ftype). */
const fileTypes: Readonly<Record<number, string>> = {
  ...{ 0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 7: 'Q8_0', 8: 'Q5_0', 9: 'Q5_1', 10: 'Q2_K', 11: 'Q3_K_S' },
  ...{ 12: 'Q3_K_M', 13: 'Q3_K_L', 14: 'Q4_K_S', 15: 'Q4_K_M', 16: 'Q5_K_S', 17: 'Q5_K_M', 18: 'Q6_K' },
  ...{ 32: 'BF16' },
}

/** Checks the model file at `path` and tells what it is. Throws E_MODEL_INVALID. May take a second for a large vocabulary. */
export function summaryOf(path: string): ModelSummary {
  const { header, parameters, contextLength } = validateModel(path)
  const title = textOf(header, 'general.name') ?? ''
  return {
    ...{ title, parameters, context: contextLength, quantisation: quantisationOf(header) },
    profile: title.startsWith('batos-seed') ? 'compact' : 'full',
  }
}

/** What the file says of itself; where it says nothing, the type that most of its weights have. */
function quantisationOf(header: GgufHeader): string {
  const said = header.metadata.get('general.file_type')
  const known = said?.type === 'u32' ? fileTypes[said.value as number] : undefined
  if (known !== undefined) return known
  const counts = new Map<string, number>()
  for (const { type, shape } of header.tensors.values())
    counts.set(type.name, (counts.get(type.name) ?? 0) + shape.reduce((all, size) => all * size, 1))
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? ''
}
