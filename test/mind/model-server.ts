// A model server of ours that speaks as llama-server, vLLM or Ollama do, over real HTTP, its answers those of a real model in
// our own engine. It can be told to misbehave, as servers and networks do.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { BatError } from '../../src/base/errors.ts'
import { Bpe, vocabularyOf } from '../../src/mind/bpe.ts'
import type { InferRequest } from '../../src/mind/engine-messages.ts'
import { readGgufHeader } from '../../src/mind/gguf.ts'
import type { Inference } from '../../src/mind/inference.ts'
import { type ChatMessage, encodePrompt } from '../../src/mind/llama-chat.ts'
import type { ServerKind } from '../../src/mind/remote-server.ts'
import { bytesOfToken } from '../../src/mind/token-text.ts'

export type Fault =
  | { readonly do: 'answer'; readonly status: number; readonly body?: string }
  /** Drops the connection after so many pieces of the answer. */
  | { readonly do: 'cut'; readonly after: number }
  /** Says nothing more after so many pieces. */
  | { readonly do: 'stall'; readonly after: number }
  /** Tells of fewer tokens of the prompt than there are. */
  | { readonly do: 'shorten' }
  /** Writes an answer of its own. */
  | { readonly do: 'say'; readonly text: string }

export interface ModelServer {
  readonly url: string
  /** Bodies of the requests for answers, and paths of all. */
  readonly asked: { readonly path: string; readonly body: Record<string, unknown> }[]
  /** For the next requests for answers, one each. */
  misbehave(...faults: Fault[]): void
  stop(): Promise<void>
}

export interface ModelServerOptions {
  readonly kind: ServerKind
  readonly modelPath: string
  readonly engine: Inference
  readonly key?: string
  /** Names of adapters that it has; they change nothing here. */
  readonly adapters?: readonly string[]
  /** Where one listened before that is back; any free one when absent. */
  readonly port?: number
}

const contextSize = 1024

export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { kind, modelPath, engine, key, adapters = [], port = 0 } = options
  const bpe = new Bpe(vocabularyOf(readGgufHeader(modelPath)))
  const asked: ModelServer['asked'] = []
  let faults: Fault[] = []

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((thrown: unknown) => {
      if (response.headersSent) response.destroy()
      else fail(response, thrown)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? ''
    const body = incoming.method === 'POST' ? ((await json(incoming)) as Record<string, unknown>) : {}
    asked.push({ path, body })
    if (key !== undefined && incoming.headers.authorization !== `Bearer ${key}`)
      return tell(response, 401, { error: { message: 'Invalid API Key' } })
    switch (path) {
      case '/v1/models':
        return tell(response, 200, { object: 'list', data: models() })
      case '/props':
        return kind === 'llama'
          ? tell(response, 200, { default_generation_settings: { n_ctx: contextSize } })
          : tell(response, 404, {})
      case '/lora-adapters':
        return tell(
          response,
          200,
          adapters.map((name, id) => ({ id, path: `/adapters/${name}.gguf`, scale: 0 })),
        )
      case '/tokenize':
        return tell(response, 200, tokenized(body))
      case '/v1/completions':
      case '/v1/chat/completions':
        return answer(body, response)
      default:
        return tell(response, 404, { error: { message: 'File Not Found' } })
    }
  }

  function models(): object[] {
    const own = { id: 'seed', object: 'model' }
    if (kind === 'llama') return [{ ...own, owned_by: 'llamacpp', meta: { n_params: 2_213_952 } }]
    if (kind === 'plain') return [{ ...own, owned_by: 'library' }]
    const of = (id: string, more: object) => ({
      ...own,
      id,
      owned_by: 'vllm',
      max_model_len: contextSize,
      ...more,
    })
    return [of('seed', { parent: null }), ...adapters.map((name) => of(name, { parent: 'seed' }))]
  }

  function tokenized(body: Record<string, unknown>): object {
    if (kind === 'vllm') return { count: promptOf(body).ids.length, max_model_len: contextSize }
    const content = String(body.content)
    const special = body.parse_special === true && bpe.vocabulary.special.includes(content)
    return { tokens: special ? [bpe.special(content)] : bpe.encode(content) }
  }

  function promptOf({ prompt, messages }: Record<string, unknown>) {
    if (Array.isArray(prompt)) return { ...messagesOf(prompt as number[]), ids: prompt as number[] }
    const all = messages as ChatMessage[]
    const last = all.at(-1)
    const [given, prefill] = last?.role === 'assistant' ? [all.slice(0, -1), last.content] : [all, '']
    return { messages: given, prefill, ids: encodePrompt(bpe, given, prefill) }
  }

  /** A conversation back from its token ids. */
  function messagesOf(ids: readonly number[]): { messages: ChatMessage[]; prefill: string } {
    const { tokens, special } = bpe.vocabulary
    const types = tokens.map((token) => (special.includes(token) ? 3 : 1))
    const name = (id: number) => (types[id] === 3 ? tokens[id]! : undefined)
    const textOf = (part: readonly number[]) =>
      Buffer.concat(part.map((id) => bytesOfToken({ tokens, types }, id))).toString('utf8')
    const messages: ChatMessage[] = []
    for (let at = 1; ; ) {
      const end = ids.findIndex((id, i) => i > at && name(id) === '<|end_header_id|>')
      const role = textOf(ids.slice(at + 1, end)) as ChatMessage['role']
      const close = ids.findIndex((id, i) => i > end && name(id) === '<|eot_id|>')
      const content = textOf(ids.slice(end + 1, close < 0 ? ids.length : close)).slice(2)
      if (close < 0) return { messages, prefill: content }
      messages.push({ role, content })
      at = close + 1
    }
  }

  async function answer(body: Record<string, unknown>, response: ServerResponse): Promise<void> {
    const fault = faults.shift()
    if (fault?.do === 'answer') {
      response.writeHead(fault.status, { 'retry-after': '0' }).end(fault.body ?? '{}')
      return
    }
    const { messages, prefill, ids } = promptOf(body)
    const maxTokens = Number(body.max_tokens)
    if (ids.length + maxTokens > contextSize)
      throw new BatError('E_PROMPT_TOO_LONG', { tokens: ids.length, maxTokens, limit: contextSize })
    const grammar =
      kind === 'llama' ? body.grammar : (body.structured_outputs as { grammar?: unknown })?.grammar
    // A model that obeys what it is told, where there is no grammar to make it.
    const obeyed = kind === 'plain' ? obedience : grammar
    const control = new AbortController()
    response.on('close', () => control.abort())
    const chat = body.prompt === undefined
    let pieces = 0
    const write = (text: string, finish: string | null = null) => {
      const choice = chat ? { delta: { content: text } } : { text }
      response.write(
        `data: ${JSON.stringify({ choices: [{ index: 0, ...choice, finish_reason: finish }] })}\n\n`,
      )
    }
    const begin = () =>
      response.headersSent ||
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
    const onToken = (text: string) => {
      begin()
      // In small pieces, as a server writes that sends each token by itself.
      for (const part of text.match(/.{1,4}/gsu) ?? []) {
        if (fault?.do === 'cut' && pieces >= fault.after) response.destroy()
        else if (fault?.do !== 'stall' || pieces < fault.after) write(part)
        pieces++
      }
    }
    const asked: InferRequest = {
      messages,
      prefill,
      ...(typeof obeyed === 'string' && { grammar: obeyed }),
      maxTokens,
      temperature: Number(body.temperature),
      seed: Number(body.seed),
      topK: Math.max(0, Number(body.top_k ?? 40)),
      minP: Number(body.min_p ?? 0),
    }
    if (fault?.do === 'say') {
      begin()
      write(fault.text)
    }
    const result =
      fault?.do === 'say'
        ? { tokensIn: ids.length, tokensOut: 1, stopReason: 'eog' }
        : await engine.infer(asked, { signal: control.signal, onToken })
    if (fault?.do === 'stall') return
    begin()
    write('', result.stopReason === 'maxTokens' ? 'length' : 'stop')
    const usage = {
      prompt_tokens: result.tokensIn - (fault?.do === 'shorten' ? 5 : 0),
      completion_tokens: result.tokensOut,
    }
    response.end(`data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`)
  }

  return {
    url,
    asked,
    misbehave: (...next) => {
      faults = next
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

let obedience: string | undefined

/** What a server that takes no grammar happens to obey, as a well-behaved model would. */
export function obey(grammar: string | undefined): void {
  obedience = grammar
}

function fail(response: ServerResponse, thrown: unknown): void {
  const { code, message, details } = thrown as BatError
  if (code === 'E_PROMPT_TOO_LONG') {
    const numbers = { n_prompt_tokens: details.tokens, n_ctx: details.limit }
    tell(response, 400, { error: { message, type: 'exceed_context_size_error', ...numbers } })
  } else tell(response, code === 'E_GRAMMAR' ? 400 : 500, { error: { message } })
}

function tell(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
