// Writes two models one after the other to the path that it is given, and says when each is written.
import { writeSync } from 'node:fs'
import { writeGguf } from '../../src/mind/gguf.ts'
import { tensorType } from '../../src/mind/tensor-types.ts'

for (const value of [1, 2]) {
  const data = new Uint8Array(Float32Array.of(value, value).buffer)
  writeGguf(process.argv[2]!, new Map(), [{ name: 'x', shape: [2], type: tensorType('F32'), data }])
  writeSync(1, `${value}`)
}
