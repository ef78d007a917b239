import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deaths } from '../../src/mind/deaths.ts'

const make = () => new Deaths({ deaths: 3 })
const lost = (...adapters: (string | undefined)[]) => ({ idle: false, adapters })

test('charges the model for calls without an adapter, until it answers', () => {
  const deaths = make()
  assert.deepEqual(deaths.note(lost(undefined)), { charged: 'model', count: 1, quarantined: false })
  deaths.answered('a')
  deaths.note(lost(undefined, undefined))
  deaths.note(lost(undefined))
  assert.deepEqual(deaths.note(lost(undefined)), { charged: 'model', count: 3, quarantined: true })
})

test('charges the model for an end while it is loaded, and nobody for one while it is idle', () => {
  const deaths = make()
  assert.equal(deaths.note(lost()).charged, 'model')
  for (let count = 1; count < 9; count++)
    assert.deepEqual(deaths.note({ idle: true, adapters: [] }), {
      ...{ charged: 'nobody', count, quarantined: false },
    })
  assert.equal(deaths.recent, 9)
})

test('keeps what an adapter is charged with until that adapter answers', () => {
  const deaths = make()
  deaths.note(lost('a'))
  deaths.answered(undefined)
  deaths.note(lost('a', 'a'))
  deaths.answered('b')
  assert.deepEqual(deaths.note(lost('a')), { charged: 'a', count: 3, quarantined: true })
  deaths.answered('a')
  assert.equal(deaths.note(lost('a')).count, 1)
})

test('charges nobody where several could be to blame, and has each of them run alone until it has answered', () => {
  const deaths = make()
  assert.ok(deaths.mayRun('a', [undefined, 'b']))
  for (let death = 0; death < 3; death++)
    assert.equal(deaths.note(lost('a', undefined, 'b')).charged, 'nobody')
  assert.ok(deaths.mayRun('a', []) && deaths.mayRun('a', ['a']) && deaths.mayRun('c', ['d']))
  for (const other of [undefined, 'b', 'c']) {
    assert.ok(!deaths.mayRun('a', [other]))
    assert.ok(!deaths.mayRun(other, ['a']))
  }
  deaths.answered('b')
  assert.ok(deaths.mayRun('b', [undefined, 'c']))
  assert.ok(!deaths.mayRun('a', ['b']))
  for (const count of [1, 2, 3])
    assert.deepEqual(deaths.note(lost('a')), { charged: 'a', count, quarantined: count === 3 })
  deaths.forget('a')
  assert.ok(deaths.mayRun('a', [undefined]))
})
