import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { BatError } from '../../src/base/errors.ts'
import { parseMessage } from '../../src/base/notation.ts'
import type { Method, Value } from '../../src/base/value.ts'
import { approving, bodyOf } from '../../src/console/requests.ts'
import type { Client } from '../../src/protocol/client.ts'
import { type Daemon, startDaemon } from './daemon.ts'

type Word = { readonly verdict: 'good' | 'bad'; readonly comment?: string }

/** Sends a message in approve mode and gives one word after the other to what is proposed. */
async function propose(client: Client, line: string, words: readonly Word[]): Promise<Value> {
  const left = [...words]
  return client.request(approving(bodyOf(parseMessage(line))), {
    onEvent: (told) => {
      if (told.kind !== 'status' || told.event.kind !== 'proposal') return
      void client.request({ command: 'feedback', options: { cycle: told.cycle, ...left.shift()! } })
    },
  })
}

describe('approve mode', { timeout: 600_000 }, () => {
  let daemon: Daemon
  let client: Client
  before(async () => {
    daemon = await startDaemon()
    client = daemon.client()
  })
  after(() => daemon.stop())

  const genesis = () => client.request({ command: 'inspect', target_oid: 'genesis' })

  it('commits nothing when the method is not wanted', async () => {
    const before = await genesis()
    const error = await propose(client, 'genesis double: 4 => 8', [{ verdict: 'bad' }]).then(
      () => assert.fail('it was answered'),
      (thrown: BatError) => thrown,
    )
    assert.equal(error.code, 'E_NOT_APPROVED')
    assert.deepEqual(await genesis(), before)
  })

  it('gives the mind what the user says should be different, and installs what is then found good', async () => {
    const words = [{ verdict: 'bad', comment: 'a plus 1' }, { verdict: 'good' }] as const
    await propose(client, 'genesis snorkle: 4', words)
    const calls = (await daemon.audit()).filter(({ event_data }) =>
      (event_data.llm_prompt ?? '').includes('snorkle: 4'),
    )
    assert.ok(!calls[0]!.event_data.llm_prompt!.includes('a plus 1'))
    assert.ok(calls.at(-1)!.event_data.llm_prompt!.includes('note a plus 1'))
    const found = (await client.request({
      command: 'inspect',
      target_oid: 'genesis',
      mission_brief: { selector: 'snorkle_' },
    })) as { value: Method }
    assert.equal(found.value.provenance.intent, 'a plus 1')
  })
})
