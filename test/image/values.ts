// Values of every kind for property tests.
import fc from 'fast-check'
import { oidOf } from '../../src/base/ids.ts'
import { BlobRef, Method, Primitive, Ref, TreeRef, type Value } from '../../src/base/value.ts'

const oids = fc.integer({ min: 0, max: 2 ** 47 }).map(oidOf)
const digests = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'))

const scalars: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    null,
    true,
    false,
    -0,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.array(fc.constantFrom('\ud800', '\udc00', 'a', '\0')).map((parts) => parts.join('')),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 400 }),
  oids.map((oid) => new Ref(oid)),
  oids.map((oid) => new TreeRef(oid)),
  fc.tuple(digests, fc.nat()).map(([digest, size]) => new BlobRef(digest, size)),
  fc.string({ minLength: 1 }).map((name) => new Primitive(name)),
)

const keys = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('__proto__', 'constructor', '1', ''))

export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 20 }),
    fc.tuple(fc.string(), tie('value')).map(
      ([source, expected]) =>
        new Method({
          source,
          provenance: {
            author: 'BRICK',
            user: 'ada',
            cycle: 'cycle:1',
            time: 1,
            state: 'active',
            witnesses: [{ args: [1], expected, slots: { count: 2 } }],
          },
        }),
    ),
  ),
})).value

/** A value as plain data that `deepEqual` tells apart where the image does. */
export function plain(value: Value | undefined): unknown {
  if (value instanceof Ref) return ['Ref', value.oid]
  if (value instanceof TreeRef) return ['TreeRef', value.oid]
  if (value instanceof BlobRef) return ['BlobRef', value.sha256, value.size]
  if (value instanceof Primitive) return ['Primitive', value.name]
  if (value instanceof Method) return ['Method', value.source, plain(value.provenance as unknown as Value)]
  if (value instanceof Date) return ['Date', value.getTime()]
  if (value instanceof Uint8Array) return ['bytes', Buffer.from(value).toString('hex')]
  if (Array.isArray(value)) return ['list', ...value.map(plain)]
  if (typeof value === 'object' && value !== null) {
    return ['map', ...Object.entries(value).map(([key, item]) => [key, plain(item as Value)])]
  }
  return value
}
