import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { BlobRef, Ref, type TreeRef, type Value } from '../../src/base/value.ts'
import {
  blobKey,
  entryVersionKey,
  formatEntryKey,
  metaKey,
  revisionKey,
  transactionKey,
  valueKey,
} from '../../src/image/keyspace.ts'
import type { Fault } from '../../src/image/verify.ts'
import { type Damage, damage } from './damage.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

/** genesis obj:1 (tx:1), its Tree obj:2 with `a` and `b` (tx:2), a blob in its slot `photo` (tx:3), count = 2 (tx:4). */
async function smallImage(t: Parameters<typeof freshImage>[0]): Promise<{ kept: TestImage; photo: BlobRef }> {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  await kept.commit((transaction) => {
    const tree = transaction.createTree().set('a', 1).set('b', new Ref(oid))
    transaction.get(oid).set('friends', tree.ref)
  })
  const { value: photo } = await kept.image.transact({ user: 'ada' }, async (transaction) => {
    const ref = await transaction.importBlob(Buffer.from('a photo'))
    transaction.get(oid).set('photo', ref)
    return ref
  })
  await kept.commit((transaction) => transaction.get(oid).set('count', 2))
  return { kept, photo }
}

const entry = (key: string, tid: number) => entryVersionKey('obj:2', formatEntryKey(key), tid)
const object = (slots: Record<string, Value>) =>
  ({ kind: 'object', slots: new Map(Object.entries(slots)) }) as const

interface Case {
  readonly what: string
  readonly damage: (damage: Damage) => void
  readonly faults: readonly string[]
}

const sum = 'its checksum is wrong'

const cases: readonly Case[] = [
  {
    what: 'a flipped bit in the newest revision of an object',
    damage: ({ flip }) => flip('revisions', revisionKey('obj:1', 4)),
    faults: [`obj:1 at tx:4: ${sum}`],
  },
  {
    what: 'a flipped bit in an older revision',
    damage: ({ flip }) => flip('revisions', revisionKey('obj:1', 1)),
    faults: [`obj:1 at tx:1: ${sum}`],
  },
  {
    what: 'a flipped bit in the revision of a Tree',
    damage: ({ flip }) => flip('revisions', revisionKey('obj:2', 2)),
    faults: [`obj:2 at tx:2: ${sum}`],
  },
  {
    what: 'a flipped bit in an entry',
    damage: ({ flip }) => flip('entries', entry('a', 2)),
    faults: [`obj:2[a] at tx:2: ${sum}`],
  },
  {
    what: 'a flipped bit in a transaction',
    damage: ({ flip }) => flip('transactions', transactionKey(2)),
    faults: [`tx:2: ${sum}`],
  },
  {
    what: 'a flipped bit in a meta record',
    damage: ({ put, flip }) => {
      put('meta', metaKey('other'), { kind: 'meta', value: {} })
      flip('meta', metaKey('other'))
    },
    faults: [`meta other: ${sum}`],
  },
  {
    what: 'a record under the key of another',
    damage: ({ put }) => put('revisions', revisionKey('obj:1', 4), { kind: 'entry', value: 1 }),
    faults: ['obj:1 at tx:4: it is of kind entry'],
  },
  {
    what: 'a revision that is gone',
    damage: ({ remove }) => remove('revisions', revisionKey('obj:1', 3)),
    faults: ['tx:3: its revision of obj:1 is not there'],
  },
  {
    what: 'a transaction that is gone',
    damage: ({ remove }) => remove('transactions', transactionKey(2)),
    faults: [
      'tx:2: it is not there',
      'obj:1 at tx:2: tx:2, which made it, is not there',
      'obj:2 at tx:2: tx:2, which made it, is not there',
      'obj:2[a] at tx:2: tx:2, which made it, is not there',
      'obj:2[b] at tx:2: tx:2, which made it, is not there',
    ],
  },
  {
    what: 'a revision that no transaction made',
    damage: ({ put }) => put('revisions', revisionKey('obj:1', 2 ** 20), object({})),
    faults: [],
  },
  {
    what: 'a revision that its transaction does not list',
    damage: ({ put }) => put('revisions', revisionKey('obj:9', 3), object({})),
    faults: ['obj:9 at tx:3: tx:3 does not list it'],
  },
  {
    what: 'a wrong count of a Tree',
    damage: ({ put }) => put('revisions', revisionKey('obj:2', 2), { kind: 'tree', count: 7 }),
    faults: ['genesis.friends: its count is 7, it has 2 entries'],
  },
  {
    what: 'entries that are gone',
    damage: ({ remove }) => {
      remove('entries', entry('a', 2))
      remove('entries', entry('b', 2))
    },
    faults: [
      'tx:2: its entry obj:2[a] at tx:2 is not there',
      'tx:2: its entry obj:2[b] at tx:2 is not there',
      'genesis.friends: its count is 2, it has 0 entries',
    ],
  },
  {
    what: 'a volatile slot',
    damage: ({ put }) => put('revisions', revisionKey('obj:1', 4), object({ _v_cache: 1 })),
    faults: ['genesis._v_cache: it is volatile and should not be written'],
  },
  {
    what: 'references to what is not there, wherever they stand',
    damage: ({ put }) => {
      const config = { list: [1, { next: new Ref('obj:8') }] }
      const friends = new Ref('obj:2') // which is a Tree
      put('revisions', revisionKey('obj:1', 4), object({ config, friends }))
      put('entries', entry('b', 2), { kind: 'entry', value: { of: new Ref('obj:7') } })
    },
    faults: [
      'genesis.config.list[1].next: it holds obj:8, which is not there',
      'genesis.friends: it holds obj:2, which is not there',
      'obj:2[b].of: it holds obj:7, which is not there',
    ],
  },
  {
    what: 'entries without a Tree',
    damage: ({ remove }) => remove('revisions', revisionKey('obj:2', 2)),
    faults: [
      'tx:2: its revision of obj:2 is not there',
      'genesis.friends: it holds obj:2, which is not there',
      'genesis.friends: it has entries and is not there',
    ],
  },
]

const told = ({ where, problem }: Fault) => `${where}: ${problem}`

for (const { what, damage: work, faults } of cases) {
  test(`verify names ${what}`, async (t) => {
    const { kept } = await smallImage(t)
    assert.deepEqual((await kept.image.verify()).faults, [])
    await damage(kept, work)
    const found = await kept.image.verify()
    assert.deepEqual(found.faults.filter(({ harmless }) => !harmless).map(told), faults)
    assert.equal(found.ok, faults.length === 0)
  })
}

test('verify names a blob without its file, of a wrong size, of other bytes, without its record', async (t) => {
  const { kept, photo } = await smallImage(t)
  const file = kept.image.blobPath(photo)
  const faults = async (deep: boolean) => (await kept.image.verify({ deep })).faults.map(told)
  await rm(file)
  await writeFile(file, 'A photo')
  assert.deepEqual(await faults(false), [])
  const [other] = await faults(true)
  assert.match(
    other!,
    new RegExp(`^blob ${photo.sha256}: its file has other bytes: their SHA-256 is \\w{64}$`),
  )
  await writeFile(file, 'a longer photo')
  const size = `the blob ${photo.sha256} has 14 bytes, not 7`
  assert.deepEqual(await faults(true), [`genesis.photo: ${size}`])
  await rm(file)
  assert.deepEqual(await faults(false), [`genesis.photo: the blob ${photo.sha256} is not there`])
  await writeFile(file, 'a photo')
  assert.deepEqual(await faults(true), [])
  await damage(kept, ({ remove }) => remove('blobs', blobKey(photo.sha256)))
  assert.deepEqual(await faults(true), [
    `tx:3: its blob ${photo.sha256} has no record`,
    `genesis.photo: the blob ${photo.sha256} is not there`,
    `${file}: no transaction names it`,
  ])
})

test('verify tells of what only takes room, and calls the image sound', async (t) => {
  const { kept, photo } = await smallImage(t)
  const unnamed = await kept.image.transact({ user: 'ada' }, async (transaction) => {
    transaction.root.set('other', 1)
    return transaction.importBlob(Buffer.from('nobody keeps it'))
  })
  await damage(kept, ({ put }) => put('values', valueKey('ab'.repeat(16)), { kind: 'value', value: 'old' }))
  const stray = join(kept.dir, 'blobs', 'ff', 'f'.repeat(64))
  const strange = join(dirname(kept.image.blobPath(photo)), 'notes.txt')
  await mkdir(dirname(stray), { recursive: true })
  await writeFile(stray, '')
  await writeFile(strange, '')
  const { ok, faults } = await kept.image.verify()
  assert.ok(ok)
  assert.deepEqual(
    faults.map(told).sort(),
    [
      `${stray}: no transaction names it`,
      `${strange}: it is no file of the image`,
      `blob ${unnamed.value.sha256}: nothing refers to it`,
      `value ${'ab'.repeat(16)}: nothing refers to it`,
    ].sort(),
  )
})

test('verify raises no alarm while others commit, and keeps nobody waiting', async (t) => {
  const kept = await freshImage(t)
  await kept.commit((transaction) => {
    const list = Array.from({ length: 3000 }, (_, i) => transaction.create({ i }).ref)
    const tree = transaction.createTree()
    for (let i = 0; i < 3000; i++) tree.set(i, list[i]!)
    transaction.root.set('list', list).set('tree', tree.ref)
  })
  const { head } = kept.image
  let done = false
  let commits = 0
  const writing = (async () => {
    for (; !done; commits++) {
      await kept.image.transact({ user: 'ada' }, async (transaction) => {
        const ref = await transaction.importBlob(Buffer.from(`blob ${commits}`))
        const made = transaction.create({ ref, next: transaction.root.ref, text: `${commits}`.repeat(300) })
        const tree = transaction.tree(transaction.root.get('tree') as TreeRef)
        tree.delete(commits)
        tree.set(`new ${commits}`, made.ref)
        transaction.root.set('last', made.ref)
      })
    }
  })()
  let progress = 0
  const found = await kept.image.verify({ onProgress: () => progress++ })
  while (commits < 4) assert.deepEqual((await kept.image.verify()).faults, [])
  done = true
  await writing
  assert.deepEqual(found.faults, [])
  assert.equal(found.head, head)
  assert.ok(progress > 3)
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('verify ends when it is told to, among records and among bytes', async (t) => {
  const { kept } = await smallImage(t)
  const abort = new AbortController()
  const reason = new Error('enough')
  const onProgress = ({ what }: { readonly what: string }) => {
    if (what === 'blobs read') abort.abort(reason)
  }
  await assert.rejects(kept.image.verify({ signal: abort.signal, onProgress }), reason)
  await assert.rejects(kept.image.verify({ signal: abort.signal }), reason)
})

test('verify names a record that cannot be understood and goes on', async (t) => {
  const { kept } = await smallImage(t)
  await damage(kept, ({ put }) => {
    put('transactions', transactionKey(2), { kind: 'transaction', value: { user: 'nobody' } })
    put('revisions', revisionKey('obj:1', 4), object({ photo: new BlobRef('00'.repeat(32), 1) }))
  })
  const found = (await kept.image.verify()).faults.map(told)
  assert.equal(found.filter((line) => line.startsWith('tx:2: ')).length, 1)
  assert.ok(found.includes(`genesis.photo: the blob ${'00'.repeat(32)} is not there`))
})

test('refuses a transaction whose record is sound and still not one, by name', async (t) => {
  const { kept } = await smallImage(t)
  const good = { time: 1, user: 'a', description: '', meta: {}, next: 9, created: [], changed: [], gone: [] }
  const rest = { trees: [], blobs: [] }
  const wrong: Value[] = [
    'text',
    [],
    { ...good, blobs: [] },
    { ...good, ...rest, time: 'now' },
    { ...good, ...rest, next: -1 },
    { ...good, ...rest, created: [1.5] },
    { ...good, ...rest, gone: null },
    { ...good, ...rest, trees: [[1, ['a']]] },
    { ...good, ...rest, blobs: [7] },
  ]
  for (const value of wrong) {
    await damage(kept, ({ put }) => put('transactions', transactionKey(2), { kind: 'transaction', value }))
    const refused = coded('E_RECORD_DAMAGED', { record: 'tx:2' })
    assert.throws(() => kept.image.transaction('tx:2'), refused)
    assert.throws(() => [...kept.image.transactions()], refused)
    assert.throws(() => [...kept.image.changes('tx:1')], refused)
    assert.ok((await kept.image.verify()).faults.some(({ where }) => where === 'tx:2'))
  }
})
