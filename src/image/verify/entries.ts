// Every version of every entry can be read, what those of the moment refer to is there, and each Tree counts as many entries
// as it has. A damaged entry counts as one: it costs itself and raises no second alarm.
import { BatError } from '../../base/errors.ts'
import type { Oid } from '../../base/ids.ts'
import { parseEntry } from '../entries.ts'
import {
  entriesEnd,
  entryOfKey,
  entryStart,
  formatTreeKey,
  type Key,
  keyText,
  oidOfKey,
  tidOfVersionKey,
} from '../keyspace.ts'
import { kindOfRecord } from '../record.ts'
import { Revisions } from '../revisions.ts'
import type { Look } from './look.ts'
import { checkReferences, noteBlobs } from './references.ts'
import { eachRow, type Steps } from './steps.ts'

export function* checkEntries(look: Look): Steps {
  let tree: Oid | undefined
  let entry = ''
  let count = 0
  yield* eachRow(look, 'entries', function* (row) {
    const tid = tidOfVersionKey(row.key)
    const holder = oidOfKey(row.key)
    if (tid > look.moment || look.horizon.isCondemned(holder)) return
    if (look.isListed(tid)) look.found++
    if (holder !== tree) {
      if (tree !== undefined) yield* checkCount(look, tree, count)
      tree = holder
      entry = ''
      count = 0
    }
    const own = entryOfKey(row.key)
    const isNewest = entry !== keyText(own)
    entry = keyText(own)
    if (isNewest && kindOfRecord(row.record) !== 'gone') count++
    const { value } = parseEntry(row)
    if (value === undefined) return
    noteBlobs(look, value)
    if (isNewest) yield* checkReferences(look, value, () => nameOfEntry(look, holder, own))
  })
  if (tree !== undefined) yield* checkCount(look, tree, count)
}

const nameOfEntry = (look: Look, tree: Oid, entry: Key): string =>
  `${look.names.of(tree)}[${formatTreeKey(entry)}]`

/** Of a Tree that a pack takes away the entries go last. */
const isLeftOver = (look: Look, tree: Oid): boolean =>
  look.horizon.isUnfinished || !look.store.first('entries', { from: entryStart(tree), to: entriesEnd(tree) })

function* checkCount(look: Look, tree: Oid, found: number): Steps {
  try {
    const revision = new Revisions(look.store, { limit: 0, sole: false }).at(tree, look.moment)
    const where = look.names.of(tree)
    if (!revision && isLeftOver(look, tree)) return
    if (!revision) yield { where, problem: 'it has entries and is not there' }
    else if (revision.kind === 'object') yield { where, problem: 'it has entries and is no Tree' }
    else if (revision.kind === 'tree' && revision.count !== found)
      yield { where, problem: `its count is ${revision.count}, it has ${found} entries` }
  } catch (error) {
    if (!(error instanceof BatError)) throw error // its own record is damaged, and named already
  }
}
