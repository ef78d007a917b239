// A call of the mind as the audit trail keeps it, and back again. What is kept suffices to make the call again and have the
// same answer: the whole request, and the digests of the model and of the adapter, whose files are found by them.
import type { Adapter, InferRequest, InferResult } from '../mind/engine-messages.ts'
import { promptText } from '../mind/infer-request.ts'
import type { AuditEvent } from './audit-event.ts'

/** What the trail keeps of a call, beside whose it was. */
export function recordOfCall(request: InferRequest, result: InferResult) {
  const { messages, prefill, grammar, schema, maxTokens, temperature, topK, minP, adapter } = request
  return {
    model_id: result.model,
    ...(result.adapter !== undefined && { expert_version: result.adapter }),
    event_data: {
      llm_prompt: promptText(request),
      llm_response_raw: result.text,
      llm_request: {
        messages: messages.map(({ role, content }) => ({ role, content })),
        ...(prefill !== undefined && { prefill }),
        ...(grammar !== undefined && { grammar }),
        ...(schema && { schema }),
        ...{ max_tokens: maxTokens, temperature },
        ...(topK !== undefined && { top_k: topK }),
        ...(minP !== undefined && { min_p: minP }),
        ...(adapter && { adapter_scale: adapter.scale }),
      },
      tokens_in: result.tokensIn,
      tokens_out: result.tokensOut,
      duration_ms: result.durationMs,
      seed: result.seed,
    },
  }
}

/** The request of a recorded call; undefined when the event is none. `pathOf`: where the file of an adapter is, by digest. */
export function requestOfCall(
  { event_data, active_persona, expert_version }: AuditEvent,
  pathOf: (sha256: string) => string,
): InferRequest | undefined {
  const { llm_request: kept, seed } = event_data
  if (kept === undefined || seed === undefined) return undefined
  const { messages, prefill, grammar, schema, max_tokens, temperature, top_k, min_p, adapter_scale } = kept
  const adapter: Adapter | undefined =
    expert_version === undefined
      ? undefined
      : { path: pathOf(expert_version), sha256: expert_version, scale: adapter_scale ?? 1 }
  return {
    messages,
    ...(prefill !== undefined && { prefill }),
    ...(active_persona !== undefined && { persona: active_persona }),
    ...(adapter && { adapter }),
    ...(grammar !== undefined && { grammar }),
    ...(schema && { schema }),
    ...{ maxTokens: max_tokens, temperature, seed },
    ...(top_k !== undefined && { topK: top_k }),
    ...(min_p !== undefined && { minP: min_p }),
  }
}
