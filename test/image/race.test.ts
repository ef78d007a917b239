import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import type { Oid } from '../../src/base/ids.ts'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { freshImage } from './fresh-image.ts'

const ACCOUNTS = 5
const SUM = ACCOUNTS * 100

test('keeps the sum of all accounts under concurrent transfers, for every reader at every moment', async (t) => {
  const kept = await freshImage(t, { cacheObjects: 3 })
  const accounts: Oid[] = []
  for (let i = 0; i < ACCOUNTS; i++) accounts.push(await kept.make(`account ${i}`, { money: 100 }))
  const [random] = fc.sample(fc.infiniteStream(fc.nat()), 1)
  const next = (below: number) => (random!.next().value as number) % below
  const sum = (at = kept.begin()) =>
    accounts.reduce((total, oid) => total + (at.get(oid).get('money') as number), 0)

  let running = 8
  const transfer = async () => {
    for (let i = 0; i < 40; i++) {
      await kept.image.transact(
        { user: 'bank' },
        async (transaction) => {
          const [from, to] = [accounts[next(ACCOUNTS)]!, accounts[next(ACCOUNTS)]!]
          const amount = next(50)
          const giver = transaction.get(from)
          giver.set('money', (giver.get('money') as number) - amount)
          if (next(2) === 0) await setImmediate()
          const taker = transaction.get(to)
          taker.set('money', (taker.get('money') as number) + amount)
        },
        { tries: 1000 },
      )
    }
    running--
  }
  const check = async () => {
    while (running > 0) {
      const view = kept.begin()
      const [first, ...rest] = accounts
      const money = view.get(first!).get('money') as number
      await setImmediate()
      const total = rest.reduce((so, oid) => so + (view.get(oid).get('money') as number), money)
      assert.equal(total, SUM)
      view.abort()
    }
  }
  await Promise.all([...Array.from({ length: 8 }, transfer), check(), check()])
  assert.equal(sum(), SUM)
  for (const { tid } of kept.image.transactions({ from: 'tx:5' })) {
    const view = kept.image.at(tid)
    assert.equal(
      accounts.reduce((total, oid) => total + (view.get(oid).get('money') as number), 0),
      SUM,
    )
  }
})

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
