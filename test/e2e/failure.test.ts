import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { BatError } from '../../src/base/errors.ts'
import { type Daemon, say, startDaemon } from './daemon.ts'

const impossible = 'genesis blorf: 3 => [{"q": [1, {"zz": "no such thing"}]}]'

describe('a thought that fails', { timeout: 600_000 }, () => {
  let daemon: Daemon
  before(async () => {
    daemon = await startDaemon({ cycles: { tries: 3 } })
  })
  after(() => daemon.stop())

  it('ends in a clear error that asks for an intent, and leaves the image as it was', async () => {
    const client = daemon.client()
    const before = await client.request({ command: 'inspect', target_oid: 'genesis' })
    const error = await say(client, impossible).then(
      () => assert.fail('it was answered'),
      (thrown: BatError) => thrown,
    )
    assert.equal(error.code, 'E_NOT_WRITTEN')
    assert.match(String(error.remedy), /# in your own words/)
    assert.doesNotMatch(String(error.remedy), /give an example/)
    assert.match(String(error.remedy), /batos model pull llama-3\.1-8b --use/)
    assert.deepEqual(await client.request({ command: 'inspect', target_oid: 'genesis' }), before)
  })

  it('has its whole story in the audit trail', async () => {
    const events = await daemon.audit()
    const drafts = events.filter(
      ({ event_data }) => event_data.attempt !== undefined && event_data.artifact !== undefined,
    )
    assert.equal(drafts.length, 3)
    assert.ok(events.some(({ event_type }) => event_type === 'VALIDATION_FAILURE'))
    const last = events.at(-1)!
    assert.equal(last.event_type, 'ABORT')
    assert.equal(last.final_outcome, 'FAILED')
    assert.ok(
      events.some(
        ({ event_type, event_data }) =>
          event_type === 'LLM_CALL' && (event_data.llm_prompt ?? '').includes('blorf: 3'),
      ),
    )
  })
})

describe('a thought that takes too long', { timeout: 600_000 }, () => {
  let daemon: Daemon
  before(async () => {
    daemon = await startDaemon({ cycles: { tries: 64, timeoutMs: 1000 } })
  })
  after(() => daemon.stop())

  it('ends at its limit, and says what helps', async () => {
    await assert.rejects(say(daemon.client(), impossible), (thrown: BatError) => {
      assert.equal(thrown.code, 'E_CYCLE_TIMEOUT')
      assert.match(thrown.message, /longer than 1000 ms/)
      assert.match(String(thrown.remedy), /# in your own words.*batos model pull llama-3\.1-8b --use/)
      return true
    })
  })
})
