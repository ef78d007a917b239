import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deaths } from '../../src/mind/deaths.ts'

const make = () => new Deaths({ deaths: 3, withinMs: 1000 })
const lost = (...adapters: (string | undefined)[]) => ({ idle: false, adapters })

test('charges the model when a call without an adapter, or with another, was lost too', () => {
  const deaths = make()
  assert.equal(deaths.note(0, lost(undefined)).charged, 'model')
  assert.equal(deaths.note(1, lost('a', undefined)).charged, 'model')
  assert.deepEqual(deaths.note(2, lost('a', 'b')), { charged: 'model', count: 3, quarantined: true })
})

test('charges the model for an end while it is loaded, and nobody for one while it is idle', () => {
  const deaths = make()
  assert.equal(deaths.note(0, lost()).charged, 'model')
  for (let at = 1; at < 9; at++)
    assert.deepEqual(deaths.note(at, { idle: true, adapters: [] }), {
      ...{ charged: 'nobody', count: at, quarantined: false },
    })
})

test('keeps what an adapter is charged with until that adapter answers', () => {
  const deaths = make()
  deaths.note(0, lost('a'))
  deaths.answered(undefined)
  deaths.note(1, lost('a', 'a'))
  deaths.answered('b')
  assert.deepEqual(deaths.note(2, lost('a')), { charged: 'a', count: 3, quarantined: true })
  deaths.answered('a')
  assert.equal(deaths.note(3, lost('a')).count, 1)
})

test('forgets what is long ago', () => {
  const deaths = make()
  deaths.note(0, lost(undefined))
  deaths.note(900, lost(undefined))
  assert.deepEqual(deaths.note(1500, lost(undefined)), { charged: 'model', count: 2, quarantined: false })
  assert.equal(deaths.recent, 2)
})
