import assert from 'node:assert/strict'
import test from 'node:test'
import type { Tid } from '../../src/base/ids.ts'
import { Ref, TreeRef } from '../../src/base/value.ts'
import { coded, freshImage, type TestImage } from './fresh-image.ts'

/** Three transactions a second apart: made with count 1, counted to 2 by bob, to 3 by ada. */
async function counted(kept: TestImage) {
  const oid = await kept.make('genesis', { count: 1, name: 'g' })
  for (const [count, user] of [
    [2, 'bob'],
    [3, 'ada'],
  ] as const) {
    kept.clock.time += 1000
    await kept.commit((transaction) => transaction.get(oid).set('count', count), user)
  }
  return oid
}

test('tells the revisions of an object, the newest first, with who and when', async (t) => {
  const kept = await freshImage(t)
  const start = kept.clock.time
  const oid = await counted(kept)
  assert.deepEqual(
    [...kept.image.history(oid)].map(({ tid, user, time, slots }) => [
      tid,
      user,
      time - start,
      slots?.get('count'),
    ]),
    [
      ['tx:3', 'ada', 2000, 3],
      ['tx:2', 'bob', 1000, 2],
      ['tx:1', 'ada', 0, 1],
    ],
  )
  assert.deepEqual(kept.image.diff(oid, 'tx:1', 'tx:3'), [{ slot: 'count', before: 1, after: 3 }])
})

test('lists transactions by range, time and user, either way', async (t) => {
  const kept = await freshImage(t)
  const start = kept.clock.time
  const oid = await counted(kept)
  const list = (filter: Parameters<typeof kept.image.transactions>[0]) =>
    [...kept.image.transactions(filter)].map(({ tid }) => tid)
  assert.deepEqual(list({}), ['tx:0', 'tx:1', 'tx:2', 'tx:3'])
  assert.deepEqual(list({ user: 'bob' }), ['tx:2'])
  assert.deepEqual(list({ reverse: true, limit: 2 }), ['tx:3', 'tx:2'])
  assert.deepEqual(list({ from: 'tx:1', to: 'tx:2' }), ['tx:1', 'tx:2'])
  assert.deepEqual(list({ from: start + 1, to: start + 1500 }), ['tx:2'])
  assert.deepEqual(list({ to: start - 1 }), [])
  assert.deepEqual(
    [...kept.image.changes('tx:1')].map(({ tid, changed }) => [tid, changed]),
    [
      ['tx:2', [oid]],
      ['tx:3', [oid]],
    ],
  )
  assert.equal(kept.image.transaction('tx:99'), undefined)
})

test('shows the image as of a transaction or a time, where nothing can be changed', async (t) => {
  const kept = await freshImage(t)
  const start = kept.clock.time
  const oid = await counted(kept)
  const count = (at: Tid | number) => kept.image.at(at).get(oid).get('count')
  assert.deepEqual([count('tx:2'), count(start), count(start + 1999), count(start + 1e9)], [2, 1, 2, 3])
  assert.throws(() => kept.image.at('tx:0').get(oid), coded('E_NO_OBJECT'))
  assert.throws(() => kept.image.at('tx:4'), coded('E_NO_TRANSACTION'))
  assert.throws(() => kept.image.at(start - 1), coded('E_NO_TRANSACTION'))
  assert.throws(() => kept.image.at('tx:2').get(oid).set('count', 9), coded('E_READ_ONLY', { tid: 'tx:2' }))
})

test('never lets time go back from one transaction to the next', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis')
  const { time } = kept.clock
  kept.clock.time -= 5000
  await kept.commit((transaction) => transaction.get(oid).set('x', 1))
  assert.equal(kept.image.transaction('tx:2')!.time, time)
})

test('takes a transaction back by a new one, and that one too', async (t) => {
  const kept = await freshImage(t)
  const oid = await counted(kept)
  assert.equal(await kept.image.undo('tx:3', { user: 'ada' }), 'tx:4')
  assert.equal(kept.slot(oid, 'count'), 2)
  assert.match(kept.image.transaction('tx:4')!.description, /undo tx:3/)
  await kept.image.undo('tx:4', { user: 'ada' })
  assert.equal(kept.slot(oid, 'count'), 3)
})

test('refuses to take back what was changed again, and names by what', async (t) => {
  const kept = await freshImage(t)
  await counted(kept)
  const { head } = kept.image
  await assert.rejects(
    kept.image.undo('tx:2', { user: 'ada' }),
    coded('E_UNDO_CONFLICT', { objects: ['genesis'], later: ['tx:3'] }),
  )
  await assert.rejects(kept.image.undo('tx:0', { user: 'ada' }), coded('E_NO_TRANSACTION'))
  assert.equal(kept.image.head, head)
})

test('names a Tree by the slot that holds it, and says what to type to keep it', async (t) => {
  const kept = await freshImage(t)
  const { oid } = await kept.commit((transaction) => {
    const friends = transaction.createTree().set('ada', 1).ref
    transaction.root.set('genesis', transaction.create({ friends }).ref)
    return friends
  })
  for (const value of [2, 3]) await kept.commit((each) => each.tree(new TreeRef(oid)).set('ada', value))
  await assert.rejects(
    kept.image.undo('tx:2', { user: 'ada' }),
    coded('E_UNDO_CONFLICT', {
      places: ['genesis.friends[ada]'],
      objects: ['genesis.friends'],
      kept: oid,
    }),
  )
  await assert.rejects(kept.image.undo('tx:2', { user: 'ada', keep: [oid] }), coded('E_UNDO_NOTHING'))
})

test('takes back the making of objects and Trees, and brings them back when that is undone', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.commit((transaction) => {
    const tree = transaction.createTree().set('a', 1)
    const object = transaction.create({ tree: tree.ref })
    transaction.root.set('made', object.ref)
    return object.oid
  })
  const ref = kept.slot(oid, 'tree') as TreeRef
  await kept.image.undo('tx:1', { user: 'ada' })
  const now = kept.begin()
  assert.equal(now.root.has('made'), false)
  assert.equal(now.has(oid), false)
  assert.throws(() => now.tree(ref), coded('E_NO_OBJECT'))
  assert.equal(kept.image.at('tx:1').tree(ref).get('a'), 1)
  assert.ok((await kept.image.verify()).ok)
  await kept.image.undo('tx:2', { user: 'ada' })
  const again = kept.begin()
  assert.deepEqual([...again.tree(again.get(oid).get('tree') as Ref).entries()], [['a', 1]])
  assert.equal(again.tree(ref).size, 1)
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('takes back only the entries of a Tree that the transaction touched', async (t) => {
  const kept = await freshImage(t)
  const ref = await kept.commit((transaction) => {
    const tree = transaction.createTree().set('a', 1).set('b', 1)
    transaction.root.set('tree', tree.ref)
    return tree.ref
  })
  await kept.commit((transaction) => transaction.tree(ref).set('a', 2).set('c', 2).delete('b'))
  await kept.commit((transaction) => transaction.tree(ref).set('d', 3))
  await kept.image.undo('tx:2', { user: 'ada' })
  const tree = kept.begin().tree(ref)
  assert.deepEqual(
    [...tree.entries()],
    [
      ['a', 1],
      ['b', 1],
      ['d', 3],
    ],
  )
  assert.equal(tree.size, 3)
  await kept.commit((transaction) => transaction.tree(ref).set('d', 4))
  await assert.rejects(
    kept.image.undo('tx:3', { user: 'ada' }),
    coded('E_UNDO_CONFLICT', { later: ['tx:5'] }),
  )
  assert.ok((await kept.image.verify()).ok)
})

test('leaves what it is told to keep as it is', async (t) => {
  const kept = await freshImage(t)
  const [a, b] = [await kept.make('a', { x: 1 }), await kept.make('b', { x: 1 })]
  await kept.commit((transaction) => {
    transaction.get(a).set('x', 2)
    transaction.get(b).set('x', 2)
  })
  await kept.commit((transaction) => transaction.get(b).set('x', 3))
  await kept.image.undo('tx:3', { user: 'ada', keep: [b] })
  assert.deepEqual([kept.slot(a, 'x'), kept.slot(b, 'x')], [1, 3])
  await assert.rejects(kept.image.undo('tx:4', { user: 'ada', keep: [b] }), coded('E_UNDO_NOTHING'))
})

test('takes back only the slots that the transaction changed', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1, name: 'a' })
  await kept.commit((transaction) => transaction.get(oid).set('count', 2))
  await kept.commit((transaction) => transaction.get(oid).set('name', 'b'))
  await kept.image.undo('tx:2', { user: 'ada' })
  assert.deepEqual([kept.slot(oid, 'count'), kept.slot(oid, 'name')], [1, 'b'])
  assert.ok((await kept.image.verify()).ok)
})

test('takes several transactions back in one, and names whatever else changed their places since', async (t) => {
  const kept = await freshImage(t)
  const oid = await counted(kept)
  const [four, five] = [4, 5].map((count) => () => kept.commit((each) => each.get(oid).set('count', count)))
  await four!()
  await five!()
  await assert.rejects(
    kept.image.undo(['tx:2', 'tx:4'], { user: 'ada' }),
    coded('E_UNDO_CONFLICT', {
      places: ['genesis.count'],
      later: ['tx:5', 'tx:3'],
      all: 'tx:5 tx:3 tx:4 tx:2',
      kept: 'genesis',
    }),
  )
  await kept.image.undo(['tx:3', 'tx:5', 'tx:4'], { user: 'ada' })
  assert.equal(kept.slot(oid, 'count'), 2)
})

test('brings a Tree back that was taken away, entries and all', async (t) => {
  const kept = await freshImage(t)
  const ref = await kept.commit((transaction) => {
    const tree = transaction.createTree().set('a', 1).set('b', 2)
    transaction.root.set('tree', tree.ref)
    return tree.ref
  })
  await kept.commit((transaction) => {
    transaction.root.delete('tree')
    transaction.remove(ref.oid)
  })
  await kept.image.undo('tx:2', { user: 'ada' })
  assert.equal(kept.begin().tree(ref).size, 2)
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('takes nothing away that what stays leads to, and says what does', async (t) => {
  const kept = await freshImage(t)
  const by = { user: 'ada' }
  const robot = await kept.make('robot', { count: 1 })
  const friend = await kept.make('friend', { name: 'x' })
  const tree = await kept.commit((transaction) => {
    const { ref } = transaction.createTree()
    transaction.root.set('tree', ref)
    return ref
  })
  await kept.commit((transaction) => transaction.get(friend).set('owns', [{ of: new Ref(robot) }]))
  await kept.commit((transaction) => transaction.get(friend).set('name', 'y'))
  await kept.commit((transaction) => transaction.tree(tree).set('best', new Ref(robot)))
  await assert.rejects(
    kept.image.undo('tx:1', by),
    coded('E_UNDO_REFERRED', {
      places: ['friend.owns', 'tree[best]'],
      objects: ['robot'],
      later: ['tx:6', 'tx:4'],
      all: 'tx:6 tx:4 tx:1',
      kept: 'robot',
    }),
  )
  assert.ok(kept.image.now().root.has('robot'))
  await kept.commit((transaction) => transaction.tree(tree).delete('best'))
  await kept.image.undo(['tx:4', 'tx:1'], by)
  assert.equal(kept.image.now().has(robot), false)
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('leaves an object that is kept to those who lead to it when its making is undone', async (t) => {
  const kept = await freshImage(t)
  const robot = await kept.make('robot', { count: 1 })
  await kept.make('friend', { owns: new Ref(robot) })
  await kept.image.undo('tx:1', { user: 'ada', keep: [robot] })
  assert.deepEqual([kept.slot(robot, 'count'), kept.image.now().root.has('robot')], [1, false])
  assert.deepEqual((await kept.image.verify()).faults, [])
})

test('puts the oid in place of a reference where what goes is only told of, and back when that is undone', async (t) => {
  const kept = await freshImage(t)
  const by = { user: 'ada' }
  const robot = await kept.make('robot', { count: 1 })
  const brief = { target: new Ref(robot), args: [new Ref(robot), 1] }
  const account = await kept.make('account', { brief })
  const list = await kept.commit((transaction) => {
    const { ref } = transaction.createTree().set('a', { value: new Ref(robot) })
    transaction.root.set('list', ref)
    return ref
  })
  const isAccount = (oid: string) => oid === account || oid === list.oid
  await kept.image.undo('tx:1', { ...by, isAccount })
  assert.deepEqual(kept.slot(account, 'brief'), { target: robot, args: [robot, 1] })
  assert.deepEqual(kept.image.now().tree(list).get('a'), { value: robot })
  assert.deepEqual((await kept.image.verify()).faults, [])
  await kept.image.undo(kept.image.head, by)
  assert.deepEqual(kept.slot(account, 'brief'), brief)
  assert.ok(kept.image.now().has(robot))
})
