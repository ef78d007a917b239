// The past: the revisions of an object, taking back a transaction and a savepoint, and packing.
import type { Ref } from '../../src/base/value.ts'
import { median, type Row, row } from '../result.ts'
import { made, newTree } from './objects.ts'
import { ms, onImage, user } from './scratch.ts'

export function pastRows(revisions: number): Promise<Row[]> {
  return onImage({}, async (image) => {
    const { oid } = await made(
      image,
      (transaction) => transaction.create({ count: 0, text: 'x'.repeat(60) }).ref,
    )
    for (let i = 0; i < revisions; i++) {
      await image.transact({ user }, (transaction) => void transaction.get(oid).set('count', i))
    }
    const history: number[] = []
    const undo: number[] = []
    const rollback: number[] = []
    for (let i = 0; i < 9; i++) {
      history.push(await ms(() => [...image.history(oid)]))
      undo.push(await ms(() => image.undo(image.head, { user })))
      const transaction = image.begin({ user })
      const other = transaction.create({ count: 1 })
      const savepoint = transaction.savepoint()
      transaction.get(oid).set('count', -1)
      other.set('count', -1)
      rollback.push(await ms(() => savepoint.rollback()))
      transaction.abort()
    }
    return [
      row(
        `history of ${revisions} revisions, ms (ZODB 5 to 9)`,
        median(history),
        7,
        'at most as long',
        ({ ratio }) => ratio <= 1,
      ),
      row(
        'undo of a transaction, ms (ZODB 0.4 to 2.7)',
        median(undo),
        1.5,
        'at most as long',
        ({ ratio }) => ratio <= 1,
      ),
      row(
        'rollback of two objects, ms (ZODB 0.075 to 0.1)',
        median(rollback),
        0.085,
        'at most as long',
        ({ ratio }) => ratio <= 1,
      ),
    ]
  })
}

export function packRows(count: number): Promise<Row[]> {
  return onImage({ durable: false }, async (image) => {
    const kept = await newTree(image, 'kept')
    const lost: Ref[] = []
    for (let from = 0; from < count; from += 1000) {
      await image.transact({ user }, (transaction) => {
        for (let i = from; i < from + 1000; i++) {
          const { ref } = transaction.create({ name: `object ${i}`, text: 'x'.repeat(60) })
          if (i % 2 === 0) transaction.tree(kept).set(i, ref)
          else lost.push(ref)
        }
      })
    }
    const packing = await ms(() => image.pack({ before: image.head }))
    return [
      row(
        `packing ${count.toLocaleString('en')} objects, half of them garbage, objects/s (ZODB 96,000 to 140,000, with a second copy)`,
        (count / packing) * 1000,
        67_000,
        'at least as many',
        ({ ratio }) => ratio >= 1,
      ),
    ]
  })
}
