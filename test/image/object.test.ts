import assert from 'node:assert/strict'
import test from 'node:test'
import { Ref, type Value } from '../../src/base/value.ts'
import { coded, freshImage } from './fresh-image.ts'

class Socket {}

const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic

const refusals: readonly (readonly [string, unknown, string, string])[] = [
  ['a function', { config: { socket: () => 1 } }, 'genesis.config.config.socket', 'the function socket'],
  ['a class instance', [1, { on: new Socket() }], 'genesis.config[1].on', 'a Socket'],
  ['a symbol', { tag: Symbol('x') }, 'genesis.config.tag', 'a symbol'],
  ['a Map', new Map(), 'genesis.config', 'a Map'],
  ['a cycle', cyclic, 'genesis.config.self', 'a value that contains itself'],
  ['undefined in a list', [undefined], 'genesis.config[0]', 'undefined'],
  ['an invalid date', new Date(Number.NaN), 'genesis.config', 'an invalid date'],
  ['a key that is a symbol', { [Symbol('x')]: 1 }, 'genesis.config', 'a key that is a symbol'],
  ['an object with a prototype of its own', Object.create({ a: 1 }), 'genesis.config', 'a Object'],
]

test('refuses what it cannot hold, with the path, and leaves the transaction as it was', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { config: 1 })
  for (const [what, value, path, found] of refusals) {
    const transaction = kept.begin()
    const genesis = transaction.get(oid)
    assert.throws(() => genesis.set('config', value as Value), coded('E_VALUE', { path, found }), what)
    assert.equal(genesis.get('config'), 1)
    assert.deepEqual(transaction.changes(), [])
  }
})

test('is not changed by who put a value in or took it out', async (t) => {
  const kept = await freshImage(t)
  const list = [1, { deep: [2] }]
  const oid = await kept.make('genesis', { list })
  list.push(3)
  ;(list[1] as { deep: number[] }).deep.push(4)
  assert.deepEqual(kept.slot(oid, 'list'), [1, { deep: [2] }])
  await kept.reopen()
  const read = kept.slot(oid, 'list') as unknown[]
  assert.throws(() => read.push(5), TypeError)
  assert.deepEqual(kept.slot(oid, 'list'), [1, { deep: [2] }])
})

test('looks through parent slots in order, depth first, each object once, circles too', async (t) => {
  const kept = await freshImage(t)
  const transaction = kept.begin()
  const [top, left, right, child] = ['top', 'left', 'right', 'child'].map((name) =>
    transaction.create({ name }),
  )
  left!.set('traits*', top!.ref)
  right!.set('shared', 'right')
  top!.set('shared', 'top')
  top!.set('circle*', child!.ref)
  child!.set('first*', left!.ref)
  child!.set('second*', [right!.ref, top!.ref])
  const found = child!.lookup('shared')!
  assert.deepEqual([found.holder.oid, found.value], [top!.oid, 'top'])
  assert.equal(child!.lookup('nothing'), undefined)
  assert.deepEqual(
    child!.parents().map(({ oid }) => oid),
    [left!.oid, right!.oid, top!.oid],
  )
  top!.delete('shared')
  assert.equal(child!.lookup('shared')!.value, 'right')
  child!.set('shared', 'own')
  assert.equal(child!.lookup('shared')!.holder, child)
  await transaction.commit()
  await kept.reopen()
  const again = kept.begin().get(child!.oid)
  again.delete('shared')
  assert.equal(again.lookup('shared')!.value, 'right')
})

test('says which slot holds a parent that is not there', async (t) => {
  const kept = await freshImage(t)
  const gone = await kept.commit((transaction) => transaction.create().oid)
  const oid = await kept.make('genesis', { 'parent*': new Ref(gone) })
  await kept.commit((transaction) => transaction.remove(gone))
  const genesis = kept.begin().get(oid)
  assert.throws(() => genesis.lookup('x'), coded('E_DANGLING', { path: 'genesis.parent*', missing: gone }))
  assert.deepEqual((await kept.image.verify()).faults, [
    { where: 'genesis.parent*', problem: `it holds ${gone}, which is not there` },
  ])
})

test('keeps volatile slots with the process and never writes them', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { _v_cache: 1, count: 2 })
  kept.begin().get(oid).set('_v_more', 3)
  const now = kept.begin().get(oid)
  assert.deepEqual([now.get('_v_cache'), now.get('_v_more')], [1, 3])
  assert.deepEqual(
    [...now.slots()].map(([name]) => name),
    ['count'],
  )
  assert.equal(kept.image.head, 'tx:1')
  await kept.reopen()
  assert.equal(kept.begin().get(oid).get('_v_cache'), undefined)
})

test('forgets volatile slots with their object: one that was never made, or taken away', async (t) => {
  const kept = await freshImage(t)
  const transaction = kept.begin()
  const never = transaction.create({ _v_cache: 1 })
  const { volatile } = transaction.source
  assert.equal(volatile.has(never.oid), true)
  transaction.abort()
  assert.equal(volatile.has(never.oid), false)
  const oid = await kept.make('genesis', { _v_cache: 1 })
  assert.equal(kept.begin().get(oid).get('_v_cache'), 1)
  await kept.commit((removing) => removing.remove(oid))
  assert.equal(volatile.has(oid), false)
})

test('clones with plain values copied, references kept, and Trees of its own', async (t) => {
  const kept = await freshImage(t)
  const transaction = kept.begin()
  const friend = transaction.create({ name: 'friend' })
  const tree = transaction.createTree()
  tree.set('a', friend.ref)
  const original = transaction.create({ list: [1, friend.ref], tree: tree.ref, nested: [tree.ref] })
  const clone = original.clone()
  const copied = transaction.tree(clone.get('tree') as typeof tree.ref)
  copied.set('b', 2)
  assert.notEqual(copied.oid, tree.oid)
  assert.deepEqual([tree.size, copied.size], [1, 2])
  assert.deepEqual(clone.get('nested'), [copied.ref])
  assert.deepEqual(clone.get('list'), [1, friend.ref])
  const deep = original.deepClone()
  const other = (deep.get('list') as readonly Value[])[1] as Ref
  assert.notEqual(other.oid, friend.oid)
  assert.equal(transaction.get(other.oid).get('name'), 'friend')
  const inTree = transaction.tree(deep.get('tree') as typeof tree.ref).get('a') as Ref
  assert.equal(inTree.oid, other.oid)
})
