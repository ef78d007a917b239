// Restores a backup over the image that is there, in a process of its own that may be killed. Arguments: the backup, the place.
import { systemClock } from '../../src/base/clock.ts'
import { restore } from '../../src/image/restore.ts'

const [from, dir] = process.argv.slice(2) as [string, string]
await restore(from, dir, { clock: systemClock, force: true })
