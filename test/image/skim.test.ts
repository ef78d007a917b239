import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { oidOf } from '../../src/base/ids.ts'
import { ByteReader } from '../../src/image/byte-reader.ts'
import { encodeSlots } from '../../src/image/codec.ts'
import { eachReference } from '../../src/image/references.ts'
import { skim } from '../../src/image/skim.ts'
import { values } from './values.ts'

test('finds all that a value names without reading it, and goes over it to its end', () => {
  let named = 0
  for (const value of fc.sample(values, { numRuns: 400, seed: 7 })) {
    const expected: string[] = []
    eachReference(value, {
      object: (oid) => expected.push(oid),
      blob: (sha256) => expected.push(sha256),
    })
    const found: string[] = []
    const bytes = encodeSlots(new Map([['slot', value]]))
    const reader = new ByteReader(bytes)
    skim(reader, {
      object: (number) => found.push(oidOf(number)),
      blob: (sha256) => found.push(Buffer.from(sha256).toString('hex')),
      value: () => assert.fail('nothing is shared here'),
    })
    assert.deepEqual(found, expected)
    assert.equal(reader.at, bytes.length)
    named += found.length
  }
  assert.ok(named > 100)
})
