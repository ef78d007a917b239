// A process that packs its image over and over, a few rows a turn, while it commits, until it is killed. Each commit takes
// the counter on and replaces what an earlier one made: an object with a large text, an entry that names it, a blob. It says
// on standard output which commits were acknowledged.
import { systemClock } from '../../src/base/clock.ts'
import type { TreeRef } from '../../src/base/value.ts'
import { openImage } from '../../src/image/open.ts'

const KEYS = 8

const image = await openImage({ dir: process.argv[2]!, clock: systemClock })
await image.transact({ user: 'loop' }, (transaction) => {
  if (!transaction.root.has('log')) transaction.root.set('log', transaction.createTree().ref).set('count', 0)
})

async function packForever(): Promise<never> {
  for (let round = 0; ; round++) await image.pack({ before: image.head, rows: 1 + (round % 7) })
}

async function commitForever(): Promise<never> {
  for (;;) {
    const { value } = await image.transact({ user: 'loop' }, async (transaction) => {
      const { root } = transaction
      const count = (root.get('count') as number) + 1
      const blob = await transaction.importBlob(Buffer.from(`blob ${count % (2 * KEYS)}`))
      const object = transaction.create({ count, text: 'a long text '.repeat(50) + (count % 20), blob })
      const log = transaction.tree(root.get('log') as TreeRef)
      if (count % 5 === 0) log.delete(`key ${count % KEYS}`)
      else log.set(`key ${count % KEYS}`, object.ref)
      root.set('count', count)
      return count
    })
    process.stdout.write(`${value}\n`)
  }
}

await Promise.all([packForever(), commitForever()])
