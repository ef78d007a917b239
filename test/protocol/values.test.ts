import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatError } from '../../src/base/errors.ts'
import { type Argument, Name } from '../../src/base/notation.ts'
import { BlobRef, Method, Primitive, Ref, TreeRef } from '../../src/base/value.ts'
import { decodeValue, encodeValue } from '../../src/protocol/values.ts'
import { hostile } from './hostile-bytes.ts'

const method = new Method({
  source: 'function double_(self, a) {\n  return a * 2;\n}',
  provenance: {
    author: 'ROBIN',
    user: 'owner',
    cycle: 'cycle:1',
    time: 1_795_000_000_123,
    state: 'active',
    model: 'a'.repeat(64),
    witnesses: [{ args: [4, new Ref('obj:3')], expected: 8n, slots: { count: -0, at: new Date(5) } }],
    tries: 2,
  },
})

const roundTrips: Record<string, Argument> = {
  null: null,
  true: true,
  'an integer': 42,
  'minus zero': -0,
  'the largest safe integer': Number.MAX_SAFE_INTEGER,
  'the smallest safe integer': Number.MIN_SAFE_INTEGER,
  'beyond safe': 1e300,
  fraction: 0.1,
  'not a number': Number.NaN,
  infinity: -Infinity,
  'big zero': 0n,
  'big integer': 2n ** 200n + 1n,
  'negative big integer': -255n,
  text: 'Grüße, 世界 🦇',
  'long text': 'ü'.repeat(70_000),
  'empty text': '',
  'an early date': new Date(-62_135_596_800_001),
  'a date': new Date(1_795_000_000_123),
  'the last date': new Date(8.64e15),
  bytes: Uint8Array.of(0, 255, 7),
  'no bytes': new Uint8Array(0),
  list: [1, [2, [3, []]], null],
  map: { a: 1, 'b c': { d: [true] }, '': '', constructor: 1, toString: 'x' },
  reference: new Ref('obj:12'),
  tree: new TreeRef('obj:13'),
  blob: new BlobRef('0f'.repeat(32), 2 ** 40),
  primitive: new Primitive('clone'),
  name: new Name('genesis'),
  method,
  'everything in a list': [new Ref('obj:0'), new Name('genesis'), { m: method, d: new Date(0), n: -0 }],
}
for (const [title, value] of Object.entries(roundTrips))
  test(`a round trip keeps ${title}`, () => {
    const back = decodeValue(encodeValue(value))
    assert.deepStrictEqual(back, value)
    if (value instanceof Method) assert.equal((back as Method).hash, value.hash)
    // From a larger buffer, as a socket gives it.
    const padded = Buffer.concat([Buffer.from([1, 2, 3]), encodeValue(value)]).subarray(3)
    assert.deepStrictEqual(decodeValue(padded), value)
  })

test('a round trip keeps whatever value there is', () => {
  const leaf = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.nat().map((number) => new Ref(`obj:${number}`)),
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(value, (one) => {
      fc.pre(
        !JSON.stringify(one, (_, item) => (typeof item === 'bigint' ? '' : item))?.includes('"__proto__"'),
      )
      assert.deepStrictEqual(decodeValue(encodeValue(one as Argument)), one)
    }),
    { numRuns: 300 },
  )
})

const noValues: Record<string, [unknown, RegExp]> = {
  'a function': [{ a: [0, () => 1] }, /^a\[1\] cannot be sent: a function/],
  undefined: [[undefined], /^\[0\] cannot be sent/],
  'a symbol': [Symbol('x'), /^value cannot be sent/],
  'an invalid date': [{ when: new Date(Number.NaN) }, /^when cannot be sent: it is an invalid date/],
  'a class of its own': [new Map(), /a Map is no value/],
  'a dangerous key': [JSON.parse('{"__proto__": 1}'), /__proto__/],
  'endless nesting': [
    (() => {
      const list: unknown[] = []
      list.push(list)
      return list
    })(),
    /nested deeper/,
  ],
  'a wrong digest': [new BlobRef('zz', 1), /digest/],
}
for (const [title, [value, message]] of Object.entries(noValues))
  test(`refuses to send ${title}, naming the place`, () => {
    assert.throws(
      () => encodeValue(value as Argument),
      (error) => error instanceof BatError && error.code === 'E_WIRE_VALUE' && message.test(error.message),
    )
  })

for (const [title, bytes] of Object.entries(hostile))
  test(`refuses ${title}`, () => {
    const before = process.cpuUsage()
    assert.throws(
      () => decodeValue(bytes),
      (error) => error instanceof BatError && error.code === 'E_MALFORMED' && !error.retryable,
    )
    assert.ok(process.cpuUsage(before).user < 10_000_000, 'takes no longer than its bytes are worth')
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    assert.deepStrictEqual(decodeValue(encodeValue([1, { a: method }])), [1, { a: method }])
  })

test('whatever bytes come, they end in a value or in E_MALFORMED', () => {
  const sound = fc.constantFrom(...Object.values(roundTrips).map((value) => encodeValue(value)))
  const bent = fc
    .tuple(sound, fc.nat(), fc.nat(255))
    .filter(([bytes]) => bytes.length < 1000)
    .map(([bytes, at, byte]) => {
      const copy = Uint8Array.from(bytes)
      copy[at % copy.length] = byte
      return copy
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), bent), (bytes) => {
      try {
        decodeValue(bytes)
      } catch (error) {
        assert.ok(error instanceof BatError && error.code === 'E_MALFORMED', String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
