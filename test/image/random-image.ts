// Random images for tests of their text form: objects and Trees with values of every kind, in which whatever is named is
// there.
import fc from 'fast-check'
import { type Oid, oidOf } from '../../src/base/ids.ts'
import { BlobRef, isPlainObject, Method, Ref, TreeRef, type Value } from '../../src/base/value.ts'
import type { TreeKey } from '../../src/image/keyspace.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import { values } from './values.ts'

export interface Plan {
  readonly objects: readonly (readonly (readonly [string, Value])[])[]
  readonly trees: readonly (readonly (readonly [TreeKey, Value])[])[]
}

const slotNames = fc.oneof(
  fc.constantFrom(
    'parent*',
    'traits*',
    'count',
    'end',
    'damaged',
    '__proto__',
    'constructor',
    '',
    'a b',
    'é',
    '1',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

const keys: fc.Arbitrary<TreeKey> = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.bigInt(),
  fc.uint8Array({ maxLength: 100 }),
  fc.constantFrom('end', 'chunk', 'damaged', '', Number.POSITIVE_INFINITY, -0),
)

const lines = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('', ' ', '| x', '"', 'end', '#', '\r', 'a\t', '\ufeff'),
    ),
  )
  .map((each) => each.join('\n'))

const contents: fc.Arbitrary<Value> = fc.oneof(values, lines)

export const plans: fc.Arbitrary<Plan> = fc.record({
  objects: fc.array(
    fc.uniqueArray(fc.tuple(slotNames, contents), { selector: ([name]) => name, maxLength: 6 }),
    { maxLength: 8 },
  ),
  trees: fc.array(fc.array(fc.tuple(keys, contents), { maxLength: 12 }), { maxLength: 4 }),
})

/** Makes what is planned, all of it named in the root. */
export async function carryOut({ objects, trees }: Plan, transaction: Transaction): Promise<void> {
  const blob = await transaction.importBlob(Buffer.from('the bytes of a blob'))
  const made = objects.map(() => transaction.create().oid)
  const treesMade = trees.map(() => transaction.createTree())
  const tree = treesMade[0] ?? transaction.createTree()
  const there = {
    objects: ['obj:0' as Oid, ...made],
    trees: [tree.oid, ...treesMade.map(({ oid }) => oid)],
    blob,
  }
  for (const [i, slots] of objects.entries()) {
    const object = transaction.get(made[i]!)
    for (const [name, value] of slots) if (!name.startsWith('_v_')) object.set(name, withThings(value, there))
    transaction.root.set(`object ${i}`, object.ref)
  }
  for (const [i, entries] of trees.entries())
    for (const [key, value] of entries) treesMade[i]!.set(key, withThings(value, there))
  transaction.root.set('trees', [tree.ref, ...treesMade.map(({ ref }) => ref)])
}

interface Things {
  readonly objects: readonly Oid[]
  readonly trees: readonly Oid[]
  readonly blob: BlobRef
}

/** The same value, but naming things that are there. */
function withThings(value: Value, things: Things): Value {
  if (value instanceof Ref) return new Ref(one(things.objects, value.oid))
  if (value instanceof TreeRef) return new TreeRef(one(things.trees, value.oid))
  if (value instanceof BlobRef) return things.blob
  if (value instanceof Method) {
    const provenance = withThings(value.provenance as unknown as Value, things)
    return new Method({ source: value.source, provenance: provenance as unknown as Method['provenance'] })
  }
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => withThings(item, things))
  if (!isPlainObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withThings(item as Value, things)]),
  )
}

const one = (oids: readonly Oid[], oid: Oid): Oid => oids[Number(oid.slice(4)) % oids.length] ?? oidOf(0)
