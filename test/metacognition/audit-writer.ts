// Writes events for ever, and says after each flush how many are flushed. Killed by its test.
import { systemClock } from '../../src/base/clock.ts'
import { openAuditTrail } from '../../src/metacognition/audit-trail.ts'

const trail = await openAuditTrail(process.argv[2]!, systemClock)
for (let count = 0; ; ) {
  for (let i = 0; i < 50; i++, count++) {
    trail.write({
      cycle_id: `c${count}`,
      transaction_id: 'after tx:1',
      mission_brief_hash: 'a'.repeat(64),
      event_type: 'LLM_CALL',
      psm_state: 'SYNTHESIZING',
      event_data: { llm_prompt: 'x'.repeat(200) },
      status: 'SUCCESS',
    })
  }
  await trail.flush()
  console.log(count)
}
