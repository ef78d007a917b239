// CRC-32 (IEEE 802.3, as zlib has it). Most records and all keys are short: a call into zlib costs more than summing them
// here, four bytes at a time (slicing-by-4: Kounavis and Berry, "A Systematic Approach to Building High Performance
// Software-based CRC Generators", 2005).
import { crc32 } from 'node:zlib'

/** From how many bytes on zlib is faster. */
const LONG = 512

/** TABLES[256 * n + byte]: what `byte` does to the sum with n more bytes of zeros behind it. */
const TABLES = new Int32Array(4 * 256)
for (let byte = 0; byte < 256; byte++) {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1 ? 0xedb88320 : 0) ^ (sum >>> 1)
  TABLES[byte] = sum
}
for (let i = 256; i < TABLES.length; i++) {
  const sum = TABLES[i - 256]!
  TABLES[i] = (sum >>> 8) ^ TABLES[sum & 0xff]!
}

/** The sum of `bytes` from the `from`th to the `end`th, behind what has the sum `before`. */
export function crc32Of(bytes: Uint8Array, before: number, from = 0, end = bytes.length): number {
  if (end - from >= LONG) {
    return crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + from, end - from), before)
  }
  let sum = ~before
  let at = from
  for (; at + 4 <= end; at += 4) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    sum =
      TABLES[768 + (sum & 0xff)]! ^
      TABLES[512 + ((sum >>> 8) & 0xff)]! ^
      TABLES[256 + ((sum >>> 16) & 0xff)]! ^
      TABLES[sum >>> 24]!
  }
  for (; at < end; at++) sum = TABLES[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8)
  return ~sum >>> 0
}
