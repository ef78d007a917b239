// How an image of an older format comes to the present one: before it is opened, step by step from one format to the next,
// each step in slices of some records. The record `migration` of the table `meta` says how far it has come: a plain object
// {to, after}, the format being made and the key up to which records are converted. It is written with each slice, in the
// same transaction, so that a process that is killed loses nothing and the next goes on behind it. The first thing a step
// writes is the new format and the program that it needs, so that an older program keeps its hands off what is half done.
import { setImmediate } from 'node:timers/promises'
import { toFormat2 } from './format-2.ts'
import { FORMAT, type Identity, stamp } from './identity.ts'
import type { Key, Table } from './keyspace.ts'
import { metaOf, putMeta, removeMeta } from './meta.ts'
import type { Row, Store, Writer } from './store.ts'

export interface FormatStep {
  /** The oldest program that may write the new format. */
  readonly writer: string
  /** The table to go through. */
  readonly table: Table
  /** Writes what one record becomes; of what is written already it makes the same again. */
  convert(store: Store, row: Row, writer: Writer): void
  /** What is left to do behind the last record; may come twice. */
  finish(store: Store): void
}

export interface MigrationProgress {
  readonly from: number
  readonly to: number
  /** Records converted by this process, of how many there are. */
  readonly done: number
  readonly total: number
}

/** The step that makes each format of the one before. */
const steps: Readonly<Record<number, FormatStep>> = { 2: toFormat2 }
const SLICE = 64
const BEHIND_ALL: Key = Buffer.alloc(64, 0xff)

/** Brings the image to FORMAT, or does nothing when it is of it. */
export async function migrateFormat(
  store: Store,
  { id, format }: Identity,
  onProgress: (progress: MigrationProgress) => void = () => {},
): Promise<void> {
  const begun = placeOf(store)
  for (let to = begun?.to ?? format + 1; to <= FORMAT; to++) {
    const step = steps[to]!
    let after = begun?.to === to ? begun.after : undefined
    if (!after) {
      after = Buffer.alloc(0)
      store.write((writer) => {
        stamp(writer, { id, format: to, writer: step.writer })
        mark(writer, { to, after: Buffer.alloc(0) })
      })
    }
    let done = 0
    for (;;) {
      const rows = store.page(step.table, { from: behind(after), to: BEHIND_ALL, limit: SLICE })
      const last = rows.at(-1)
      if (!last) break
      after = last.key
      store.write((writer) => {
        for (const row of rows) step.convert(store, row, writer)
        mark(writer, { to, after: last.key })
      })
      done += rows.length
      onProgress({ from: to - 1, to, done, total: store.sizeOf(step.table).records })
      await setImmediate()
    }
    step.finish(store)
    store.write((writer) => removeMeta(writer, 'migration'))
  }
}

interface Place {
  readonly to: number
  readonly after: Uint8Array
}

const placeOf = (store: Store): Place | undefined =>
  metaOf(store, 'migration') as unknown as Place | undefined

const mark = (writer: Writer, { to, after }: Place): void => putMeta(writer, 'migration', { to, after })

/** The least key greater than `key`. */
const behind = (key: Uint8Array): Key => Buffer.concat([key, Buffer.alloc(1)])
