// A process that opens an image of an older format, tells of each slice of the migration on standard output, and stands
// still in the middle of the one it is told to, until it is killed.
import { writeSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { openImage } from '../../src/image/open.ts'

const [dir, standStillAt] = process.argv.slice(2)
const image = await openImage({
  dir: dir!,
  clock: systemClock,
  onMigration: ({ done }) => {
    writeSync(1, `${done}\n`)
    if (done === Number(standStillAt)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
})
await image.close()
