// A model's file with its matrices in a smaller type. Gains, and matrices whose rows are no whole number of blocks, stay as
// they are; everything else of the header is kept.
import { type GgufTensor, type GgufValue, readGgufHeader, readTensorFloats, writeGguf } from '../mind/gguf.ts'
import { encodeFloats, tensorType } from '../mind/tensor-types.ts'
import { validateModel } from '../mind/validate-model.ts'

/** `general.file_type` of llama.cpp. */
const fileTypes = { F16: 1, Q8_0: 7 } as const

/** Writes the model at `from` to `to`, at once. Throws E_MODEL_INVALID when `from` is no model that we run. */
export function quantizeModel(from: string, to: string, type: keyof typeof fileTypes): void {
  validateModel(from)
  const header = readGgufHeader(from)
  const wanted = tensorType(type)
  const tensors = [...header.tensors.values()].map((info): GgufTensor => {
    const floats = readTensorFloats(from, info)
    const { name, shape } = info
    const stored = shape.length > 1 && shape[0]! % wanted.block === 0 ? type : 'F32'
    return { name, shape, type: tensorType(stored), data: encodeFloats(stored, floats) }
  })
  const fileType: GgufValue = { type: 'u32', value: fileTypes[type] }
  writeGguf(to, new Map([...header.metadata, ['general.file_type', fileType]]), tensors)
  validateModel(to)
}
