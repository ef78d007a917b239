// A process that opens an image, reads, tells what it measured, and waits to be killed.
import type { TreeRef } from '../../src/base/value.ts'
import { getMany } from './objects.ts'
import { openAt, pace } from './scratch.ts'

const GETS = 10_000

const [task, dir, count] = process.argv.slice(2) as [string, string, string]
const image = await openAt(dir)
const view = image.at(image.head)
process.send!(await measured())
setInterval(() => {}, 60_000)

async function measured(): Promise<unknown> {
  if (task === 'open') return true
  const all = view.tree(view.root.get('all') as TreeRef)
  const get = {
    count: Number(count),
    gets: GETS,
    get: (ref: { oid: `obj:${number}` }) => view.get(ref.oid).get('count'),
  }
  return pace(GETS, () => getMany(all, get))
}
