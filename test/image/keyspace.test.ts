import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  compareKeys,
  entryOfKey,
  entryVersionKey,
  formatEntryKey,
  nameOfRecord,
  oidOfKey,
  parseTreeKey,
  revisionKey,
  type TreeKey,
  tidOfVersionKey,
} from '../../src/image/keyspace.ts'
import { coded } from './fresh-image.ts'

const treeKeys: fc.Arbitrary<TreeKey> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.bigInt(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', '\0\0', 'a', 'a\0', 'a\0b', 'ab'),
  fc.uint8Array({ maxLength: 20 }),
)

const kind = (key: TreeKey): number =>
  typeof key === 'number' ? 0 : typeof key === 'bigint' ? 1 : typeof key === 'string' ? 2 : 3

/** The order that the format promises. */
function expectedOrder(a: TreeKey, b: TreeKey): number {
  if (kind(a) !== kind(b)) return kind(a) - kind(b)
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array)
  return a < (b as number | bigint) ? -1 : a > (b as number | bigint) ? 1 : 0
}

test('orders tree keys by kind, then by value, and gives them back', () => {
  fc.assert(
    fc.property(treeKeys, treeKeys, (a, b) => {
      const [x, y] = [formatEntryKey(a), formatEntryKey(b)]
      assert.equal(Math.sign(compareKeys(x, y)), Math.sign(expectedOrder(a, b)))
      assert.deepEqual(parseTreeKey(x), a === 0 ? 0 : a)
    }),
    { numRuns: 500 },
  )
})

test('makes no tree key the beginning of another', () => {
  fc.assert(
    fc.property(treeKeys, treeKeys, (a, b) => {
      const [x, y] = [Buffer.from(formatEntryKey(a)), Buffer.from(formatEntryKey(b))]
      assert.ok(x.equals(y) || !y.subarray(0, x.length).equals(x))
    }),
    { numRuns: 500 },
  )
})

test('puts the newest version first and names records as a person does', () => {
  assert.ok(compareKeys(revisionKey('obj:12', 90), revisionKey('obj:12', 89)) < 0)
  assert.ok(compareKeys(revisionKey('obj:12', 0), revisionKey('obj:13', 90)) < 0)
  const key = revisionKey('obj:70000000000', 90)
  assert.equal(oidOfKey(key), 'obj:70000000000')
  assert.equal(tidOfVersionKey(key), 90)
  assert.equal(nameOfRecord('revisions', key), 'obj:70000000000 at tx:90')
  const entry = entryVersionKey('obj:3', formatEntryKey('ada'), 7)
  assert.equal(nameOfRecord('entries', entry), 'obj:3[ada] at tx:7')
  assert.equal(parseTreeKey(entryOfKey(entry)), 'ada')
})

test('refuses keys that have no place in the order', () => {
  assert.throws(() => formatEntryKey(Number.NaN), coded('E_TREE_KEY'))
  assert.throws(() => formatEntryKey('x'.repeat(2000)), coded('E_TREE_KEY'))
  assert.throws(() => formatEntryKey(null as unknown as string), coded('E_TREE_KEY'))
})
