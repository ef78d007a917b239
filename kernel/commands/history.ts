// `history`: what changed, when, by whom and why. `undo`: a new transaction that takes one back.
import { BatError } from '../../src/base/errors.ts'
import { isTid, type Tid } from '../../src/base/ids.ts'
import { Ref, type TreeRef, type Value } from '../../src/base/value.ts'
import type { TransactionRecord } from '../../src/image/history.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import type { Session } from '../desk.ts'
import type { Kernel } from '../kernel.ts'
import { resolveTarget } from './send.ts'

/** Transactions that carry something a user did; the others (missions accepted, outcomes kept) are bookkeeping. */
const OF_USERS = new Set(['send', 'set', 'cycle', 'undo', 'feedback', 'apply'])

/** The newest transactions first, of the whole image or of one object: `{transaction, time, user, kind, description, objects}`. */
export function historyOf(kernel: Kernel, request: RequestFor<'history'>): Value {
  const { limit = 20 } = request.options
  const rows: Value[] = []
  for (const record of recordsOf(kernel, request)) {
    const kind = kindOf(record)
    if (request.target_oid === 0 && !OF_USERS.has(kind) && kind !== 'genesis') continue
    rows.push({
      transaction: record.tid,
      time: new Date(record.time),
      user: record.user,
      kind,
      description: record.description,
      cycle: String(record.meta.cycle ?? ''),
    })
    if (rows.length === limit) break
  }
  return rows
}

function* recordsOf(kernel: Kernel, request: RequestFor<'history'>): Iterable<TransactionRecord> {
  if (request.target_oid === 0) {
    yield* kernel.image.transactions({ reverse: true })
    return
  }
  const transaction = kernel.image.begin({ user: 'kernel' })
  const { oid } = resolveTarget(transaction, request.target_oid)
  transaction.abort()
  for (const { tid } of [...kernel.image.history(oid)].sort((a, b) => b.time - a.time)) {
    const record = kernel.image.transaction(tid)
    if (record) yield record
  }
}

/** Takes back `options.tid`, or the last thing that this user did and did not take back yet. */
export async function undo(kernel: Kernel, request: RequestFor<'undo'>, session: Session): Promise<Value> {
  const { tid: given } = request.options
  if (given !== undefined && !isTid(given))
    throw new BatError('E_USAGE', {
      problem: `${given} is no transaction`,
      hint: 'batos history lists them: tx:90',
    })
  const tid = given ?? lastOf(kernel, session.user)
  const undone = kernel.image.transaction(tid)
  const keep = [...keptByUndo(kernel), ...cyclesOf(kernel, undone?.meta.cycle)]
  const transaction = await kernel.image.undo(tid, {
    user: session.user,
    keep,
    meta: { kind: 'undo', undoes: tid },
  })
  return { transaction, undid: tid, description: undone?.description ?? '' }
}

/** What has happened has happened: undo takes back neither outcomes nor the record of thoughts. */
function keptByUndo(kernel: Kernel) {
  const transaction = kernel.image.begin({ user: 'kernel' })
  const trees = [kernel.world.missions, kernel.world.cycles].flatMap((oid) =>
    [...transaction.get(oid).slots()].map(([, value]) => value),
  )
  transaction.abort()
  return trees.flatMap((value) =>
    typeof value === 'object' && value !== null && 'oid' in value ? [value.oid as `obj:${number}`] : [],
  )
}

/** The record of the thought that a transaction was. */
function cyclesOf(kernel: Kernel, cycle: unknown) {
  if (typeof cycle !== 'string') return []
  const transaction = kernel.image.begin({ user: 'kernel' })
  const ref = transaction.tree(transaction.get(kernel.world.cycles).get('by_id') as TreeRef).get(cycle)
  transaction.abort()
  return ref instanceof Ref ? [ref.oid] : []
}

function lastOf(kernel: Kernel, user: string): Tid {
  const undone = new Set<unknown>()
  for (const record of kernel.image.transactions({ reverse: true })) {
    const kind = kindOf(record)
    if (kind === 'undo') undone.add(record.meta.undoes)
    else if (record.user === user && OF_USERS.has(kind) && !undone.has(record.tid)) return record.tid
  }
  throw new BatError('E_NOTHING_TO_UNDO', { user })
}

const kindOf = (record: TransactionRecord): string => String(record.meta.kind ?? '')
