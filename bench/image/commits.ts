// Commits of one small object each, beside lmdb putting the same bytes with the same durability, and beside a bare write
// and fsync of them: in turns, so that all three see the same disk.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import type { Image } from '../../src/image/image.ts'
import { median, type Row, row } from '../result.ts'
import { inFolder, onImage, rate, user } from './scratch.ts'

const RECORD = Buffer.alloc(154, 1)
const CLIENTS = 8

export async function commitRows(rounds: number, aRound: number): Promise<Row[]> {
  const [ours, together, lmdb, bare] = [[], [], [], []] as number[][] as [
    number[],
    number[],
    number[],
    number[],
  ]
  await onImage({}, (image) =>
    inFolder(async (dir) => {
      const root = open({ path: join(dir, 'raw'), overlappingSync: false, encoding: 'binary' })
      const file = openSync(join(dir, 'bare'), 'w')
      for (let round = 0; round < rounds; round++) {
        ours.push(await rate(aRound, () => commits(image, aRound)))
        lmdb.push(
          await rate(aRound, async () => {
            for (let i = 0; i < aRound; i++) await root.put(round * aRound + i, RECORD)
          }),
        )
        bare.push(
          await rate(aRound, () => {
            for (let i = 0; i < aRound; i++) {
              writeSync(file, RECORD)
              fsyncSync(file)
            }
          }),
        )
        const clients = Array.from({ length: CLIENTS }, () => commits(image, aRound))
        together.push(await rate(CLIENTS * aRound, () => Promise.all(clients).then(() => undefined)))
      }
      closeSync(file)
      await root.close()
    }),
  )
  const withoutSync = await onImage({ durable: false }, (image) =>
    rate(aRound * rounds, () => commits(image, aRound * rounds)),
  )
  const [alone, group] = [median(ours), median(together)]
  return [
    row('durable commits/s, beside lmdb', alone, median(lmdb), 'at least 0.6', ({ ratio }) => ratio >= 0.6),
    row(`the same, ${CLIENTS} at once, beside one`, group, alone, 'at least 3', ({ ratio }) => ratio >= 3),
    row(
      `the same, ${CLIENTS} at once, beside a bare write and fsync (ZODB, one: 0.62)`,
      group,
      median(bare),
      'at least 0.62',
      ({ ratio }) => ratio >= 0.62,
    ),
    row(
      'commits/s without sync (ZODB 15,000 to 23,000)',
      withoutSync,
      15_000,
      'told, not judged',
      () => true,
    ),
  ]
}

async function commits(image: Image, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await image.transact({ user }, (transaction) => {
      transaction.create({ name: 'an object of a benchmark', count: i, text: 'x'.repeat(60) })
    })
  }
}
