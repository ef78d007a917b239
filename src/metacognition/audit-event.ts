// One line of the audit trail. The schema is the contract: whoever reads the trail (the console, the heartbeat, the
// forge) reads what this accepts, and nothing else is ever written.
import { z } from 'zod'
import { recordedRequestSchema } from './recorded-request.ts'

export const eventTypes = [
  'STATE_TRANSITION',
  'LLM_CALL',
  'RETRIEVAL_ACTION',
  'ARTIFACT_GENERATED',
  'VALIDATION_SUCCESS',
  'VALIDATION_FAILURE',
  'COMMIT',
  'ABORT',
  'EXPERT_SWAP',
] as const

const text = z.string()
const count = z.int().nonnegative()

export const auditEventSchema = z.strictObject({
  event_id: z.uuid({ version: 'v7' }),
  timestamp: z.iso.datetime({ precision: 3 }),
  cycle_id: text,
  /** The transaction once it is committed (`tx:90`), before that the one it started from (`after tx:89`). */
  transaction_id: text,
  parent_cycle_id: text.optional(),
  mission_brief_hash: z.string().regex(/^[0-9a-f]{64}$/),
  event_type: z.enum(eventTypes),
  psm_state: text,
  transition_to: text.optional(),
  active_persona: text.optional(),
  expert_version: text.optional(),
  model_id: text.optional(),
  event_data: z
    .object({
      mission: text,
      llm_prompt: text,
      /** All that it takes to make the call again, with `seed`, `model_id` and `expert_version`. */
      llm_request: recordedRequestSchema,
      llm_response_raw: text,
      seed: z.number(),
      tokens_in: count,
      tokens_out: count,
      duration_ms: z.number().nonnegative(),
      retrieved_chunk_ids: z.array(text),
      artifact_oid: text,
      artifact: text,
      attempt: count,
      validation_result: z.unknown(),
      error: z.unknown(),
      purpose: text,
    })
    .partial()
    .strict(),
  status: z.enum(['SUCCESS', 'FAILURE', 'IN_PROGRESS']),
  final_outcome: z.enum(['COMPLETE', 'FAILED']).optional(),
})

export type AuditEvent = z.infer<typeof auditEventSchema>

/** An event without the id and the time that the trail gives it. */
export type AuditEntry = Omit<AuditEvent, 'event_id' | 'timestamp'>
