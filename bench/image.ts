// The image: what a commit, an object, a read, a start cost; beside lmdb by itself, and beside ZODB.
import { blobRows } from './image/blobs.ts'
import { commitRows } from './image/commits.ts'
import { millionRows } from './image/million.ts'
import { bulkRows, inheritedRows } from './image/objects.ts'
import { packRows, pastRows } from './image/past.ts'
import { findZodb } from './image/zodb.ts'
import type { BenchOptions, Row } from './result.ts'

export async function* run({ quick }: BenchOptions): AsyncIterable<Row> {
  const zodb = findZodb()
  for (const part of [
    () => commitRows(quick ? 5 : 21, quick ? 40 : 100),
    () => bulkRows(quick ? 10_000 : 100_000, zodb),
    () => inheritedRows(quick ? 1e6 : 1e7),
    () => pastRows(quick ? 100 : 1000, zodb),
    () => packRows(quick ? 10_000 : 200_000, zodb),
    () => blobRows(quick ? 128 : 1024),
    () => millionRows(quick ? 7 : 16),
  ])
    yield* await part()
}
