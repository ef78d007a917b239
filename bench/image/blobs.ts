// A large blob, streamed in: with an fsync behind it and without, and how much more memory it takes. ZODB's figures are
// without any fsync.
import { type Row, row } from '../result.ts'
import { ms, onImage, user } from './scratch.ts'

const PIECE = Buffer.alloc(1 << 20, 'batos')

export async function blobRows(megabytes: number): Promise<Row[]> {
  const before = process.memoryUsage.rss()
  let most = before
  const speed = (durable: boolean) =>
    onImage({ durable }, async (image) => {
      const took = await ms(() =>
        image.transact({ user }, async (transaction) => {
          transaction.root.set('blob', await transaction.importBlob(pieces()))
        }),
      )
      return (megabytes / took) * 1000
    })
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < megabytes; i++) {
      PIECE.writeUInt32BE(i)
      yield PIECE
      most = Math.max(most, process.memoryUsage.rss())
    }
  }
  const [synced, unsynced] = [await speed(true), await speed(false)]
  const growth = (most - before) / 2 ** 20
  return [
    row(
      `blob of ${megabytes} MiB, synced, MB/s (ZODB 1,000 to 1,500, not synced)`,
      synced,
      1000,
      'told, not judged',
      () => true,
    ),
    row('the same, not synced', unsynced, 1000, 'told, not judged', () => true),
    row('the same, MiB more memory', growth, 64, 'under 64', ({ ours }) => ours < 64),
  ]
}
