// Every revision can be read and holds nothing that is never written; what the one of the moment refers to is there. A Tree
// that counts entries has some; how many is seen with the entries.
import type { Oid } from '../../base/ids.ts'
import { entriesEnd, entryStart, oidOfKey, tidOfVersionKey } from '../keyspace.ts'
import { isVolatileSlot, type Slots } from '../object-state.ts'
import { parseRevision } from '../revisions.ts'
import type { Look } from './look.ts'
import { checkReferences, noteBlobs } from './references.ts'
import { eachRow, type Steps } from './steps.ts'

export function* checkRevisions(look: Look): Steps {
  let last: Oid | undefined
  yield* eachRow(look, 'revisions', function* ({ key, record }) {
    const oid = oidOfKey(key)
    if (tidOfVersionKey(key) > look.moment) return
    look.found++
    const isNewest = oid !== last
    last = oid
    const revision = parseRevision(key, record)
    if (revision.kind === 'object') yield* checkSlots(look, { oid, slots: revision.slots, isNewest })
    else if (revision.kind === 'tree' && isNewest) yield* checkEmpty(look, oid, revision.count)
  })
}

interface State {
  readonly oid: Oid
  readonly slots: Slots
  readonly isNewest: boolean
}

function* checkSlots(look: Look, { oid, slots, isNewest }: State): Steps {
  for (const [slot, value] of slots) {
    noteBlobs(look, value)
    if (!isNewest) continue
    const where = () => look.names.ofSlot(oid, slot)
    if (isVolatileSlot(slot)) yield { where: where(), problem: 'it is volatile and should not be written' }
    yield* checkReferences(look, value, where)
  }
}

function* checkEmpty(look: Look, tree: Oid, count: number): Steps {
  if (count === 0 || look.store.first('entries', { from: entryStart(tree), to: entriesEnd(tree) })) return
  yield { where: look.names.of(tree), problem: `its count is ${count}, it has 0 entries` }
}
