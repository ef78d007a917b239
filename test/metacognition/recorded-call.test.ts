import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditEventSchema } from '../../src/metacognition/audit-event.ts'
import { recordOfCall, requestOfCall } from '../../src/metacognition/recorded-call.ts'
import type { InferRequest, InferResult } from '../../src/mind/engine-messages.ts'

const digest = 'b'.repeat(64)
const whole: InferRequest = {
  messages: [
    { role: 'system', content: 'Method.' },
    { role: 'user', content: 'genesis\nassistant: double' },
  ],
  prefill: 'function double_(self, a) {\n',
  persona: 'BRICK',
  adapter: { path: `/adapters/${digest}.gguf`, sha256: digest, scale: 0.5 },
  grammar: 'root ::= "return a" "\\n"',
  schema: { name: 'plan', schema: { type: 'object' } },
  ...{ maxTokens: 40, temperature: 0.7, seed: 1003, topK: 20, minP: 0.05 },
}
const plain: InferRequest = {
  messages: [{ role: 'user', content: '' }],
  ...{ maxTokens: 1, temperature: 0, seed: 0 },
}

for (const [what, request] of Object.entries({ whole, plain }))
  test(`a call that is recorded gives the request again, ${what}`, () => {
    const result: InferResult = {
      ...{ text: 'return a\n', tokensIn: 30, tokensReused: 0, tokensOut: 4, durationMs: 9, firstTokenMs: 3 },
      ...{ model: 'a'.repeat(64), seed: request.seed, stopReason: 'grammar' },
      ...(request.adapter && { adapter: request.adapter.sha256 }),
    }
    const entry = {
      event_id: '019aa6f0-0000-7000-8000-000000000000',
      timestamp: '2026-01-01T00:00:00.000Z',
      ...{ cycle_id: 'c1', transaction_id: 'after tx:1', mission_brief_hash: 'c'.repeat(64) },
      ...{ event_type: 'LLM_CALL', psm_state: 'SYNTHESIZING', status: 'SUCCESS' },
      ...(request.persona !== undefined && { active_persona: request.persona }),
      ...recordOfCall(request, result),
    }
    const event = auditEventSchema.parse(JSON.parse(JSON.stringify(entry)))
    assert.deepEqual(
      requestOfCall(event, (sha256) => `/adapters/${sha256}.gguf`),
      request,
    )
    assert.equal(event.event_data.llm_response_raw, result.text)
  })
