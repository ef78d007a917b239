// Commits, one group after the other. Requests that come in while a group is being written wait, and are written together
// as the next one, in one transaction of the store with one fsync behind it. The writing is done away from this thread, so
// that a slow disk keeps nobody from working; a request is answered when its group is on the disk.
import { setImmediate } from 'node:timers/promises'
import { BatError } from '../base/errors.ts'
import type { Oid } from '../base/ids.ts'
import { type Turn, takeTurns } from '../base/turns.ts'
import type { BlobRef, PlainObject, Value } from '../base/value.ts'
import type { Resolver } from './conflict-resolvers.ts'
import type { Head } from './head.ts'
import type { Digest } from './lazy-slots.ts'
import type { TransactionRecord } from './transaction-record.ts'
import type { EntryChanges } from './view.ts'
import { writeFailure } from './write-failure.ts'
import { type Committed, type Outcome, WriteGroup } from './write-group.ts'

/** The state that a transaction gives an object or a Tree. */
export type Draft =
  | {
      readonly kind: 'object'
      readonly slots: Map<string, Value>
      readonly created: boolean
      readonly generation: number
    }
  /** `count`: how many entries it has already, where it was taken away and is there again. */
  | { readonly kind: 'tree'; readonly created: boolean; readonly count: number }
  | { readonly kind: 'gone'; readonly created: boolean }

export interface CommitRequest {
  /** The number of the snapshot. */
  readonly moment: number
  readonly user: string
  readonly description: string
  readonly meta: PlainObject
  readonly drafts: ReadonlyMap<Oid, Draft>
  readonly entries: ReadonlyMap<Oid, EntryChanges>
  readonly currentReads: ReadonlySet<Oid>
  readonly blobs: readonly BlobRef[]
  /** What the values refer to that it puts in. */
  readonly referred: ReadonlySet<Oid>
  /** The refusal of an oid among these that stands for nothing; undefined where nothing refers to it any more. */
  readonly danglingAt: (missing: Oid, turn: Turn) => Promise<BatError | undefined>
  /** What settles conflicts over an object, as the transaction sees it. */
  readonly resolverOf: (oid: Oid) => Resolver | undefined
}

interface Waiting {
  readonly request: CommitRequest
  readonly resolve: (tid: number) => void
  readonly reject: (error: unknown) => void
}

/** Is told of each transaction as soon as it is committed. */
export type CommitListener = (record: TransactionRecord) => void

export interface CommitterOptions extends Committed {
  readonly dir: string
  readonly head: Head
  readonly onCommit?: CommitListener
}

export class Committer {
  readonly #options: CommitterOptions
  readonly #youngValues = new Set<Set<Digest>>()
  #head: Head
  #waiting: Waiting[] = []
  #work: Promise<void> | undefined
  #writing: Promise<void> | undefined
  #closed = false

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#head = options.head
  }

  /** The newest transaction that is on the disk. */
  get head(): Head {
    return this.#head
  }

  /** Answers the number of the new transaction once it is durable. Throws E_CONFLICT, E_PACKED_AWAY, E_DANGLING, E_DISK_FULL, E_IMAGE_WRITE. */
  commit(request: CommitRequest): Promise<number> {
    if (this.#closed) return Promise.reject(new BatError('E_IMAGE_CLOSED'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject })
      this.#work ??= this.#writeGroups()
    })
  }

  /** Adds each shared value that a commit refers to, before it is written, until the function that comes back is called. */
  noteValues(values: Set<Digest>): () => void {
    this.#youngValues.add(values)
    return () => void this.#youngValues.delete(values)
  }

  /** Waits for what is being checked and written now. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** Takes nothing more, and waits for what was asked for. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#work
  }

  async #writeGroups(): Promise<void> {
    do {
      await setImmediate() // those who ask in the same turn of the loop are written together
      this.#writing = this.#writeGroup(this.#waiting.splice(0))
      await this.#writing
    } while (this.#waiting.length > 0)
    this.#work = undefined
  }

  async #writeGroup(requests: readonly Waiting[]): Promise<void> {
    const group = new WriteGroup(this.#options, this.#head)
    const outcomes: Outcome[] = []
    try {
      for (const { request } of requests) outcomes.push(await group.take(request))
      for (const young of this.#youngValues) for (const digest of group.values) young.add(digest)
      if (group.puts.length > 0) await this.#options.store.putAll(group.puts)
    } catch (error) {
      const failure = writeFailure(error, this.#options.dir)
      for (const { reject } of requests) reject(failure)
      return
    }
    const turn = takeTurns()
    for (const [oid, revision] of group.fresh) {
      const pause = turn()
      if (pause) await pause
      this.#options.revisions.committed(oid, revision)
    }
    this.#head = group.head
    for (const { trees } of group.written) this.#options.entries.committed(trees)
    for (const [i, waiting] of requests.entries()) settle(waiting, outcomes[i]!)
    for (const record of group.written) this.#options.onCommit?.(record)
  }
}

function settle({ resolve, reject }: Waiting, outcome: Outcome): void {
  if ('refusal' in outcome) reject(outcome.refusal)
  else resolve(outcome.tid)
}
