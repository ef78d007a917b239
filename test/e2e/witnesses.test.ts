import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Method, PlainObject } from '../../src/base/value.ts'
import type { Client } from '../../src/protocol/client.ts'
import { type Daemon, say, startDaemon, until } from './daemon.ts'

describe('the witnesses of a method', { timeout: 600_000 }, () => {
  let daemon: Daemon
  let client: Client
  before(async () => {
    daemon = await startDaemon({ cycles: { tries: 2 } })
    client = daemon.client()
    await say(client, "genesis clone_as: 'robot'")
    await client.request({ command: 'policy', target_oid: 'robot', options: { policy: 'propose' } })
    await teach('robot double: 4 => 8', 'function double_(self, a) { return a * 2 }')
    await teach(
      'robot triple: 3 => 9',
      'async function triple_(self, a) { return a + (await self.double_(a)) }',
    )
  })
  after(() => daemon.stop())

  /** Applies a text of ours instead of the one that the mind proposes for a message. */
  async function teach(line: string, source: string): Promise<void> {
    await say(client, `${line} !`).catch(() => {}) // it is proposed
    const inbox = (await client.request({ command: 'proposals', options: {} })) as readonly PlainObject[]
    const proposal = String(inbox.at(-1)!.proposal)
    await client.request({ command: 'proposals', options: { action: 'apply', proposal, source } })
  }
  const triple = async () => {
    const mission_brief = { selector: 'triple_' }
    const found = await client.request({ command: 'inspect', target_oid: 'robot', mission_brief })
    return (found as { value: Method }).value
  }

  it('are run again when a method that it sends has changed: it is stale, and a mission is to mend it', async () => {
    assert.equal(await say(client, 'robot triple: 5'), 15)
    await teach('robot double: 4 => 8', 'function double_(self, a) { return a + 4 }')
    await until(async () => (await triple()).provenance.state === 'stale')
    assert.equal(await say(client, 'robot triple: 5'), 14)
    await until(async () =>
      (await daemon.audit()).some(({ event_data }) =>
        String(event_data.mission).startsWith('robot triple: 3 => 9'),
      ),
    )
  })

  it('pass again when the change is taken back', async () => {
    await teach('robot double: 4 => 8', 'function double_(self, a) { return a * 2 }')
    await until(async () => (await triple()).provenance.state === 'provisional')
    assert.equal(await say(client, 'robot triple: 5'), 15)
  })

  it('are run on all that would inherit a method before it is promoted to a parent', async () => {
    const promote = (selector: string) => say(client, `robot promote: '${selector}' to: traits`)
    await assert.rejects(promote('triple:'), {
      code: 'E_PROMOTION',
      message: /1 of 2 that would inherit it fail; on genesis it sends double_/,
    })
    await assert.rejects(promote('halve:'), { code: 'E_PROMOTION', message: /it has no method of that name/ })
    await assert.rejects(say(client, "robot promote: 'triple:' to: genesis"), {
      message: /it delegates to traits, and to nothing else/,
    })
    assert.deepEqual(await promote('double:'), {
      selector: 'double_',
      holder: 'traits',
      receivers: 2,
      tried: 2,
      own: 0,
    })
    assert.deepEqual(await promote('triple:'), {
      selector: 'triple_',
      holder: 'traits',
      receivers: 2,
      tried: 2,
      own: 0,
    })
    assert.equal(await say(client, 'genesis triple: 5'), 15)
  })
})
