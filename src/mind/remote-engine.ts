// The engine whose model runs at an OpenAI-compatible server: llama-server, vLLM, Ollama, a service. The same requests get
// the same kind of answers as from our own engine; where a server cannot do what is asked, that is an error and never
// something else done silently.
//
//   starting   the server is looked at                                            → ready, down, absent
//   ready      calls are sent as they come                                        → down
//   down       it does not answer; it is looked at again with each call, and now and then   → ready, absent
//   absent     it refuses us, or has no such model; calls are refused with the cause, and it is looked at now and then → ready, down
//   stopped    by stop(); calls fail with E_ENGINE_STOPPED
//
// The digest of a model whose file nobody shows is that of what its server says of it.
import { createHash } from 'node:crypto'
import { BatError, batErrorOf } from '../base/errors.ts'
import { resolvable } from '../base/resolvable.ts'
import { unlessAborted } from '../base/unless-aborted.ts'
import { fitting, parsedGrammar, withoutPrefill } from './answer-form.ts'
import type { InferRequest, InferResult, LoadedModel } from './engine-messages.ts'
import { requestProblem } from './infer-request.ts'
import type { EngineState, EngineStatus, Inference, InferOptions } from './inference.ts'
import { askStream, type RemoteLimits, type RemotePlace } from './remote-http.ts'
import { bodyFor, parsePiece } from './remote-request.ts'
import { countTokens, lookAt, PromptEncoder, type RemoteServer } from './remote-server.ts'
import { eventsOf } from './sse.ts'

export interface RemoteEngineOptions {
  /** `http://127.0.0.1:8080`, with or without `/v1`. */
  readonly url: string
  /** Not needed where the server has one model only. */
  readonly name?: string
  readonly key?: string
  /** Tokens of prompt and answer together, at most; needed where the server does not say it. */
  readonly contextSize: number
  readonly limits?: Partial<RemoteLimits>
  /** Between two looks at a server that does not answer or refuses us, in milliseconds. */
  readonly lookAgainMs?: number
}

const usual: RemoteLimits = { answerMs: 120_000, silentMs: 60_000, tries: 4, backOffMs: 250 }
const usualLookAgainMs = 10_000

interface Known {
  readonly server: RemoteServer
  readonly model: LoadedModel
  readonly encoder?: PromptEncoder
}

/** Starts an engine; it looks at its server in the background. */
export const startRemoteEngine = (options: RemoteEngineOptions): Inference => new RemoteEngine(options)

class RemoteEngine implements Inference {
  readonly #options: RemoteEngineOptions
  readonly #place: RemotePlace
  readonly #ending = new AbortController()
  readonly #first: Promise<unknown>
  #state: EngineState = 'starting'
  #reason: string | undefined
  #refusal: BatError | undefined
  #known: Known | undefined
  #adapterNames: readonly string[] = []
  #looking: Promise<Known> | undefined
  /** Resolves when it is found ready; then there is a new one. */
  #back = resolvable()
  #timer: NodeJS.Timeout | undefined
  #calls = 0
  #losses = 0

  constructor(options: RemoteEngineOptions) {
    const { url, key, limits } = options
    this.#options = options
    this.#place = {
      base: url.replace(/\/+$/, '').replace(/\/v1$/, ''),
      ...(key === undefined ? {} : { key }),
      limits: { ...usual, ...limits },
      ending: this.#ending.signal,
    }
    this.#first = this.#look().catch(() => {})
  }

  async infer(request: InferRequest, { signal, onToken }: InferOptions = {}): Promise<InferResult> {
    signal?.throwIfAborted()
    const problem = this.#refusal ?? requestProblem(request)
    if (problem) throw problem
    const own = new AbortController()
    const ending = AbortSignal.any([own.signal, this.#ending.signal, ...(signal ? [signal] : [])])
    const hand = (text: string) => {
      try {
        if (text !== '') onToken?.(text)
      } catch (thrown) {
        own.abort(thrown)
      }
    }
    this.#calls++
    try {
      return await this.#answer(
        this.#known ?? (await unlessAborted(this.#look(), ending)),
        request,
        ending,
        hand,
      )
    } catch (thrown) {
      ending.throwIfAborted()
      if (thrown instanceof BatError && thrown.code === 'E_SERVER_LOST') this.#lost(thrown)
      throw thrown
    } finally {
      this.#calls--
    }
  }

  /** Nothing is made: a server has its adapters at hand, or does not say. */
  async prepare(): Promise<undefined> {}

  status(): EngineStatus {
    return {
      state: this.#state,
      ...(this.#known && { model: this.#known.model }),
      adapterNames: this.#adapterNames,
      ...{ gpu: false, threads: 0, restarts: this.#losses, calls: this.#calls },
      ...(this.#reason !== undefined && { reason: this.#reason }),
    }
  }

  async ready(): Promise<EngineStatus> {
    await this.#first
    return this.status()
  }

  /** Resolves when a look at the server next finds it ready. */
  back(): Promise<void> {
    return this.#back.promise
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    const stopped = new BatError('E_ENGINE_STOPPED')
    this.#state = 'stopped'
    this.#refusal = stopped
    this.#reason = stopped.message
    this.#ending.abort(stopped)
    await this.#first
  }

  /** Finds out what the server is; those who ask at the same time are told together. */
  #look(): Promise<Known> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #lookNow(): Promise<Known> {
    try {
      const server = await lookAt(this.#place, this.#options.name)
      this.#ending.signal.throwIfAborted()
      const { special } = server
      const encoder = special && new PromptEncoder(this.#place, special)
      this.#known = { server, model: this.#modelOf(server), ...(encoder && { encoder }) }
      this.#adapterNames = [...server.adapters.keys()]
      this.#state = 'ready'
      this.#reason = undefined
      this.#refusal = undefined
      this.#back.resolve()
      this.#back = resolvable()
      return this.#known
    } catch (thrown) {
      this.#ending.signal.throwIfAborted()
      const error = batErrorOf(thrown)
      if (error.retryable) this.#lost(error)
      else {
        this.#state = 'absent'
        this.#refusal = error
        this.#reason = error.message
        this.#lookLater()
      }
      throw error
    }
  }

  #modelOf({ model, parameters, contextSize, kind }: RemoteServer): LoadedModel {
    const { base } = this.#place
    const said = JSON.stringify([base, kind, model, parameters])
    return {
      path: `${model} at ${base}`,
      sha256: createHash('sha256').update(said).digest('hex'),
      parameters,
      contextSize: Math.min(this.#options.contextSize, contextSize ?? Number.POSITIVE_INFINITY),
    }
  }

  #lost(error: BatError): void {
    if (this.#state === 'ready') this.#losses++
    this.#state = 'down'
    this.#reason = error.message
    this.#known = undefined
    this.#refusal = undefined
    this.#lookLater()
  }

  #lookLater(): void {
    const { lookAgainMs = usualLookAgainMs } = this.#options
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look().catch(() => {}), lookAgainMs)
    this.#timer.unref()
  }

  async #answer(
    { server, model, encoder }: Known,
    request: InferRequest,
    signal: AbortSignal,
    hand: (text: string) => void,
  ): Promise<InferResult> {
    const began = performance.now()
    const { prefill = '', maxTokens } = request
    // A server that takes no grammar is not streamed from: what is handed on must be the answer.
    const grammar =
      request.grammar !== undefined && server.kind !== 'llama' ? parsedGrammar(request.grammar) : undefined
    const ids = await encoder?.encode(request, signal)
    const counted = ids
      ? { tokens: ids.length, exact: true }
      : await countTokens(this.#place, server, request, signal)
    const limit = model.contextSize
    if (counted.tokens + maxTokens > limit)
      throw new BatError('E_PROMPT_TOO_LONG', { tokens: counted.tokens, maxTokens, limit })

    const call = { ...bodyFor(request, server, ids), signal }
    let said = ''
    let handed = 0
    let firstTokenAt: number | undefined
    const done = await askStream(this.#place, call, async (response, touch) => {
      if (!response.body) throw new Error('the answer has no body')
      let stopReason: 'stop' | 'length' | undefined
      let usage = { tokensIn: counted.tokens, tokensOut: 0, tokensReused: 0 }
      for await (const data of eventsOf(response.body)) {
        signal.throwIfAborted()
        if (data === '[DONE]') break
        const piece = parsePiece(data)
        touch()
        if (piece.text !== '') firstTokenAt ??= performance.now()
        said += piece.text
        stopReason = piece.stopReason ?? stopReason
        usage = piece.usage ?? { ...usage, tokensOut: usage.tokensOut + (piece.text === '' ? 0 : 1) }
        if (grammar || (prefill !== '' && server.kind === 'plain')) continue
        hand(said.slice(handed))
        handed = said.length
      }
      if (stopReason === undefined) throw new Error('it ended in the middle of an answer')
      return { stopReason, usage }
    })
    const { usage } = done
    if (counted.exact && usage.tokensIn < counted.tokens)
      throw new BatError('E_ENGINE_REFUSED', {
        url: this.#place.base,
        reason: `it took ${usage.tokensIn} of the ${counted.tokens} tokens of the prompt`,
        hint: 'give it a larger context, and say it in model.contextSize in batos.config.json',
      })
    const cut = done.stopReason === 'length'
    const text =
      grammar && !cut
        ? fitting(grammar, said, prefill)
        : server.kind === 'plain'
          ? withoutPrefill(said, prefill)
          : said
    if (text === undefined)
      throw new BatError('E_ANSWER_FORM', { url: this.#place.base, answer: said.slice(0, 200) })
    hand(text.slice(handed))
    signal.throwIfAborted()
    const now = performance.now()
    return {
      ...usage,
      text,
      durationMs: now - began,
      firstTokenMs: (firstTokenAt ?? now) - began,
      model: model.sha256,
      ...(request.adapter && { adapter: request.adapter.sha256 }),
      seed: request.seed,
      stopReason: cut ? 'maxTokens' : request.grammar === undefined ? 'eog' : 'grammar',
    }
  }
}
