// The form in which the audit trail keeps a request to the mind.
import { z } from 'zod'

export const recordedRequestSchema = z.strictObject({
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
  prefill: z.string().optional(),
  grammar: z.string().optional(),
  /** The form for a server that takes no grammar. */
  schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }).optional(),
  max_tokens: z.number(),
  temperature: z.number(),
  top_k: z.number().optional(),
  min_p: z.number().optional(),
  adapter_scale: z.number().optional(),
})
