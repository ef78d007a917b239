// Requests as model servers take them, and their answers as they come: pure, one function a direction. Which fields a server
// knows depends on its kind (remote-server.ts); a plain one is told nothing that OpenAI's own interface does not have.
import { BatError } from '../base/errors.ts'
import type { InferRequest, InferResult } from './engine-messages.ts'
import { namesOfAdapter, type RemoteServer } from './remote-server.ts'

export interface RemoteBody {
  readonly path: '/v1/completions' | '/v1/chat/completions'
  readonly body: Readonly<Record<string, unknown>>
}

/** `ids`: the whole prompt, where the server takes it so. Throws E_INFER_REQUEST (no such adapter there). */
export function bodyFor(request: InferRequest, server: RemoteServer, ids?: readonly number[]): RemoteBody {
  const { messages, prefill = '', maxTokens, temperature, seed, topK = 40, minP = 0, grammar } = request
  const adapter = adapterOf(request, server)
  const model = typeof adapter === 'string' ? adapter : server.model
  const shared = { model, max_tokens: maxTokens, temperature, seed, top_p: 1 }
  const streamed = { stream: true, stream_options: { include_usage: true } }
  const conversation = prefill === '' ? messages : [...messages, { role: 'assistant', content: prefill }]
  switch (server.kind) {
    case 'llama': {
      const lora = [...server.adapters.values()].map((id) => ({
        id,
        scale: id === adapter ? request.adapter!.scale : 0,
      }))
      const own = {
        ...{ top_k: topK, min_p: minP, cache_prompt: true },
        ...(lora.length > 0 && { lora }),
        ...(grammar !== undefined && { grammar }),
      }
      return ids
        ? { path: '/v1/completions', body: { ...shared, ...streamed, ...own, prompt: ids } }
        : { path: '/v1/chat/completions', body: { ...shared, ...streamed, ...own, messages: conversation } }
    }
    case 'vllm': {
      const own = {
        ...{ top_k: topK === 0 ? -1 : topK, min_p: minP },
        ...{ add_generation_prompt: prefill === '', continue_final_message: prefill !== '' },
        // The name that it has now, and the one that it had before version 0.12.
        ...(grammar !== undefined && { structured_outputs: { grammar }, guided_grammar: grammar }),
      }
      return {
        path: '/v1/chat/completions',
        body: { ...shared, ...streamed, ...own, messages: conversation },
      }
    }
    case 'plain': {
      const { schema } = request
      const format = schema && { type: 'json_schema', json_schema: { ...schema, strict: true } }
      return {
        path: '/v1/chat/completions',
        body: { ...shared, ...streamed, messages: conversation, ...(format && { response_format: format }) },
      }
    }
    default:
      return server.kind satisfies never
  }
}

function adapterOf({ adapter, persona }: InferRequest, { adapters, kind }: RemoteServer) {
  if (!adapter) return undefined
  const name = namesOfAdapter(adapter, persona).find((name) => adapters.has(name))
  if (name === undefined)
    throw new BatError('E_INFER_REQUEST', {
      path: 'adapter',
      problem: `is not one that the server has: ${[...adapters.keys()].join(', ') || 'it has none'}`,
    })
  if (kind !== 'llama' && adapter.scale !== 1)
    throw new BatError('E_INFER_REQUEST', { path: 'adapter.scale', problem: 'can only be 1 at this server' })
  return adapters.get(name)
}

/** What one event of an answer says. */
export interface Piece {
  readonly text: string
  readonly stopReason?: 'stop' | 'length'
  readonly usage?: Readonly<Pick<InferResult, 'tokensIn' | 'tokensOut' | 'tokensReused'>>
}

/** Reads one event. Throws an error with the server's words when it tells of a failure. */
export function parsePiece(data: string): Piece {
  const event = JSON.parse(data) as Record<string, unknown>
  if (event.error !== undefined && event.error !== null)
    throw new Error(`it broke off: ${messageOf(event.error)}`)
  const [choice = {}] = (Array.isArray(event.choices) ? event.choices : []) as Record<string, unknown>[]
  const delta = (choice.delta ?? {}) as { content?: unknown }
  const text = choice.text ?? delta.content
  const stop = choice.finish_reason
  const usage = event.usage as Record<string, unknown> | null | undefined
  return {
    text: typeof text === 'string' ? text : '',
    ...(stop === 'stop' || stop === 'length' ? { stopReason: stop } : {}),
    ...(usage ? { usage: usageOf(usage) } : {}),
  }
}

function usageOf(usage: Readonly<Record<string, unknown>>) {
  const { cached_tokens = 0 } = (usage.prompt_tokens_details ?? {}) as { cached_tokens?: unknown }
  return {
    tokensIn: Number(usage.prompt_tokens ?? 0),
    tokensOut: Number(usage.completion_tokens ?? 0),
    tokensReused: Number(cached_tokens ?? 0),
  }
}

const messageOf = (error: unknown): string =>
  typeof error === 'string'
    ? error
    : String((error as { message?: unknown }).message ?? JSON.stringify(error))
