import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { oidOf } from '../../src/base/ids.ts'
import { Method, Primitive, type Provenance, Ref, TreeRef, type Value } from '../../src/base/value.ts'
import { admit } from '../../src/image/admit.ts'
import { decodeSlots, encodeSlots } from '../../src/image/codec.ts'
import { revisionKey } from '../../src/image/keyspace.ts'
import { formatRecord, parseRecord } from '../../src/image/record.ts'
import { coded } from './fresh-image.ts'
import { plain, values } from './values.ts'

const passed = (value: Value): Value | undefined =>
  decodeSlots(encodeSlots(new Map([['slot', value]]))).get('slot')
const payload = (value: Value): string =>
  Buffer.from(encodeSlots(new Map([['a', value]])))
    .toString('hex')
    .slice(6)

/** The format does not change: these bytes are on people's disks. */
const format: readonly (readonly [Value, string])[] = [
  [null, 'c0'],
  [true, 'c3'],
  [5, '05'],
  [-1, 'ff'],
  [200, 'ccc8'],
  [-200, 'd1ff38'],
  [70000, 'ce00011170'],
  [-0, 'cb8000000000000000'],
  [0.5, 'cb3fe0000000000000'],
  [2 ** 40, 'cb4270000000000000'],
  ['ab', 'a26162'],
  ['é', 'a2c3a9'],
  [[1, [2]], '92019102'],
  [{ b: 1 }, '81a16201'],
  [new Uint8Array([1, 2]), 'c4020102'],
  [new Ref('obj:12'), 'd6010000000c'],
  [new Ref(oidOf(2 ** 40)), 'd7010000010000000000'],
  [new TreeRef('obj:12'), 'd6020000000c'],
  [new Primitive('ab'), 'c900000002056162'],
  [-258n, 'c90000000306010102'],
  [new Date(1), 'c900000008073ff0000000000000'],
]

test('writes each kind of value as its format says', () => {
  for (const [value, bytes] of format) assert.equal(payload(value), bytes)
})

test('gives back what was written, exactly', () => {
  fc.assert(
    fc.property(values, (value) => {
      const admitted = admit(value, () => 'value')
      assert.deepEqual(plain(passed(admitted)), plain(value))
    }),
    { numRuns: 400 },
  )
})

test('keeps the order of slots', () => {
  const slots = new Map<string, Value>([
    ['b*', new Ref('obj:1')],
    ['10', 1],
    ['a*', new Ref('obj:2')],
    ['2', 2],
  ])
  assert.deepEqual([...decodeSlots(encodeSlots(slots)).keys()], ['b*', '10', 'a*', '2'])
})

test('leaves records as they were while others are made', () => {
  const { source, provenance } = new Method({ source: 'x'.repeat(3000), provenance: {} as Provenance })
  const made = Array.from({ length: 300 }, (_, i) => {
    const key = revisionKey(oidOf(i), i)
    const slots = new Map<string, Value>([
      ['number', i],
      ['method', new Method({ source: source.slice(0, i * 10), provenance })],
      ['bigint', 10n ** BigInt(i)],
      ['bytes', new Uint8Array(i)],
    ])
    const body = { kind: 'object', slots } as const
    return { key, body, record: formatRecord('revisions', key, body) }
  })
  for (const { key, body, record } of made) {
    assert.deepEqual(parseRecord('revisions', key, record), body)
  }
})

test('refuses bytes that end too early', () => {
  const bytes = encodeSlots(new Map<string, Value>(format.map(([value], i) => [`slot ${i}`, value])))
  for (let size = 0; size < bytes.length; size++) {
    assert.throws(() => decodeSlots(bytes.subarray(0, size)), RangeError)
  }
})

test('finds any flipped bit of a record, and a record under the key of another', () => {
  const key = revisionKey('obj:12', 90)
  const record = Buffer.from(
    formatRecord('revisions', key, { kind: 'object', slots: new Map([['a', 'text']]) }),
  )
  const read = (at: Uint8Array, bytes: Uint8Array) => parseRecord('revisions', at, bytes)
  assert.equal(read(key, record).kind, 'object')
  const damage = coded('E_RECORD_DAMAGED', { record: 'obj:12 at tx:90' })
  for (let bit = 0; bit < record.length * 8; bit++) {
    const flipped = Buffer.from(record)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    assert.throws(() => read(key, flipped), damage)
  }
  for (let size = 0; size < record.length; size++) {
    assert.throws(() => read(key, record.subarray(0, size)), damage)
  }
  assert.throws(() => read(revisionKey('obj:12', 91), record), coded('E_RECORD_DAMAGED'))
  assert.throws(() => parseRecord('entries', key, record), coded('E_RECORD_DAMAGED'))
})
