import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { BatError } from '../../src/base/errors.ts'
import type { Method, PlainObject } from '../../src/base/value.ts'
import type { Client } from '../../src/protocol/client.ts'
import { type Daemon, say, startDaemon, until } from './daemon.ts'

const refusal = (work: Promise<unknown>): Promise<BatError> =>
  work.then(
    () => assert.fail('it was not refused'),
    (thrown: BatError) => thrown,
  )

describe('the policy on new methods', { timeout: 600_000 }, () => {
  let daemon: Daemon
  let client: Client
  before(async () => {
    daemon = await startDaemon()
    client = daemon.client()
    await say(client, "genesis clone_as: 'robot'")
  })
  after(() => daemon.stop())

  const set = (policy: 'auto' | 'propose' | 'off', target_oid: string) =>
    client.request({ command: 'policy', target_oid, options: { policy } })
  const inbox = async () =>
    (await client.request({ command: 'proposals', options: {} })) as readonly PlainObject[]
  const decide = (action: 'apply' | 'reject' | 'quarantine', proposal: string, source?: string) =>
    client.request({ command: 'proposals', options: { action, proposal, ...(source ? { source } : {}) } })
  const method = async (selector: string) => {
    const mission_brief = { selector }
    const found = await client.request({ command: 'inspect', target_oid: 'robot', mission_brief })
    return (found as { value: Method }).value
  }

  it('is inherited, and off has no method written', async () => {
    await set('off', 'traits')
    const error = await refusal(say(client, 'robot double: 4 => 8'))
    assert.equal(error.code, 'E_POLICY_OFF')
    await set('auto', 'traits')
  })

  it('propose puts a method that passed into the inbox, where it survives a restart until it is applied', async () => {
    await set('propose', 'robot')
    const error = await refusal(say(client, 'robot double: 4 => 8'))
    assert.equal(error.code, 'E_PROPOSED')
    await daemon.kill('SIGKILL')
    await daemon.restart()
    client = daemon.client()
    const [proposal, ...rest] = await inbox()
    assert.equal(rest.length, 0)
    assert.equal(proposal!.selector, 'double_')
    await decide('apply', String(proposal!.proposal))
    assert.equal(await say(client, 'robot double: 21'), 42)
    assert.deepEqual(await inbox(), [])
  })

  it('a proposal whose slot has changed since is stale, one that is rejected is gone, one in quarantine stays', async () => {
    for (const _ of [1, 2]) await refusal(say(client, 'robot triple: 3 => 9 !'))
    const [first, second] = (await inbox()).map(({ proposal }) => String(proposal))
    await decide('apply', first!)
    assert.equal((await refusal(decide('apply', second!))).code, 'E_PROPOSAL_STALE')
    await decide('quarantine', second!)
    assert.equal((await inbox())[0]!.quarantined, true)
    await decide('reject', second!)
    assert.deepEqual(await inbox(), [])
    assert.equal((await refusal(decide('reject', second!))).code, 'E_NO_PROPOSAL')
  })

  it('a text of the user instead of the one proposed is audited and tried like any other', async () => {
    await refusal(say(client, 'robot halve: 8 => 4'))
    const proposal = String((await inbox())[0]!.proposal)
    const refused = await refusal(decide('apply', proposal, 'function halve_(self, a) { return foo / 2 }'))
    assert.equal(refused.code, 'E_PROPOSAL_REFUSED')
    const wrong = await refusal(decide('apply', proposal, 'function halve_(self, a) { return a / 3 }'))
    assert.equal(wrong.code, 'E_PROPOSAL_STALE')
    await decide('apply', proposal, 'function halve_(self, a) { return a * 0.5 }')
    assert.equal(await say(client, 'robot halve: 5'), 2.5)
    assert.equal((await method('halve_')).provenance.author, 'user')
  })

  it('a method is provisional until it has answered often enough', async () => {
    assert.equal((await method('double_')).provenance.state, 'provisional')
    for (let i = 0; i < 10; i++) await say(client, `robot double: ${i}`)
    await until(async () => (await method('double_')).provenance.state === 'active')
  })
})
