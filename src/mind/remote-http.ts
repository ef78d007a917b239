// One request to a model server, made again a few times where that may help. What a failure means:
//
//   no connection, broken off, silent too long, 408, 429, 5xx   E_SERVER_LOST, which may be retried
//   a prompt that is too long, by the server's own count        E_PROMPT_TOO_LONG
//   401, 403, other 4xx                                         E_ENGINE_REFUSED: the same again is refused again
//
// Once a piece of an answer has been handed on nothing is made again here: the reader would have it twice.
import { setTimeout as pause } from 'node:timers/promises'
import { BatError } from '../base/errors.ts'
import { reasonOf } from './http-get.ts'

export interface RemoteLimits {
  /** Until a server begins to answer, in milliseconds. */
  readonly answerMs: number
  /** Between two pieces of an answer. */
  readonly silentMs: number
  readonly tries: number
  /** Before the second try; it doubles, up to ten seconds. */
  readonly backOffMs: number
}

export interface RemotePlace {
  /** Without a slash at its end, and without `/v1`. */
  readonly base: string
  readonly key?: string
  readonly limits: RemoteLimits
  /** Fires when nothing is to be asked of it any more. */
  readonly ending: AbortSignal
}

export interface RemoteCall {
  readonly path: string
  /** A POST of this as JSON; a GET when absent. */
  readonly body?: unknown
  readonly signal?: AbortSignal
}

type Read<T> = (response: Response, touch: () => void) => Promise<T>

/** A request that is answered by JSON. */
export const askJson = (place: RemotePlace, call: RemoteCall): Promise<unknown> =>
  askStream(place, call, async (response) => (await response.json()) as unknown)

/** Hands the answer to `read`, which calls `touch` at each sign of life; `read` is begun anew while nothing came of it. */
export async function askStream<T>(place: RemotePlace, call: RemoteCall, read: Read<T>): Promise<T> {
  const { tries, backOffMs } = place.limits
  const signal = call.signal ? AbortSignal.any([place.ending, call.signal]) : place.ending
  for (let attempt = 1; ; attempt++) {
    let begun = false
    try {
      return await once(place, { ...call, signal }, (response, touch) =>
        read(response, () => {
          begun = true
          touch()
        }),
      )
    } catch (thrown) {
      signal.throwIfAborted()
      const lost = thrown instanceof BatError && thrown.code === 'E_SERVER_LOST'
      if (!lost || begun || attempt >= tries) throw thrown
      const { afterMs } = thrown.details as { afterMs?: number }
      await pause(afterMs ?? Math.min(10_000, backOffMs * 2 ** (attempt - 1)), undefined, { signal }).catch(
        () => {},
      )
      signal.throwIfAborted()
    }
  }
}

async function once<T>(
  { base, key, limits }: RemotePlace,
  { path, body, signal }: RemoteCall & { readonly signal: AbortSignal },
  read: Read<T>,
): Promise<T> {
  const url = `${base}${path}`
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), limits.answerMs)
  const touch = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(), limits.silentMs)
  }
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.any([silence.signal, signal]),
    })
    if (!response.ok) throw await refusal(url, response)
    return await read(response, touch)
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof BatError) throw cause
    const reason = silence.signal.aborted ? 'it says nothing' : reasonOf(cause)
    throw new BatError('E_SERVER_LOST', { url, reason }, { cause })
  } finally {
    clearTimeout(timer)
    silence.abort() // frees the connection of an answer that was not read to its end
  }
}

/** What an answer other than 2xx means. Servers tell it as `{error: {message, …}}`, `{error: text}`, or `{message}`. */
async function refusal(url: string, response: Response): Promise<BatError> {
  const { status } = response
  const text = await response.text()
  const { error = {}, message } = jsonOr(text) as {
    error?: Record<string, unknown> | string
    message?: unknown
  }
  const told = typeof error === 'string' ? { message: error } : error
  const said = String(told.message ?? message ?? text.slice(0, 300)).trim()
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    const wait = Number.isFinite(seconds) ? { afterMs: Math.min(60, seconds) * 1000 } : {}
    return new BatError('E_SERVER_LOST', { url, reason: `${status} ${said}`, ...wait })
  }
  if (told.type === 'exceed_context_size_error')
    return new BatError('E_PROMPT_TOO_LONG', {
      tokens: told.n_prompt_tokens,
      maxTokens: 0,
      limit: told.n_ctx,
    })
  if (status === 400 && /grammar/i.test(said)) return new BatError('E_GRAMMAR', { reason: said })
  const hint =
    status === 401 || status === 403
      ? 'put its key into the environment, and the name of that variable into model.keyVariable in batos.config.json'
      : 'see model.url and model.name in batos.config.json'
  return new BatError('E_ENGINE_REFUSED', { url, reason: `${status} ${said}`, hint, status })
}

function jsonOr(text: string): object {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
