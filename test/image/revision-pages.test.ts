import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { oidOf } from '../../src/base/ids.ts'
import { revisionKey, revisionsEnd, tidOfVersionKey } from '../../src/image/keyspace.ts'
import { RevisionPages } from '../../src/image/revision-pages.ts'
import { Store } from '../../src/image/store.ts'
import { freshFolder } from './fresh-image.ts'

const OBJECTS = 300

test('gives the revisions of one object after the other, in whatever order and however far they are asked for', async (t) => {
  const store = Store.open(await freshFolder(t), { durable: false })
  t.after(() => store.close())
  store.write(({ put }) => {
    for (let number = 0; number < OBJECTS; number++) {
      const count = number % 7 === 0 ? 0 : number % 50 === 1 ? 400 : 1 + (number % 3)
      for (let tid = 1; tid <= count; tid++) {
        put('revisions', revisionKey(oidOf(number), tid), Buffer.alloc(number % 90))
      }
    }
  })
  const tidsOf = (number: number) =>
    store
      .page('revisions', {
        from: revisionKey(oidOf(number), 1000),
        to: revisionsEnd(oidOf(number)),
        limit: 1000,
      })
      .map(({ key }) => tidOfVersionKey(key))
  const ask = fc.record({
    // mostly the next few, sometimes any
    step: fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, fc.integer({ min: -OBJECTS, max: OBJECTS })),
    most: fc.oneof(fc.nat(3), fc.constant(1000)),
    forget: fc.nat(20),
  })
  const pages = new RevisionPages(store, 4000)
  let number = 0
  for (const { step, most, forget } of fc.sample(ask, { numRuns: 3000, seed: 2 })) {
    number = Math.abs((number + step) % (OBJECTS + 5))
    const found: number[] = []
    for (let row = pages.newest(number); row && found.length < most; row = pages.older()) {
      found.push(tidOfVersionKey(row.key))
      if (forget === 0) pages.forget()
    }
    assert.deepEqual(found, tidsOf(number).slice(0, most))
  }
})
