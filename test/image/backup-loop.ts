// A process that backs an image up into the same folder until it is killed, changing it between and meanwhile, and says on
// standard output how many backups there have been.
import { systemClock } from '../../src/base/clock.ts'
import { openImage } from '../../src/image/open.ts'

const [dir, to] = process.argv.slice(2) as [string, string]
const image = await openImage({ dir, clock: systemClock })

async function change(): Promise<void> {
  await image.transact({ user: 'loop' }, async (transaction) => {
    const bytes = Buffer.alloc(1000, `${image.head} `)
    transaction.root.set('photo', await transaction.importBlob(bytes)).set('text', bytes.toString())
  })
}

async function changeOn(): Promise<never> {
  for (;;) await change()
}

await change()
void changeOn()
for (let count = 1; ; count++) {
  await image.backup(to)
  process.stdout.write(`${count}\n`)
}
