// Looks for damage and names each fault it finds: every record's checksum and form; transactions against the revisions and
// entries they list, both ways; counts of Trees; references, with the path of who refers; blobs, their records, files and
// bytes; what is left over.
//
// It looks at one moment, the newest when it began, which its caller keeps from being packed: what is younger is none of its
// business, and what it looks at does not change while others commit, so that it raises no false alarm. It works in turns of
// a few milliseconds, each of which any of the steps below may end.
import type { Tid } from '../base/ids.ts'
import type { Progress } from '../base/progress.ts'
import { takeTurns } from '../base/turns.ts'
import type { Table } from './keyspace.ts'
import { checkBlobs } from './verify/blobs.ts'
import { checkEntries } from './verify/entries.ts'
import { Look, type Verified } from './verify/look.ts'
import { checkMeta } from './verify/meta.ts'
import { checkRevisions } from './verify/revisions.ts'
import type { Fault, Steps } from './verify/steps.ts'
import { checkStrangers } from './verify/strangers.ts'
import { checkTransactions } from './verify/transactions.ts'
import { checkValues } from './verify/values.ts'

export type { Verified } from './verify/look.ts'
export type { Fault } from './verify/steps.ts'

export interface VerifyOptions {
  /** Whether the bytes of blobs are read and hashed; they are unless said otherwise. */
  readonly deep?: boolean
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: Progress) => void
}

export interface Verification {
  /** Whether nothing is damaged; what is merely left over is not counted. */
  readonly ok: boolean
  /** The moment that was looked at. */
  readonly head: Tid
  /** How many records each table has. */
  readonly records: Readonly<Record<Table, number>>
  readonly faults: readonly Fault[]
}

const phases: readonly (readonly [string, (look: Look) => Steps])[] = [
  ['meta records', checkMeta],
  ['transactions', checkTransactions],
  ['revisions', checkRevisions],
  ['shared values', checkValues],
  ['entries', checkEntries],
  ['records without a transaction', checkStrangers],
]

/** Each fault as it is found. Throws the reason of `signal`. */
export async function* verifyImage(
  image: Verified,
  { deep = true, signal, onProgress = () => {} }: VerifyOptions = {},
): AsyncGenerator<Fault, void, undefined> {
  const look = new Look(image)
  const turn = takeTurns()
  for (const [what, check] of phases) {
    signal?.throwIfAborted()
    look.done = 0
    for (const step of check(look)) {
      if (step) yield step
      const others = turn()
      if (!others) continue
      onProgress({ what, done: look.done, total: look.total })
      await others
      signal?.throwIfAborted()
    }
  }
  yield* checkBlobs(look, { deep, signal, onProgress })
}
