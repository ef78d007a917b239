// A process that imports blobs until it is killed, several at a time, and says on standard output how many commits were
// acknowledged.
import { systemClock } from '../../src/base/clock.ts'
import { openImage } from '../../src/image/open.ts'

const image = await openImage({ dir: process.argv[2]!, clock: systemClock })
let acknowledged = [...image.at(image.head).root.slots()].length

async function importOn(worker: number): Promise<never> {
  for (let i = 0; ; i++) {
    const content = Buffer.alloc(100 + ((i * 7919) % 300_000), `${image.head} ${worker} ${i} `)
    await image.transact(
      { user: 'loop' },
      async (transaction) => {
        const ref = await transaction.importBlob(content)
        transaction.root.set(ref.sha256, ref)
      },
      { tries: 1000 },
    )
    process.stdout.write(`${++acknowledged}\n`)
  }
}

await Promise.all([0, 1, 2].map(importOn))
