import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { BatError } from '../../src/base/errors.ts'
import { Method, type PlainObject, type Value } from '../../src/base/value.ts'
import type { Client } from '../../src/protocol/client.ts'
import { type Daemon, say, startDaemon } from './daemon.ts'

const KILLS = 40

/** What an object holds, and how many cycles committed something to it. */
async function stateOf(
  client: Client,
  name: string,
): Promise<{ cycles: number; method?: Method; count: Value }> {
  const history = (await client.request({ command: 'history', target_oid: name })) as unknown as {
    kind: string
  }[]
  const { slots } = (await client.request({ command: 'inspect', target_oid: name })) as unknown as {
    slots: PlainObject
  }
  const method = slots.increment_by_
  return {
    cycles: history.filter(({ kind }) => kind === 'cycle').length,
    count: slots.count!,
    ...(method instanceof Method ? { method } : {}),
  }
}

describe('kill -9', { timeout: 600_000 }, () => {
  let daemon: Daemon
  before(async () => {
    daemon = await startDaemon()
  })
  after(() => daemon.stop())

  it(`of the kernel at ${KILLS} moments of running cycles loses nothing acknowledged and does nothing twice`, async () => {
    const client = daemon.client()
    let written = 0
    for (let round = 0; round < KILLS; round++) {
      const names = ['a', 'b'].map((letter) => `o${round}${letter}`)
      for (const name of names) {
        await say(client, `genesis clone_as: '${name}'`)
        await say(client, `${name}.count = 3`)
      }
      const answers = names.map((name) =>
        say(client, `${name} increment_by: 2 => 5`).catch((thrown: BatError) => thrown.code),
      )
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 600))
      await daemon.kill()
      await daemon.restart()
      for (const [index, answer] of (await Promise.all(answers)).entries()) {
        const name = names[index]!
        assert.ok(answer === 5 || answer === 'E_NOT_WRITTEN', `${name} was answered ${String(answer)}`)
        const { cycles, method, count } = await stateOf(client, name)
        assert.equal(
          cycles,
          answer === 5 ? 1 : 0,
          `${name} was answered ${String(answer)} after ${cycles} commits`,
        )
        assert.equal(method !== undefined, answer === 5)
        assert.equal(count, method?.source.includes('_p_changed') ? 5 : 3)
        if (method) written++
      }
    }
    assert.ok(written >= KILLS, `only ${written} of ${2 * KILLS} methods were written`)
    const { running } = (await client.request({ command: 'ping' })) as unknown as { running: number }
    assert.equal(running, 0)
  })

  it('of the inference process leaves the kernel alive; the running cycle goes on with a new one', async () => {
    const client = daemon.client()
    const { mind } = (await client.request({ command: 'ping' })) as unknown as { mind: { pid: number } }
    const answer = say(client, 'genesis triple: 3 => 9')
    process.kill(mind.pid, 'SIGKILL')
    assert.equal(await answer, 9)
    assert.equal(await say(client, 'genesis triple: 4'), 12)
  })
})
