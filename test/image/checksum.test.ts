import assert from 'node:assert/strict'
import { it } from 'node:test'
import { crc32 } from 'node:zlib'
import { crc32Of } from '../../src/image/checksum.ts'

it('sums as zlib does, whatever the length, the place and the sum before', () => {
  const bytes = Uint8Array.from({ length: 1600 }, (_, i) => (i * i * 31 + i) >>> 3)
  for (let size = 0; size < 1500; size += size < 40 ? 1 : 37) {
    for (const from of [0, 4, 7]) {
      const part = bytes.subarray(3, 3 + from + size)
      for (const before of [0, 5, 0xfffffffe])
        assert.equal(crc32Of(part, before, from), crc32(part.subarray(from), before))
    }
  }
})
