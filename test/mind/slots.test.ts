// The queue for slots, with contexts that are nothing but the list of keys that they have had.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slots } from '../../src/mind/slots.ts'

type Context = string[]

const make = () =>
  new Slots<Context>({
    ...{ parallel: 1, chunk: 4 },
    make: async (key) => [key],
    turn: async (context, key) => {
      context.push(key)
      return context
    },
    dispose: async () => {},
  })

test('gives the place of who leaves the queue to the next, and turns no context for the one that left', async () => {
  const slots = make()
  const { slot } = await slots.acquire('a', [])
  const control = new AbortController()
  const leaving = slots.acquire('b', [], control.signal)
  const staying = slots.acquire('c', [])
  control.abort(new Error('enough'))
  await assert.rejects(leaving, /enough/)
  slots.release(slot)
  assert.deepEqual((await staying).slot.context, ['a', 'c'])
})

test('wakes the next when who was just woken leaves', async () => {
  const slots = make()
  const { slot } = await slots.acquire('a', [])
  const control = new AbortController()
  const leaving = slots.acquire('b', [], control.signal)
  const staying = slots.acquire('c', [])
  slots.release(slot)
  control.abort(new Error('enough'))
  await assert.rejects(leaving, /enough/)
  assert.deepEqual((await staying).slot.context, ['a', 'c'])
})

test('gives no slot to who had left before', async () => {
  const slots = make()
  await assert.rejects(slots.acquire('a', [], AbortSignal.abort(new Error('before'))), /before/)
  assert.deepEqual(slots.keys, [])
})
