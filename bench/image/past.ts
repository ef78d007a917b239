// The past: the revisions of an object, taking back a transaction and a savepoint, and packing; beside ZODB (zodb.ts).
import type { Ref } from '../../src/base/value.ts'
import type { Row } from '../result.ts'
import { made, newTree } from './objects.ts'
import { type Figure, onImage, pace, spent, user } from './scratch.ts'
import { besideZodb, type Figures, inTurns, middle, type Zodb } from './zodb.ts'

const TIMES = 9

export async function pastRows(revisions: number, zodb: Zodb | undefined): Promise<Row[]> {
  const { history, undo, rollback } = await inTurns(
    () => past(revisions),
    zodb && ((dir) => zodb('past', dir, revisions)),
  )
  const asLong = { goal: 'at most as long', isReached: (ratio: number) => ratio <= 1 }
  return [
    ...besideZodb(history, {
      what: `history of ${revisions} revisions, ms`,
      published: ['5 to 9', 7],
      ...asLong,
    }),
    ...besideZodb(undo, { what: 'undo of a transaction, ms', published: ['0.4 to 2.7', 1.5], ...asLong }),
    ...besideZodb(rollback, {
      what: 'rollback of two objects, ms',
      published: ['0.075 to 0.1', 0.085],
      ...asLong,
    }),
  ]
}

function past(revisions: number): Promise<Figures<'history' | 'undo' | 'rollback'>> {
  return onImage({}, async (image) => {
    const { oid } = await made(
      image,
      (transaction) => transaction.create({ count: 0, text: 'x'.repeat(60) }).ref,
    )
    for (let i = 0; i < revisions; i++) {
      await image.transact({ user }, (transaction) => void transaction.get(oid).set('count', i))
    }
    const history: Figure[] = []
    const undo: Figure[] = []
    const rollback: Figure[] = []
    for (let i = 0; i < TIMES; i++) {
      history.push(await spent(() => [...image.history(oid)]))
      undo.push(await spent(() => image.undo(image.head, { user })))
      const transaction = image.begin({ user })
      const other = transaction.create({ count: 1 })
      const savepoint = transaction.savepoint()
      transaction.get(oid).set('count', -1)
      other.set('count', -1)
      rollback.push(await spent(() => savepoint.rollback()))
      transaction.abort()
    }
    return { history: middle(history), undo: middle(undo), rollback: middle(rollback) }
  })
}

export async function packRows(count: number, zodb: Zodb | undefined): Promise<Row[]> {
  const { packed } = await inTurns(() => pack(count), zodb && ((dir) => zodb('pack', dir, count)))
  return besideZodb(packed, {
    what: `packing ${count.toLocaleString('en')} objects, half of them garbage, objects/s`,
    published: ['96,000 to 140,000 records, two an object, with a second copy', 67_000],
    goal: 'at least as many',
    isReached: (ratio) => ratio >= 1,
  })
}

function pack(count: number): Promise<Figures<'packed'>> {
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
    const packed = await pace(count, async () => void (await image.pack({ before: image.head })))
    return { packed }
  })
}
