// Every revision can be read and holds nothing that is never written; the shared values that it names are there; what the
// one of the moment refers to is there. A Tree that counts entries has some; how many is seen with the entries.
import type { Oid } from '../../base/ids.ts'
import type { Value } from '../../base/value.ts'
import { ByteReader } from '../byte-reader.ts'
import { DIGEST_SIZE, readValue } from '../codec.ts'
import {
  entriesEnd,
  entryStart,
  type Key,
  nameOfRecord,
  oidOfKey,
  tidOfVersionKey,
  valueKey,
} from '../keyspace.ts'
import { digestsOf, type Unread } from '../lazy-slots.ts'
import { isVolatileSlot, type Slots } from '../object-state.ts'
import { parseRevision } from '../revisions.ts'
import { SharedValues } from '../shared-values.ts'
import { soundly } from '../soundly.ts'
import type { Look } from './look.ts'
import { checkReferences, noteBlobs } from './references.ts'
import { eachRow, type Steps } from './steps.ts'

export function* checkRevisions(look: Look): Steps {
  const values = new SharedValues(look.store)
  let last: Oid | undefined
  yield* eachRow(look, 'revisions', function* ({ key, record }) {
    const oid = oidOfKey(key)
    const tid = tidOfVersionKey(key)
    if (tid > look.moment || look.horizon.isCondemned(oid)) return
    if (look.isListed(tid)) look.found++
    const isNewest = oid !== last
    last = oid
    const revision = parseRevision(key, record, isNewest ? values.read : outline)
    if (revision.kind === 'tree' && isNewest) yield* checkEmpty(look, oid, revision.count)
    if (revision.kind !== 'object') return
    yield* checkShared(look, revision.slots, key)
    if (isNewest) yield* checkSlots(look, oid, revision.slots)
    else for (const value of revision.slots.values()) noteBlobs(look, value)
  })
}

/** A value with nothing in the place of its shared parts, which are looked at in their own table. */
const outline = ({ encoding }: Unread): Value =>
  encoding.length === DIGEST_SIZE ? null : readValue(new ByteReader(encoding), () => null)

function* checkShared(look: Look, slots: Slots, key: Key): Steps {
  for (const digest of digestsOf(slots)) {
    look.valuesReferred.add(digest)
    if (look.has('values', valueKey(digest))) continue
    yield {
      where: nameOfRecord('revisions', key),
      problem: `it holds the value ${digest}, which is not there`,
    }
  }
}

function* checkSlots(look: Look, oid: Oid, slots: Slots): Steps {
  for (const slot of slots.keys()) {
    const where = () => look.names.ofSlot(oid, slot)
    if (isVolatileSlot(slot)) yield { where: where(), problem: 'it is volatile and should not be written' }
    const value = soundly(() => slots.get(slot))
    if (value === undefined) continue
    noteBlobs(look, value)
    yield* checkReferences(look, value, where)
  }
}

function* checkEmpty(look: Look, tree: Oid, count: number): Steps {
  if (count === 0 || look.store.first('entries', { from: entryStart(tree), to: entriesEnd(tree) })) return
  yield { where: look.names.of(tree), problem: `its count is ${count}, it has 0 entries` }
}
