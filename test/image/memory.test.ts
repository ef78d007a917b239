import assert from 'node:assert/strict'
import test from 'node:test'
import { numberOf, oidOf } from '../../src/base/ids.ts'
import type { View } from '../../src/image/view.ts'
import { freshImage } from './fresh-image.ts'
import { memoryInUse } from './memory-in-use.ts'

const OBJECTS = 8000
const CACHE_MB = 4

/** Objects of many kinds of content, most of them some hundred bytes. */
const slotsOf = (i: number) => ({
  name: `object ${i}`,
  number: i + 0.5,
  numbers: [i, i + 1, i + 2, i + 3],
  inner: { a: `a ${i}`, b: { c: -i } },
  text: `${i} `.repeat(i % 30),
})

test('stays within its memory however many objects are touched, by one View or several', async (t) => {
  const kept = await freshImage(t, { cacheMb: CACHE_MB })
  let first = 0
  for (let from = 0; from < OBJECTS; from += 1000) {
    await kept.commit((transaction) => {
      for (let i = from; i < from + 1000; i++) {
        const { oid } = transaction.create(slotsOf(i))
        first ||= numberOf(oid)
      }
    })
  }
  await kept.reopen()
  const touchAll = (view: View) => {
    for (let i = 0; i < OBJECTS; i++) {
      assert.equal(view.get(oidOf(first + i)).get('number'), i + 0.5)
    }
  }
  const views = [kept.image.at(kept.image.head), kept.begin()] as const
  touchAll(kept.image.at(kept.image.head))
  const before = memoryInUse()
  for (const view of views) touchAll(view)
  const grown = memoryInUse() - before
  assert.ok(grown < CACHE_MB, `${grown} MiB more`)
  assert.ok(kept.image.stats().cached > 100)
  assert.ok(kept.image.stats().cached < OBJECTS / 2)
})
