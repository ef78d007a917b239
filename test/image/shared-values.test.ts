// Large values: kept once, whoever holds them and in however many revisions.
import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import type { Oid } from '../../src/base/ids.ts'
import { Method, type Value } from '../../src/base/value.ts'
import { admit } from '../../src/image/admit.ts'
import { revisionKey, valueKey } from '../../src/image/keyspace.ts'
import { type Digest, digestsOf } from '../../src/image/lazy-slots.ts'
import { parseRevision } from '../../src/image/revisions.ts'
import { Store } from '../../src/image/store.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'
import { plain, values } from './values.ts'

const text = (letter: string, size = 1000): string => letter.repeat(size)
const method = (source: string): Method =>
  new Method({
    source,
    provenance: { author: 'BRICK', user: 'ada', cycle: 'cycle:1', time: 1, state: 'active', witnesses: [] },
  })
const kept = (image: TestImage): number => image.image.stats().tables.values.records

/** Closes the image, runs `work` on its records, opens it again. */
async function onRecords<T>(image: TestImage, work: (store: Store) => T): Promise<T> {
  await image.image.close()
  const store = Store.open(image.dir)
  const result = work(store)
  await store.close()
  await image.open()
  return result
}

/** The bytes of a revision, and the shared values that it names. */
const recordOf = (image: TestImage, oid: Oid, tid: number): Promise<{ size: number; digests: Digest[] }> =>
  onRecords(image, (store) => {
    const key = revisionKey(oid, tid)
    const record = store.get('revisions', key)!
    const revision = parseRevision(key, record)
    assert.equal(revision.kind, 'object')
    return {
      size: record.length,
      digests: digestsOf(revision.kind === 'object' ? revision.slots : new Map()),
    }
  })

test('writes a large value once, however often its object changes and whoever else holds it', async (t) => {
  const image = await freshImage(t)
  const methods = Array.from({ length: 200 }, (_, i): [string, Value] => [
    `m${i}_`,
    method(text('x', 300 + i)),
  ])
  const oid = await image.make('genesis', { count: 0, ...Object.fromEntries(methods) })
  assert.equal(kept(image), 200)
  await image.commit((transaction) => transaction.get(oid).set('count', 1))
  await image.make('other', { same: method(text('x', 300)) })
  assert.equal(kept(image), 200)
  const { size, digests } = await recordOf(image, oid, 2)
  assert.equal(digests.length, 200)
  assert.ok(size < 200 * 30, `the revision has ${size} bytes`)
  assert.deepEqual(plain(image.slot(oid, 'm7_')), plain(method(text('x', 307))))
})

test('keeps text inside a list apart, and a long list whole where nothing in it is large', async (t) => {
  const image = await freshImage(t)
  const page = { title: 'a', body: text('b') }
  const oid = await image.make('book', { pages: [page, { title: 'c', body: text('d') }] })
  await image.commit((transaction) => transaction.get(oid).set('pages', [{ ...page, title: 'e' }]))
  assert.equal(kept(image), 2)
  const numbers = Array.from({ length: 300 }, (_, i) => i)
  await image.commit((transaction) => transaction.get(oid).set('numbers', numbers).set('few', [1, 2]))
  assert.equal(kept(image), 3)
  await image.reopen()
  assert.deepEqual(image.slot(oid, 'pages'), [{ title: 'e', body: text('b') }])
  assert.deepEqual(image.slot(oid, 'numbers'), numbers)
  assert.equal((await recordOf(image, oid, 3)).digests.length, 2)
})

test('gives back any value exactly, before and after a restart', async (t) => {
  const image = await freshImage(t, { cacheObjects: 1 })
  const slots = fc.dictionary(fc.string({ minLength: 1 }), values, { maxKeys: 5 })
  await fc.assert(
    fc.asyncProperty(slots, async (made) => {
      const entries = Object.entries(made).filter(([name]) => !name.startsWith('_v_'))
      const options = { user: 'ada', dangling: true } // it refers to anything
      const { value: oid } = await image.image.transact(options, (made) => made.create(entries).oid)
      const expected = entries.map(([name, value]) => [name, plain(admit(value, () => name))])
      const shown = () =>
        [...image.image.at(image.image.head).get(oid).slots()].map(([name, value]) => [name, plain(value)])
      assert.deepEqual(shown(), expected)
      await image.make('another')
      assert.deepEqual(shown(), expected)
    }),
    { numRuns: 40 },
  )
})

test('loses one value, not its object, when its record is damaged; verify names it', async (t) => {
  const image = await freshImage(t)
  const oid = await image.make('genesis', { count: 1, story: text('s'), list: [text('l')], other: text('o') })
  await image.commit((transaction) => transaction.get(oid).set('count', 2))
  const { digests } = await recordOf(image, oid, 2)
  const [story, inList] = digests as [Digest, Digest]
  await onRecords(image, (store) => {
    const record = Buffer.from(store.get('values', valueKey(story))!)
    record[500]! ^= 1
    store.write(({ put, remove }) => {
      put('values', valueKey(story), record)
      remove('values', valueKey(inList))
    })
  })
  assert.throws(() => image.slot(oid, 'story'), coded('E_RECORD_DAMAGED', { record: `value ${story}` }))
  assert.throws(() => image.slot(oid, 'list'), coded('E_RECORD_DAMAGED', { record: `value ${inList}` }))
  assert.equal(image.slot(oid, 'other'), text('o'))
  assert.equal(image.slot(oid, 'count'), 2)
  const missing = `it holds the value ${inList}, which is not there`
  assert.deepEqual((await image.image.verify()).faults, [
    { where: `${oid} at tx:2`, problem: missing },
    { where: `${oid} at tx:1`, problem: missing },
    { where: `value ${story}`, problem: 'its checksum is wrong' },
  ])
  await image.commit((transaction) => transaction.get(oid).set('list', []).set('count', 3).set('story', ''))
  assert.equal(image.slot(oid, 'count'), 3)
})

test('a value that is being written while the image is verified is not left over', async (t) => {
  const image = await freshImage(t)
  const oid = await image.make('genesis', { list: [] })
  for (let i = 0; i < 50; i++) {
    const list = [text(`a${i}`), text(`b${i}`)]
    const commit = image.commit((transaction) => transaction.get(oid).set('list', list))
    for (let turn = 0; turn < i % 5; turn++) await setImmediate()
    const { faults } = await image.image.verify()
    assert.deepEqual(faults, [])
    await commit
  }
})
