// What a model server is and can do, found out by asking. All speak OpenAI's `/v1/models` and `/v1/chat/completions`; beyond
// that:
//
//   llama  llama.cpp's llama-server: takes token ids, grammars, adapters by number; tells its context; tokenizes
//   vllm   vLLM: takes grammars, adapters as models; tells its context; counts the tokens of a conversation
//   plain  any other (Ollama, a hub's service): takes a JSON Schema; neither tells its context nor counts tokens
//
// A llama-server whose model has Llama 3's special tokens is given prompts as ids, put together here as for our own engine:
// so content can say nothing but content, the count is exact, and the text is the one that our own engine would be given.
import { BatError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { Adapter, InferRequest } from './engine-messages.ts'
import { type ChatMessage, encodePrompt } from './llama-chat.ts'
import { Recent } from './recent.ts'
import { askJson, type RemotePlace } from './remote-http.ts'

export type ServerKind = 'llama' | 'vllm' | 'plain'

export interface RemoteServer {
  readonly kind: ServerKind
  readonly model: string
  /** Tokens of prompt and answer together, where the server says it. */
  readonly contextSize?: number
  readonly parameters: number
  /** Names that an adapter can be asked for by; a number at llama-server, a model elsewhere. */
  readonly adapters: ReadonlyMap<string, number | string>
  /** Ids of Llama 3's special tokens, at a llama-server whose model has them. */
  readonly special?: ReadonlyMap<string, number>
}

type Told = Readonly<Record<string, unknown>>

const specialTokens = ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>']

/** Looks at a server. Throws E_SERVER_LOST, E_ENGINE_REFUSED (no such model, no key). */
export async function lookAt(place: RemotePlace, wanted: string | undefined): Promise<RemoteServer> {
  const { data } = (await askJson(place, { path: '/v1/models' })) as { data?: unknown }
  const models = (Array.isArray(data) ? data : []) as readonly Told[]
  const found = modelOf(place, models, wanted)
  const meta = (found.meta ?? {}) as Told
  const parameters = typeof meta.n_params === 'number' ? meta.n_params : 0
  const model = String(found.id)
  if (found.owned_by === 'llamacpp') {
    const props = (await askJson(place, { path: '/props' })) as { default_generation_settings?: Told }
    const size = props.default_generation_settings?.n_ctx ?? meta.n_ctx
    const special = await specialIds(place)
    return {
      ...{ kind: 'llama', model, parameters },
      ...(typeof size === 'number' ? { contextSize: size } : {}),
      adapters: await numberedAdapters(place),
      ...(special && { special }),
    }
  }
  const size = found.max_model_len
  return {
    ...{ kind: found.owned_by === 'vllm' ? 'vllm' : 'plain', model, parameters },
    ...(typeof size === 'number' ? { contextSize: size } : {}),
    adapters: new Map(models.map(({ id }) => [String(id).toLowerCase(), String(id)])),
  }
}

function modelOf({ base }: RemotePlace, models: readonly Told[], wanted: string | undefined): Told {
  const names = models.map(({ id }) => String(id))
  const refuse = (reason: string): never => {
    const near = wanted === undefined ? undefined : nearest(wanted, names)
    const hint = near ? `did you mean ${near}?` : `set model.name to one of ${names.join(', ')}`
    throw new BatError('E_ENGINE_REFUSED', { url: base, reason, hint })
  }
  // Adapters of vLLM are listed as models with a parent.
  const whole = models.filter(({ parent }) => parent === undefined || parent === null)
  if (wanted !== undefined)
    return models.find(({ id }) => id === wanted) ?? refuse(`it has no model ${wanted}`)
  if (whole.length === 1) return whole[0]!
  return refuse(whole.length === 0 ? 'it has no model' : `it has ${whole.length} models`)
}

/** The adapters that a llama-server was started with, by the names of their files. */
async function numberedAdapters(place: RemotePlace): Promise<ReadonlyMap<string, number>> {
  const listed = await askJson(place, { path: '/lora-adapters' }).catch((thrown: unknown) => {
    if (thrown instanceof BatError && thrown.code === 'E_ENGINE_REFUSED') return [] // an older one
    throw thrown
  })
  const entries = (Array.isArray(listed) ? listed : []) as readonly Told[]
  return new Map(entries.map(({ id, path }) => [adapterName(String(path)), Number(id)]))
}

export const adapterName = (path: string): string =>
  path
    .replace(/^.*[/\\]/, '')
    .replace(/\.gguf$/i, '')
    .toLowerCase()

/** What an adapter may be called at a server, in the order of trust: its digest, its file or name, the persona it is for. */
export const namesOfAdapter = (
  { sha256, path, name }: Pick<Adapter, 'sha256' | 'name'> & { readonly path?: string },
  persona: string | undefined,
): string[] =>
  [sha256, path, name, persona].flatMap((each) => (each === undefined ? [] : [adapterName(each)]))

async function specialIds(place: RemotePlace): Promise<ReadonlyMap<string, number> | undefined> {
  const ids = new Map<string, number>()
  for (const token of specialTokens) {
    const [id, ...more] = await tokensOf(place, token, true)
    if (id === undefined || more.length > 0) return undefined
    ids.set(token, id)
  }
  return ids
}

async function tokensOf(
  place: RemotePlace,
  content: string,
  special: boolean,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const body = { content, add_special: false, parse_special: special }
  const { tokens } = (await askJson(place, { path: '/tokenize', body, ...(signal && { signal }) })) as {
    tokens?: unknown
  }
  if (Array.isArray(tokens) && tokens.every((token) => Number.isInteger(token))) return tokens as number[]
  throw new BatError('E_SERVER_LOST', { url: place.base, reason: 'it does not say which tokens a text has' })
}

/** The prompts of a llama-server, as ids. What was encoded before is remembered: personas say the same again. */
export class PromptEncoder {
  readonly #place: RemotePlace
  readonly #special: ReadonlyMap<string, number>
  readonly #known = new Recent<readonly number[]>(256)

  constructor(place: RemotePlace, special: ReadonlyMap<string, number>) {
    this.#place = place
    this.#special = special
  }

  async encode({ messages, prefill = '' }: InferRequest, signal?: AbortSignal): Promise<number[]> {
    const texts = new Set(['\n\n', 'assistant', prefill, ...messages.flatMap(textsOf)])
    const ids = new Map<string, number[]>()
    for (const text of texts) ids.set(text, text === '' ? [] : [...(await this.#ids(text, signal))])
    const encoder = {
      encode: (text: string) => ids.get(text)!,
      special: (token: string) => this.#special.get(token)!,
    }
    return encodePrompt(encoder, messages, prefill)
  }

  #ids(text: string, signal: AbortSignal | undefined): Promise<readonly number[]> {
    return this.#known.get(text, () => tokensOf(this.#place, text, false, signal))
  }
}

const textsOf = ({ role, content }: ChatMessage): string[] => [role, content]

/** How many tokens a conversation has: exactly where the server counts, else at most (a token has at least one byte). */
export async function countTokens(
  place: RemotePlace,
  { kind, model }: RemoteServer,
  { messages, prefill = '' }: InferRequest,
  signal?: AbortSignal,
): Promise<{ readonly tokens: number; readonly exact: boolean }> {
  if (kind === 'vllm') {
    const conversation = prefill === '' ? messages : [...messages, { role: 'assistant', content: prefill }]
    const open = { add_generation_prompt: prefill === '', continue_final_message: prefill !== '' }
    const body = { model, messages: conversation, ...open }
    const { count } = (await askJson(place, { path: '/tokenize', body, ...(signal && { signal }) })) as {
      count?: unknown
    }
    if (typeof count === 'number') return { tokens: count, exact: true }
  }
  const bytes = [...messages.map(({ content }) => content), prefill].map((text) => Buffer.byteLength(text))
  return { tokens: bytes.reduce((all, size) => all + size + 8, 0), exact: false }
}
