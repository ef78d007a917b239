// A process that commits until it is killed, and says on standard output which commits were acknowledged. Each commit moves
// the counter on, adds an entry to a Tree and makes an object that the entry names: all three, or none.
import { systemClock } from '../../src/base/clock.ts'
import type { TreeRef } from '../../src/base/value.ts'
import { openImage } from '../../src/image/open.ts'

const image = await openImage({ dir: process.argv[2]!, clock: systemClock })
await image.transact({ user: 'loop' }, (transaction) => {
  if (!transaction.root.has('log')) transaction.root.set('log', transaction.createTree().ref).set('count', 0)
})
for (;;) {
  const { value } = await image.transact({ user: 'loop' }, (transaction) => {
    const { root } = transaction
    const count = (root.get('count') as number) + 1
    const object = transaction.create({ count, text: 'x'.repeat(count % 5000) })
    transaction.tree(root.get('log') as TreeRef).set(count, object.ref)
    root.set('count', count)
    return count
  })
  process.stdout.write(`${value}\n`)
}
