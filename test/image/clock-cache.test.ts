import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ClockCache, type Kept } from '../../src/image/clock-cache.ts'

describe('a cache of bounded size', () => {
  it('lets what was not used go first', () => {
    const cache = new ClockCache<number, Kept>({ limit: 3 })
    for (const key of [1, 2, 3]) cache.keep(key, entry(1))
    cache.get(1)!.used = true
    cache.keep(4, entry(1))
    cache.keep(5, entry(1))
    assert.deepEqual(there(cache), [1, 4, 5])
    for (const key of [6, 7]) cache.keep(key, entry(1))
    assert.deepEqual(there(cache), [5, 6, 7], 'what was used counts as used once')
  })

  it('stays within its bytes whatever is put in, and tells what went', () => {
    const cache = new ClockCache<number, Kept>({ bytes: 100 })
    let [kept, gone] = [0, 0]
    for (let i = 0; i < 1000; i++) {
      const bytes = 1 + ((i * 7919) % 60)
      gone += cache.keep(i, { bytes, used: i % 3 === 0 })
      kept += bytes
      const sum = there(cache).reduce((total, key) => total + cache.get(key)!.bytes, 0)
      assert.ok(sum <= 100)
      assert.equal(kept - gone, sum)
    }
  })

  it('counts an entry once that is put in again, and keeps none that is too large by itself', () => {
    const cache = new ClockCache<number, Kept>({ bytes: 100 })
    for (let i = 0; i < 5; i++) cache.keep(1, entry(60))
    cache.keep(2, entry(40))
    assert.deepEqual(there(cache), [1, 2])
    cache.keep(3, entry(101))
    assert.deepEqual(there(cache), [])
  })

  it('goes on after all was forgotten', () => {
    const cache = new ClockCache<number, Kept>({ limit: 2 })
    for (const key of [1, 2, 3, 4]) cache.keep(key, entry(1))
    cache.clear()
    for (const key of [5, 6, 7]) cache.keep(key, entry(1))
    assert.deepEqual(there(cache), [6, 7])
  })
})

const entry = (bytes: number): Kept => ({ bytes, used: false })

const there = (cache: ClockCache<number, Kept>): number[] =>
  Array.from({ length: 1000 }, (_, key) => key).filter((key) => cache.get(key))
