import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { BatError } from '../../src/base/errors.ts'
import {
  encodeGguf,
  type GgufTensor,
  type GgufValue,
  parseGgufHeader,
  readGgufHeader,
  readTensorBytes,
  readTensorFloats,
  writeGguf,
} from '../../src/mind/gguf.ts'
import {
  decodeFloats,
  encodeFloats,
  floatOfHalf,
  halfOfFloat,
  tensorType,
} from '../../src/mind/tensor-types.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-gguf-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'x.gguf')

const metadata = new Map<string, GgufValue>([
  ['general.architecture', { type: 'str', value: 'llama' }],
  ['a.byte', { type: 'u8', value: 200 }],
  ['a.negative', { type: 'i16', value: -300 }],
  ['a.count', { type: 'u32', value: 4_000_000_000 }],
  ['a.large', { type: 'u64', value: 2n ** 60n }],
  ['a.real', { type: 'f32', value: 0.5 }],
  ['a.double', { type: 'f64', value: Math.PI }],
  ['a.flag', { type: 'bool', value: true }],
  ['a.texts', { type: 'array', of: 'str', value: ['', 'Ġself', 'größe ☃'] }],
  ['a.numbers', { type: 'array', of: 'i32', value: [1, -2, 3] }],
])
const ramp = (count: number) => Float32Array.from({ length: count }, (_, i) => i - count / 2)
const tensor = (name: string, shape: number[], type: 'F32' | 'F16' | 'Q8_0'): GgufTensor => ({
  name,
  shape,
  type: tensorType(type),
  data: encodeFloats(type, ramp(shape.reduce((a, b) => a * b, 1))),
})
const tensors = [tensor('plain', [3, 5], 'F32'), tensor('half', [7], 'F16'), tensor('bytes', [64, 2], 'Q8_0')]

test('reads what it wrote: values of every kind and tensors of every type we write', () => {
  writeGguf(file, metadata, tensors)
  const header = readGgufHeader(file)
  assert.deepEqual(header.metadata, metadata)
  assert.deepEqual([...header.tensors.keys()], ['plain', 'half', 'bytes'])
  for (const { name, shape, type, data } of tensors) {
    const info = header.tensors.get(name)!
    assert.deepEqual([info.shape, info.type], [shape, type])
    assert.equal(info.offset % 32, 0)
    assert.deepEqual(readTensorBytes(file, info), new Uint8Array(data))
  }
  assert.deepEqual(readTensorFloats(file, header.tensors.get('plain')!), ramp(15))
})

test('places tensors at the alignment that the file declares', () => {
  const aligned = new Map(metadata).set('general.alignment', { type: 'u32', value: 256 })
  const bytes = Buffer.from(encodeGguf(aligned, tensors))
  const header = parseGgufHeader(bytes, bytes.length)
  for (const { offset } of header.tensors.values()) assert.equal(offset % 256, 0)
})

const spoiled: readonly (readonly [string, (bytes: Buffer) => Buffer, RegExp])[] = [
  ['another beginning', (b) => Buffer.concat([Buffer.from('GGML'), b.subarray(4)]), /begin with GGUF/],
  ['another version', (b) => patched(b, 4, 9), /version 9/],
  ['a length beyond all measure', (b) => patched(b, 31, 255), /large|cut off|long/],
  ['nothing but a header that is cut off', (b) => b.subarray(0, 100), /cut off/],
  ['data that is cut off', (b) => b.subarray(0, b.length - 64), /beyond the end/],
]
function patched(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = value
  return copy
}

for (const [title, spoil, problem] of spoiled)
  test(`refuses a file with ${title}`, () => {
    writeFileSync(file, spoil(Buffer.from(encodeGguf(metadata, tensors))))
    assert.throws(
      () => readGgufHeader(file),
      (failure) => failure instanceof BatError && failure.code === 'E_GGUF' && problem.test(failure.message),
    )
  })

test('refuses an empty file, a folder and a file that is not there', () => {
  writeFileSync(file, '')
  for (const path of [file, folder, join(folder, 'none')])
    assert.throws(() => readGgufHeader(path), { code: 'E_GGUF' })
})

test('never fails other than by a coded error, whatever bytes are changed', () => {
  const sound = Buffer.from(encodeGguf(metadata, tensors))
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length), (at, value, length) => {
      writeFileSync(file, patched(sound, at, value))
      if (length % 3 === 0) truncateSync(file, length)
      try {
        readGgufHeader(file)
      } catch (failure) {
        assert.ok(failure instanceof BatError && failure.code === 'E_GGUF', String(failure))
      }
    }),
    { numRuns: 300 },
  )
})

test('turns every half into a float and back', () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = floatOfHalf(half)
    if (!Number.isNaN(value)) assert.equal(halfOfFloat(value), half)
  }
})

test('rounds floats to the nearest half, ties to even', () => {
  const cases = [
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [65_519, 65_504],
    [65_520, Number.POSITIVE_INFINITY],
    [2 ** -25, 0],
    [2 ** -24, 2 ** -24],
    [0.9999999, 1],
  ] as const
  for (const [value, expected] of cases)
    assert.equal(floatOfHalf(halfOfFloat(value)), expected, String(value))
})

test('keeps blocks of bytes within half a step of their scale', () => {
  const values = Float32Array.from({ length: 320 }, (_, i) => Math.sin(i) * (1 + (i >> 5)))
  const back = decodeFloats(tensorType('Q8_0'), encodeFloats('Q8_0', values))!
  values.forEach((value, i) => {
    const largest = Math.max(...values.subarray(i & ~31, (i & ~31) + 32).map(Math.abs))
    assert.ok(Math.abs(value - back[i]!) <= (largest / 127) * 0.56, `${i}: ${value} ${back[i]}`)
  })
})
