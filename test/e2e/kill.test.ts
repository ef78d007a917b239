import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { BatError } from '../../src/base/errors.ts'
import { type Daemon, say, startDaemon } from './daemon.ts'

const KILLS = 40

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
        await say(client, `${name}.count = 0`)
      }
      const answers = names.map((name) =>
        say(client, `${name} increment_by: 1 => 1`).catch((thrown: BatError) => thrown.code),
      )
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 500))
      await daemon.kill()
      await daemon.restart()
      for (const [index, answer] of (await Promise.all(answers)).entries()) {
        const name = names[index]!
        const count = await say(client, `${name}.count`)
        assert.ok(answer === 1 || answer === 'E_NOT_WRITTEN', `${name} was answered ${String(answer)}`)
        assert.equal(
          count,
          answer === 1 ? 1 : 0,
          `${name} counted ${String(count)} and was answered ${String(answer)}`,
        )
        if (answer !== 1) continue
        written++
        assert.equal(await say(client, `${name} increment_by: 4`), 5)
      }
    }
    assert.ok(written >= KILLS, `only ${written} of ${2 * KILLS} methods were written`)
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
