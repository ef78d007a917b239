import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { integer, makeRandom, type Random } from '../../scripts/seed/random.ts'
import { BatError } from '../../src/base/errors.ts'
import { numberOf, tidOf } from '../../src/base/ids.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { freshImage, type TestImage } from './fresh-image.ts'
import { type RaceModel, raceModels } from './race-model.ts'

const CYCLES = 6
const STEPS = 20

for (const model of raceModels) {
  test(`${model.name}, for everybody at every moment, beside commits, undo and packs`, async (t) => {
    const kept = await freshImage(t, { cacheObjects: 3 })
    await kept.commit((transaction) => model.init(transaction))
    const random = makeRandom(7)
    let running = CYCLES
    const cycle = async () => {
      for (let i = 0; i < STEPS; i++) {
        const work = (transaction: ReturnType<TestImage['begin']>) => model.step(transaction, random)
        await kept.image.transact({ user: 'cycle' }, work, { tries: 1000 })
      }
      running--
    }
    const beside = async (work: () => Promise<unknown>) => {
      while (running > 0) {
        await work()
        await setImmediate()
      }
    }
    await Promise.all([
      ...Array.from({ length: CYCLES }, cycle),
      beside(() => lookNow(kept, model)),
      beside(() => lookBack(kept, model, random)),
      beside(() => undoNewest(kept)),
      beside(() => packLately(kept)),
    ])
    await lookNow(kept, model)
    await kept.reopen()
    await lookNow(kept, model)
    for (let i = 0; i < 10; i++) await lookBack(kept, model, random)
    assert.deepEqual(
      (await kept.image.verify()).faults.filter(({ harmless }) => !harmless),
      [],
    )
  })
}

/** In a transaction, so that no pack takes away what is looked at. */
async function lookNow(kept: TestImage, model: RaceModel): Promise<void> {
  const view = kept.begin()
  await model.look(view)
  view.abort()
}

async function lookBack(kept: TestImage, model: RaceModel, random: Random): Promise<void> {
  const tid = tidOf(integer(random, 1, numberOf(kept.image.head)))
  await unless(['E_PACKED'], () => model.look(kept.image.at(tid)))
}

async function undoNewest(kept: TestImage): Promise<void> {
  if (kept.image.head === 'tx:1') return
  const refusals = ['E_UNDO_CONFLICT', 'E_UNDO_NOTHING', 'E_CONFLICT', 'E_PACKED']
  await unless(refusals, () => kept.image.undo(kept.image.head, { user: 'undo' }))
}

const packLately = (kept: TestImage) =>
  kept.image.pack({ before: tidOf(Math.max(1, numberOf(kept.image.head) - 20)), rows: 10 })

/** Does `work`, which may be refused with one of `codes`. */
async function unless(codes: readonly string[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof BatError && codes.includes(error.code))) throw error
  }
}

test('shows a worker thread what was committed a moment ago, and any moment before', async (t) => {
  const kept = await freshImage(t, { durable: true })
  const oid = await kept.make('genesis', { count: 1 })
  const worker = new Worker(siblingModule(import.meta.url, './reading-worker'), { workerData: kept.dir })
  t.after(() => worker.terminate())
  const read = async (at: string) => {
    worker.postMessage([oid, at])
    const [count] = await once(worker, 'message')
    return count as unknown
  }
  for (let count = 2; count < 60; count++) {
    await kept.commit((transaction) => transaction.get(oid).set('count', count))
    assert.equal(await read(kept.image.head), count)
    assert.equal(await read('tx:1'), 1)
    assert.equal(await read(`tx:${count - 1}`), count - 1)
  }
  assert.equal(await read('tx:0'), undefined)
  await worker.terminate()
  await kept.commit((transaction) => transaction.get(oid).set('count', 0))
})
