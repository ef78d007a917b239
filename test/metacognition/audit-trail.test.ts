import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import type { AuditEntry } from '../../src/metacognition/audit-event.ts'
import { openAuditTrail } from '../../src/metacognition/audit-trail.ts'

const entry: AuditEntry = {
  cycle_id: 'c1',
  transaction_id: 'after tx:1',
  mission_brief_hash: 'a'.repeat(64),
  event_type: 'STATE_TRANSITION',
  psm_state: 'IDLE',
  transition_to: 'DECOMPOSING',
  event_data: {},
  status: 'IN_PROGRESS',
}
const newFile = () => join(mkdtempSync(join(tmpdir(), 'batos-audit-')), 'logs', 'metacognition.jsonl')

describe('the audit trail', () => {
  it('gives back what was written, of one cycle or the newest of all', async () => {
    const trail = await openAuditTrail(newFile(), systemClock)
    for (const cycle_id of ['c1', 'c2', 'c1']) trail.write({ ...entry, cycle_id })
    assert.equal((await trail.read({ cycle: 'c1', limit: 10 })).length, 2)
    assert.deepEqual(
      (await trail.read({ limit: 2 })).map(({ cycle_id }) => cycle_id),
      ['c2', 'c1'],
    )
    await trail.stop()
  })

  it('refuses what is no event and says where', async () => {
    const trail = await openAuditTrail(newFile(), systemClock)
    const wrong = { ...entry, mission_brief_hash: 'short' }
    assert.throws(() => trail.write(wrong), { code: 'E_AUDIT_EVENT', message: /mission_brief_hash/ })
    assert.throws(() => trail.write({ ...entry, event_data: { extra: 1 } as never }), {
      code: 'E_AUDIT_EVENT',
    })
    await trail.stop()
  })

  it('cuts off a line that a crash left half-written', async () => {
    const file = newFile()
    const first = await openAuditTrail(file, systemClock)
    first.write(entry)
    await first.stop()
    appendFileSync(file, '{"event_id":"0198')
    const second = await openAuditTrail(file, systemClock)
    second.write({ ...entry, cycle_id: 'c2' })
    assert.deepEqual(
      (await second.read({ limit: 9 })).map(({ cycle_id }) => cycle_id),
      ['c1', 'c2'],
    )
    await second.stop()
  })

  it('has on disk what was flushed when its process is killed', async () => {
    const file = newFile()
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./audit-writer.js', import.meta.url)), file],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let flushed = 0
    for await (const line of child.stdout) {
      flushed = Number(String(line).trim().split('\n').at(-1))
      if (flushed >= 500) break
    }
    child.kill('SIGKILL')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    assert.ok(lines.length >= flushed, `${flushed} were flushed, ${lines.length} are there`)
  })
})
