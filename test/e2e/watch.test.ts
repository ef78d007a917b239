import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { numberOf, tidOf } from '../../src/base/ids.ts'
import type { Change } from '../../src/protocol/messages.ts'
import { watch } from '../../src/protocol/watch.ts'
import { batos } from '../console/fixtures/home.ts'
import { type Daemon, say, startDaemon, until } from './daemon.ts'

let daemon: Daemon
before(async () => {
  daemon = await startDaemon()
})
after(() => daemon.stop())

const setTo = async (count: number) => void (await say(daemon.client(), `genesis.count = ${count}`))

it('tells a watcher every transaction once and in order, over kill -9 and what was done meanwhile', {
  timeout: 600_000,
}, async () => {
  const seen: Change[] = []
  const ending = new AbortController()
  await setTo(0)
  const watching = watch(daemon.client(), {
    since: tidOf(0),
    signal: ending.signal,
    onChange: (change) => seen.push(change),
  })
  const saw = (text: string) => until(() => seen.some(({ description }) => description.includes(text)))
  await saw('genesis.count = 0')
  for (const round of [1, 2]) {
    await setTo(round)
    await daemon.kill('SIGKILL')
    // done while the watcher has no kernel to hear it from
    if (round === 1) await batos(daemon.home, ['undo'])
    await daemon.restart()
    await setTo(round + 10)
    await saw(`genesis.count = ${round + 10}`)
  }
  const tids = seen.map(({ transaction }) => numberOf(transaction))
  assert.deepEqual(
    tids,
    tids.map((_, i) => i + 1),
  )
  assert.equal(seen.filter(({ what }) => what === 'undo').length, 1)
  ending.abort()
  await assert.rejects(watching, { code: 'E_ABORTED' })
})

it('refuses to go on from a transaction that is not there', async () => {
  await assert.rejects(watch(daemon.client(), { since: tidOf(9999) }), { code: 'E_NO_TRANSACTION' })
})
