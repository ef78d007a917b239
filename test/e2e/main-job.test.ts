import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Method } from '../../src/base/value.ts'
import { mapOf } from '../../src/console/value-map.ts'
import { ask, type Daemon, say, startDaemon } from './daemon.ts'

describe('the main job', { timeout: 600_000 }, () => {
  let daemon: Daemon
  before(async () => {
    daemon = await startDaemon()
  })
  after(() => daemon.stop())

  it('writes a method for a message that nothing understands, and answers the message', async () => {
    const seen: string[] = []
    const result = await ask(daemon.client(), 'genesis double: 4 => 8', (event) => {
      seen.push(
        event.kind === 'status'
          ? event.event.kind === 'state'
            ? event.event.to
            : event.event.kind
          : event.kind,
      )
    })
    assert.equal(result.value, 8)
    assert.equal(seen[0], 'accepted')
    const states = seen.filter((word) => word === word.toUpperCase())
    assert.deepEqual(
      [...new Set(states)],
      ['DECOMPOSING', 'DELEGATING', 'SYNTHESIZING', 'VALIDATING', 'COMPLETE'],
    )
    assert.ok(['plan', 'facet', 'draft', 'verdict', 'trial', 'commit'].every((kind) => seen.includes(kind)))
  })

  it('answers the same message as plain code afterwards, with no model call', async () => {
    const calls = async () =>
      (await daemon.audit()).filter(({ event_type }) => event_type === 'LLM_CALL').length
    const before = await calls()
    const client = daemon.client()
    assert.equal(await say(client, 'genesis double: 21'), 42)
    assert.equal(await say(client, 'genesis double: 1.5'), 3)
    await client.request({ command: 'audit', options: { limit: 1 } })
    assert.equal(await calls(), before)
  })

  it('asks the model again from the audit trail alone, and has the same answers', async () => {
    const client = daemon.client()
    const calls = (await daemon.audit()).filter(({ event_type }) => event_type === 'LLM_CALL')
    const replay = async (id: string) => {
      const options = { task: 'replay', settings: { id } }
      const { result } = mapOf(await client.request({ command: 'maintain', options }))
      return result as unknown as { same: boolean; calls: { same: boolean; now: string; recorded: string }[] }
    }
    const { same, calls: again } = await replay(calls[0]!.cycle_id)
    assert.equal(again.length, calls.length)
    assert.ok(same, JSON.stringify(again))
    assert.deepEqual(
      again.map(({ now }) => now),
      calls.map(({ event_data }) => event_data.llm_response_raw),
    )
    assert.equal((await replay(calls.at(-1)!.event_id)).calls.length, 1)
    await assert.rejects(replay('nothing'), { code: 'E_NO_CALL' })
  })

  it('answers a greeting without an example', async () => {
    assert.match(String(await say(daemon.client(), "genesis greet: 'Ada'")), /Ada/)
  })

  it('sets and shows a slot, and writes a method that changes it and keeps the covenant', async () => {
    const client = daemon.client()
    assert.equal(await say(client, 'genesis.count = 3'), 3)
    assert.equal(await say(client, 'genesis.count'), 3)
    assert.equal(await say(client, 'genesis increment_by: 2 => 5'), 5)
    assert.equal(await say(client, 'genesis.count'), 5)
    assert.equal(await say(client, 'genesis increment_by: 10'), 15)
  })

  it('shows the code with its provenance', async () => {
    const shown = (await daemon.client().request({
      command: 'inspect',
      target_oid: 'genesis',
      mission_brief: { selector: 'double_' },
    })) as { value: Method }
    const { source, provenance } = shown.value
    assert.match(source, /^function double_\(self, a\)/)
    assert.match(String(provenance.model), /^[0-9a-f]{64}$/)
    assert.match(provenance.cycle, /^[0-9a-f-]{36}$/)
    assert.deepEqual(provenance.witnesses[0]?.args, [4])
    assert.equal(provenance.witnesses[0]?.expected, 8)
  })

  it('keeps what it learned over a restart and over kill -9', async () => {
    await daemon.kill('SIGTERM')
    await daemon.restart()
    assert.equal(await say(daemon.client(), 'genesis double: 5'), 10)
    await daemon.kill('SIGKILL')
    await daemon.restart()
    assert.equal(await say(daemon.client(), 'genesis double: 6'), 12)
    assert.equal(await say(daemon.client(), 'genesis.count'), 15)
  })

  it('takes a method back, and writes it anew when it is next needed', async () => {
    const client = daemon.client()
    assert.equal(await say(client, 'genesis triple: 3 => 9'), 9)
    await client.request({ command: 'undo' })
    const { understands } = (await client.request({
      command: 'inspect',
      target_oid: 'genesis',
    })) as unknown as {
      understands: { selector: string }[]
    }
    assert.ok(!understands.some(({ selector }) => selector === 'triple_'))
    assert.ok(understands.some(({ selector }) => selector === 'double_'))
    const { cycle, value } = await ask(client, 'genesis triple: 5 => 15')
    assert.equal(value, 15)
    assert.ok(cycle)
  })

  it('gives two clients their own answers', async () => {
    const [one, two] = [daemon.client(), daemon.client()]
    const answers = await Promise.all([
      ...Array.from({ length: 50 }, (_, i) => say(one, `genesis double: ${i}`)),
      ...Array.from({ length: 50 }, (_, i) => say(two, `genesis double: ${1000 + i}`)),
    ])
    assert.deepEqual(answers, [
      ...Array.from({ length: 50 }, (_, i) => 2 * i),
      ...Array.from({ length: 50 }, (_, i) => 2000 + 2 * i),
    ])
  })

  it('asks about a selector that is one slip away, and writes it when told to', async () => {
    const client = daemon.client()
    await assert.rejects(say(client, "genesis grete: 'Ada'"), { code: 'E_NEAR_MISS', message: /greet:/ })
    assert.match(String(await say(client, "genesis grete: 'Ada' ! # say hello to the name")), /Ada/)
  })

  it('refuses an answer that is not the one expected, and changes nothing', async () => {
    const client = daemon.client()
    const before = await say(client, 'genesis.count')
    await assert.rejects(say(client, 'genesis increment_by: 1 => 1000'), { code: 'E_EXPECTATION' })
    assert.equal(await say(client, 'genesis.count'), before)
  })

  it("leaves the kernel's own objects alone", async () => {
    const client = daemon.client()
    await assert.rejects(say(client, 'orchestrator.frozen = []'), { code: 'E_FROZEN' })
    await assert.rejects(say(client, 'states frobnicate: 3'), { code: 'E_FROZEN' })
  })

  it('thinks twice at once about one object, and does over what the other overtook', async () => {
    const client = daemon.client()
    const lines = ['genesis triple: 4 => 12', 'genesis half_of: 8 => 4']
    assert.deepEqual(await Promise.all(lines.map((line) => say(client, line))), [12, 4])
    assert.equal(await say(client, 'genesis triple: 5'), 15)
  })
})
