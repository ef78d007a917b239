// What others do while the image is packed. Each case is tried at every turn of a pack, one row a turn: before, while and
// after what it touches is looked at, condemned, removed. Whatever the turn, what can be reached afterwards is whole.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { type Oid, tidOf } from '../../src/base/ids.ts'
import { type BlobRef, Ref, type TreeRef } from '../../src/base/value.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

const LARGE = 'kept once for all, since it is long. '.repeat(20)

interface Case<Made> {
  /** Makes what the case is about, in some transactions; the image is packed up to the last of them. */
  readonly make: (kept: TestImage) => Promise<Made>
  /** Is called in one turn of the pack. */
  readonly act: (kept: TestImage, made: Made) => Promise<unknown>
  readonly check: (kept: TestImage, made: Made) => unknown
  /** How many revisions of each object stay. */
  readonly keep?: number
  /** Whether commits take a while. */
  readonly durable?: boolean
}

/** Tries `act` in every turn; answers in how many of them it was refused because of the pack. */
async function atEveryTurn<Made>(
  t: TestContext,
  { make, act, check, keep = 1, durable = false }: Case<Made>,
) {
  const kept = await freshImage(t, { cacheObjects: 5, durable })
  let refused = 0
  for (let turn = 0, isOver = false; !isOver; turn++) {
    const made = await make(kept)
    let turns = 0
    let acted: Promise<boolean> | undefined
    const onProgress = () => {
      if (turns++ === turn) acted = isRefused(act(kept, made))
    }
    await kept.image.pack({ before: kept.image.head, rows: 1, keep, onProgress })
    isOver = acted === undefined
    if (await acted) refused++
    assert.deepEqual((await kept.image.verify()).faults, [], `turn ${turn}`)
    if (!isOver) await check(kept, made)
    await kept.commit(({ root }) => {
      for (const [name] of [...root.slots()]) root.delete(name)
    })
  }
  return refused
}

async function isRefused(acted: Promise<unknown>): Promise<boolean> {
  try {
    await acted
    return false
  } catch (error) {
    if (error instanceof BatError && ['E_PACKED', 'E_PACKED_AWAY', 'E_NO_OBJECT'].includes(error.code))
      return true
    throw error
  }
}

/** The oids of a chain of objects linked by `next`, the first of which is in the root; `last` holds a large value. */
const chain = (kept: TestImage, name: string, length: number) =>
  kept.commit((transaction) => {
    const objects = Array.from({ length }, (_, n) => transaction.create({ n }))
    for (const [i, object] of objects.entries()) if (objects[i + 1]) object.set('next', objects[i + 1]!.ref)
    objects.at(-1)!.set('text', `${name} ${LARGE}`)
    transaction.root.set(name, objects[0]!.ref)
    return objects.map(({ oid }) => oid)
  })

/** How many objects can be reached from the root's slot `name` along `next`; the last must have its text. */
function lengthOf(kept: TestImage, name: string): number {
  const view = kept.image.at(kept.image.head)
  let length = 1
  let object = view.get((view.root.get(name) as Ref).oid)
  for (let next = object.get('next'); next instanceof Ref; next = object.get('next')) {
    object = view.get(next.oid)
    length++
  }
  assert.match(String(object.get('text')), /kept once/)
  return length
}

for (const [where, from, to] of [
  ['that is looked at later to one that was looked at before', 'z', 'a'],
  ['that was looked at before to one that is looked at later', 'a', 'z'],
] as const) {
  test(`keeps what is moved from an object ${where}`, async (t) => {
    const refused = await atEveryTurn(t, {
      make: async (kept) => {
        await chain(kept, from, 2)
        await chain(kept, to, 2)
        await chain(kept, 'lost', 2)
        await kept.commit(({ root }) => root.delete('lost'))
      },
      act: (kept) =>
        kept.commit((transaction) => {
          const [origin, goal] = [from, to].map((name) =>
            transaction.get((transaction.root.get(name) as Ref).oid),
          )
          goal!.set('other', origin!.get('next')!)
          origin!.delete('next')
          origin!.set('text', 'kept once')
        }),
      check: (kept) => {
        assert.equal(lengthOf(kept, from), 1)
        assert.equal(lengthOf(kept, to), 2)
        const view = kept.image.at(kept.image.head)
        const goal = view.get((view.root.get(to) as Ref).oid)
        view.get((goal.get('other') as Ref).oid)
      },
    })
    assert.equal(refused, 0)
  })
}

test('either links again what was out of reach, whole, or refuses to', async (t) => {
  const lost = async (kept: TestImage): Promise<Oid> => {
    const [first] = await chain(kept, 'lost', 4)
    await kept.commit(({ root }) => root.delete('lost'))
    return first!
  }
  const refused = await atEveryTurn(t, {
    make: lost,
    act: (kept, first) =>
      kept.commit((transaction) => transaction.root.set('found', transaction.get(first).ref)),
    check: (kept) => {
      const { root } = kept.image.at(kept.image.head)
      if (root.has('found')) assert.equal(lengthOf(kept, 'found'), 4)
    },
  })
  assert.ok(refused > 0)
})

test('either changes what is out of reach, and then it stays, or refuses to', async (t) => {
  await atEveryTurn(t, {
    make: async (kept) => {
      const [first] = await chain(kept, 'lost', 4)
      await kept.commit(({ root }) => root.delete('lost'))
      return { first: first!, changed: false }
    },
    act: async (kept, made) => {
      const transaction = kept.begin()
      if (!transaction.has(made.first)) return transaction.abort()
      transaction.get(made.first).set('n', 9)
      await transaction.commit()
      made.changed = true
    },
    check: async (kept, { first, changed }) => {
      if (!changed) return
      await kept.commit(({ root }) => root.set('found', new Ref(first)))
      assert.equal(lengthOf(kept, 'found'), 4)
    },
  })
})

test('keeps a large value that is written again while its last holder goes', async (t) => {
  let written = 0
  const refused = await atEveryTurn(t, {
    make: async (kept) => {
      await kept.commit(({ root }) => root.set('text', `${LARGE}${++written}`))
      await kept.commit(({ root }) => root.delete('text'))
    },
    act: (kept) => kept.commit(({ root }) => root.set('text', `${LARGE}${written}`)),
    check: (kept) => assert.equal(kept.slot('obj:0', 'text'), `${LARGE}${written}`),
  })
  assert.equal(refused, 0)
})

test('keeps a blob that is imported again while its last reference goes', async (t) => {
  let imported = 0
  const importInto = async (kept: TestImage) => {
    const transaction = kept.begin()
    const ref = await transaction.importBlob(Buffer.from(`blob ${imported}`))
    transaction.root.set('blob', ref)
    await transaction.commit()
    return ref
  }
  const refused = await atEveryTurn(t, {
    make: async (kept) => {
      imported++
      const ref = await importInto(kept)
      await kept.commit(({ root }) => root.delete('blob'))
      return ref
    },
    act: (kept) => importInto(kept),
    check: async (kept, ref: BlobRef) => {
      assert.ok(existsSync(kept.image.blobPath(ref)))
      await kept.image.pack({ before: kept.image.head })
      assert.ok(existsSync(kept.image.blobPath(ref)))
    },
  })
  assert.equal(refused, 0)
})

test('takes back a transaction younger than the moment, or says that it was packed', async (t) => {
  await atEveryTurn(t, {
    make: async (kept) => {
      await chain(kept, 'a', 3)
      const tree = await kept.commit((transaction) => {
        const made = transaction.createTree().set('one', 1).set('two', 2)
        transaction.root.set('tree', made.ref)
        return made.ref
      })
      await kept.commit((transaction) => {
        transaction.root.delete('a')
        transaction.root.delete('tree')
        transaction.remove(tree.oid)
      })
      return { gone: kept.image.head, done: false }
    },
    act: async (kept, made) => {
      await kept.image.undo(made.gone, { user: 'ada' })
      made.done = true
    },
    check: (kept, { done }) => {
      const { root } = kept.image.at(kept.image.head)
      assert.equal(root.has('a'), done)
      if (!done) return
      assert.equal(lengthOf(kept, 'a'), 3)
      const tree = kept.image.at(kept.image.head).tree(root.get('tree') as TreeRef)
      assert.deepEqual(
        [...tree.entries()],
        [
          ['one', 1],
          ['two', 2],
        ],
      )
    },
  })
})

for (const [when, more] of [
  ['is being written', { durable: true }],
  // what stays of the root's older revision leads to the Tree while it is gone
  ['was looked at before', { keep: 2 }],
] as const) {
  test(`keeps what the entries refer to of a Tree that is taken back and ${when}`, async (t) => {
    let done = 0
    await atEveryTurn(t, {
      ...more,
      make: async (kept) => {
        await chain(kept, 'long', 9) // the mark goes on for a while
        await kept.commit((transaction) => {
          const tree = transaction.createTree()
          for (const key of ['one', 'two']) tree.set(key, transaction.create({ key }).ref)
          transaction.root.set('tree', tree.ref)
        })
        await kept.commit((transaction) => {
          const { oid } = transaction.root.get('tree') as TreeRef
          transaction.root.delete('tree')
          transaction.remove(oid)
        })
        return { gone: kept.image.head, done: false }
      },
      act: async (kept, made) => {
        await kept.image.undo(made.gone, { user: 'ada' })
        made.done = true
        done++
      },
      check: async (kept, made) => {
        if (!made.done) return
        await kept.image.pack({ before: kept.image.head })
        const view = kept.image.now()
        for (const [key, value] of view.tree(view.root.get('tree') as TreeRef).entries())
          assert.equal(view.get((value as Ref).oid).get('key'), key)
      },
    })
    assert.ok(done > 0)
  })
}

test('lets a transaction that began before read its moment and link what it made, however late', async (t) => {
  const kept = await freshImage(t)
  const [first] = await chain(kept, 'a', 3)
  const long = kept.begin()
  const made = long.create({ text: LARGE })
  await kept.commit((transaction) => transaction.get(first!).set('n', 7))
  const loose = await kept.commit((transaction) => transaction.create({ loose: true }).oid)
  await kept.commit(({ root }) => root.delete('a'))
  const { moment, objects } = await kept.image.pack({ before: kept.image.head })
  assert.deepEqual([moment, objects], [long.snapshot, 0])
  assert.equal(long.get(first!).get('n'), 0)
  assert.deepEqual(long.root.get('a'), new Ref(first!))
  long.root.set('made', made.ref)
  await assert.rejects(long.commit(), coded('E_CONFLICT'))
  await kept.commit((transaction) => transaction.root.set('loose', new Ref(loose)))
  await kept.image.pack({ before: kept.image.head })
  assert.deepEqual([kept.image.at(kept.image.head).has(first!), kept.slot(loose, 'loose')], [false, true])
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('refuses a change of what it took, by a transaction that had seen it before', async (t) => {
  const kept = await freshImage(t)
  const gone = await kept.commit((transaction) => transaction.create({ n: 1 }).oid)
  const [changing, linking] = [kept.begin(), kept.begin()]
  changing.get(gone).set('n', 2)
  linking.root.set('gone', linking.get(gone).ref)
  assert.equal((await kept.image.pack({ before: kept.image.head })).objects, 1)
  await assert.rejects(changing.commit(), coded('E_PACKED_AWAY', { objects: [gone] }))
  await assert.rejects(linking.commit(), coded('E_PACKED_AWAY', { objects: [gone] }))
  const late = kept.commit(({ root }) => root.set('late', new Ref(gone)))
  await assert.rejects(late, coded('E_DANGLING', { path: 'late', missing: gone }))
})

test('packs one at a time, and ends when it is told to or the image is closed', async (t) => {
  const kept = await freshImage(t)
  await chain(kept, 'lost', 50)
  await kept.commit(({ root }) => root.delete('lost'))
  const { head } = kept.image
  const first = kept.image.pack({ before: head, rows: 1 })
  await assert.rejects(kept.image.pack({ before: head }), coded('E_PACKING'))
  await Promise.all([assert.rejects(first, coded('E_IMAGE_CLOSED')), kept.reopen()])
  const abort = new AbortController()
  let turns = 0
  const onProgress = ({ what }: { readonly what: string }) => {
    if (what === 'records swept' && ++turns === 20)
      abort.abort(new BatError('E_ABORTED', { command: 'pack' }))
  }
  await assert.rejects(
    kept.image.pack({ before: head, rows: 1, signal: abort.signal, onProgress }),
    coded('E_ABORTED'),
  )
  assert.ok((await kept.image.verify()).ok)
  await kept.reopen()
  assert.equal(kept.image.at(head).has('obj:30'), false)
  assert.ok((await kept.image.verify()).ok)
  await kept.image.pack({ before: tidOf(0) })
  assert.deepEqual((await kept.image.verify()).faults, [])
  assert.equal((await kept.image.verify()).records.revisions, 1)
})
