// The inference process: the only place where native model code runs, since it may abort. It is told by messages
// (engine-messages.ts) and ends when its engine is gone.
//
// A prompt is a list of token ids put together here: special tokens by id, content as plain text, so that content can
// say nothing but content. It is evaluated in whole chunks of one native batch each (slots.ts says why), looking for
// an abort between them; then token after token is drawn. No special token but the end of the answer is ever drawn.
// Evaluations of several requests take turns at all the threads there are: how the work is split over threads would
// otherwise depend on what else runs, and with it the last bits of the numbers.
import type {
  Llama,
  LlamaContext,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token,
  TokenBias,
} from 'node-llama-cpp'
import { BatError } from '../base/errors.ts'
import type {
  Adapter,
  FromProcess,
  GpuState,
  InferRequest,
  InferResult,
  LoadedModel,
  LoadOptions,
  Swap,
  ToProcess,
} from './engine-messages.ts'
import { digestOfFile } from './file-digest.ts'
import { numbersOf, textsOf } from './gguf.ts'
import { type Encoder, encodePrompt } from './llama-chat.ts'
import { type AdapterFile, LoadedAdapters, type NativeAdapters } from './loaded-adapters.ts'
import { failureOf, nativeReason, noteNativeLine, unavailable } from './native-failures.ts'
import { makePieceStream } from './piece-stream.ts'
import { Recent } from './recent.ts'
import { type Slot, Slots } from './slots.ts'
import { Swaps } from './swaps.ts'
import { isControl, type TokenTable, TokenText } from './token-text.ts'
import { validateModel } from './validate-model.ts'

type Native = typeof import('node-llama-cpp')

/** A context with its only sequence. */
interface Cache {
  readonly context: LlamaContext
  /** Lets its adapter go. */
  readonly unpin: () => void
  readonly sequence: ReturnType<LlamaContext['getSequence']>
}

interface Mind {
  readonly native: Native
  readonly llama: Llama
  readonly model: LlamaModel
  readonly loaded: LoadedModel
  readonly chunk: number
  readonly encoder: Encoder
  readonly table: TokenTable
  readonly unsaid: TokenBias
  readonly swaps: Swaps<Cache>
  readonly slots: Slots<Cache>
  readonly grammars: Recent<LlamaGrammarEvaluationState>
}

const aborts = new Map<number, AbortController>()
let mind: Mind | undefined

const say = (message: FromProcess): void => {
  process.send?.(message, () => {})
}

// The engine is gone and no answer has a reader. Native threads may be at work, so nothing is taken down in order.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// A signal to the whole group (ctrl-C in a terminal) is the engine's to answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

process.on('message', (message: ToProcess) => {
  switch (message.kind) {
    case 'load':
      void load(message.options).then(
        (ready) => say(ready),
        (thrown: unknown) => say({ kind: 'refused', failure: failureOf(thrown) }),
      )
      break
    case 'infer':
      void serve(message.id, message.request, message.stream).then(
        (result) => say({ kind: 'done', id: message.id, result }),
        (thrown: unknown) => say({ kind: 'failed', id: message.id, failure: failureOf(thrown) }),
      )
      break
    case 'prepare':
      void prepare(message.adapter).then(
        (swap) => say({ kind: 'prepared', id: message.id, swap }),
        (thrown: unknown) => say({ kind: 'failed', id: message.id, failure: failureOf(thrown) }),
      )
      break
    case 'abort':
      aborts.get(message.id)?.abort()
      break
    case 'stop':
      void (mind?.llama.dispose() ?? Promise.resolve()).finally(() => process.exit(0))
      break
  }
})

// Loading

async function load(options: LoadOptions): Promise<FromProcess> {
  const { header, contextLength, parameters } = validateModel(options.modelPath)
  const native = await import('node-llama-cpp').catch(unavailable)
  const llama = await startLlama(native, options)
  const [digest, model] = await Promise.all([
    digestOfFile(options.modelPath, options.known),
    loadModel(llama, options),
  ])
  const contextSize = Math.min(options.contextSize, contextLength)
  const adapters = new LoadedAdapters(header, {
    model: digest.sha256,
    native: nativeAdapters(model),
    budget: options.adapterBytes,
  })
  const slots = new Slots<Cache>({
    parallel: options.parallel,
    chunk: options.batchSize,
    make: async (key) => {
      const context = await model.createContext({
        contextSize,
        batchSize: options.batchSize,
        sequences: 1,
        threads: llama.gpu ? options.threads : { ideal: options.threads, min: options.threads },
        // On a CPU flash attention is slower, for small heads by several times.
        flashAttention: llama.gpu ? 'auto' : false,
        failedCreationRemedy: false,
      })
      try {
        const bare = { context, sequence: context.getSequence(), unpin: () => {} }
        return await turned(bare, adapters, key)
      } catch (thrown) {
        await context.dispose()
        throw thrown
      }
    },
    turn: async (cache, key) => {
      await cache.sequence.clearHistory()
      return turned(cache, adapters, key)
    },
    dispose: async ({ context, unpin }) => {
      await context.dispose()
      unpin()
    },
  })
  // The first context shows what one takes, and makes the next ones of its shape quick.
  const { slot: first } = await slots.acquire('', []).catch(unavailable)
  const { ram, vram } = first.context.context.memoryUsage
  slots.most = Math.max(1, Math.floor(options.contextBytes / Math.max(1, vram || ram)))
  const loaded = {
    path: options.modelPath,
    sha256: digest.sha256,
    parameters,
    contextSize: Math.min(contextSize, first.context.context.contextSize),
  }
  slots.release(first)
  const table = {
    tokens: textsOf(header, 'tokenizer.ggml.tokens')!,
    types: numbersOf(header, 'tokenizer.ggml.token_type'),
  }
  const swaps = new Swaps({ slots, adapters, onChange: (tiers) => say({ kind: 'tiers', tiers }) })
  mind = {
    ...{ native, llama, model, loaded, chunk: options.batchSize, table, slots, swaps },
    encoder: encoderOf(model, table),
    unsaid: unsaidTokens(native, model, table),
    grammars: new Recent(64),
  }
  const gpu: GpuState | false = llama.gpu && { type: llama.gpu, layers: model.gpuLayers }
  return { kind: 'ready', model: loaded, gpu, digest }
}

async function startLlama(native: Native, { gpu, threads }: LoadOptions): Promise<Llama> {
  const llama = await native
    .getLlama({
      gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: threads,
      logLevel: native.LlamaLogLevel.warn,
      logger: (_, line) => noteNativeLine(line),
    })
    .catch(unavailable)
  if (gpu === 'auto' || gpu === llama.gpu) return llama
  throw new BatError('E_ENGINE_UNAVAILABLE', { reason: `the GPU asked for, ${gpu}, is not there` })
}

async function loadModel(llama: Llama, { modelPath, known }: LoadOptions): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath, checkTensors: !known })
  } catch (cause) {
    throw new BatError('E_MODEL_INVALID', { file: modelPath, problem: await nativeReason(cause) }, { cause })
  }
}

/** Where the library keeps its adapters; an empty map of our own when it does so in another way. */
function nativeAdapters(model: LlamaModel): NativeAdapters {
  const { _loraAdapters } = model as unknown as { readonly _loraAdapters?: unknown }
  return _loraAdapters instanceof Map ? (_loraAdapters as NativeAdapters) : new Map()
}

/** The library's own way of giving a context its adapters, which it does not document (in 3.22). */
interface Adaptable {
  _setLoras(files: readonly AdapterFile[]): Promise<void>
}

/** The cache with the adapter of this key in place of the one it had. */
async function turned(cache: Cache, adapters: LoadedAdapters, key: string): Promise<Cache> {
  const unpin = adapters.pin(key)
  const files = adapters.filesOf(key)
  try {
    await (cache.context as unknown as Adaptable)._setLoras(files)
  } catch (cause) {
    unpin()
    throw new BatError(
      'E_ADAPTER_INVALID',
      { file: files[0]?.filePath, problem: await nativeReason(cause) },
      { cause },
    )
  }
  cache.unpin()
  return { ...cache, unpin }
}

function encoderOf(model: LlamaModel, { tokens }: TokenTable): Encoder {
  const ids = new Map(tokens.map((token, id) => [token, id]))
  return { encode: (text) => model.tokenize(text, false), special: (token) => ids.get(token)! }
}

/** Control tokens other than ends: as text they could only deceive. */
function unsaidTokens(native: Native, model: LlamaModel, table: TokenTable): TokenBias {
  const bias = native.TokenBias.for(model)
  for (let id = 0; id < table.tokens.length; id++) {
    const token = id as Token
    if (isControl(table, id) && !model.isEogToken(token)) bias.set(token, 'never')
  }
  return bias
}

// Serving

async function prepare(adapter: Adapter): Promise<Swap> {
  if (!mind) throw new BatError('E_NO_MODEL', { reason: 'it is not loaded' })
  return mind.swaps.prepare(adapter)
}

async function serve(id: number, request: InferRequest, stream: boolean): Promise<InferResult> {
  const began = performance.now()
  if (!mind) throw new BatError('E_NO_MODEL', { reason: 'it is not loaded' })
  const abort = new AbortController()
  const pieces = makePieceStream(
    (text) => say({ kind: 'token', id, text }),
    () => performance.now(),
  )
  aborts.set(id, abort)
  try {
    const tokens = encodePrompt(mind.encoder, request.messages, request.prefill)
    const { maxTokens } = request
    const limit = mind.loaded.contextSize
    if (tokens.length + maxTokens > limit)
      throw new BatError('E_PROMPT_TOO_LONG', { tokens: tokens.length, maxTokens, limit })
    const grammar = request.grammar === undefined ? undefined : await grammarOf(mind, request.grammar)
    const { slot, swap } = await mind.swaps.take(request.adapter, tokens)
    try {
      const { firstTokenAt, ...answer } = await generate(mind, slot, tokens, request, {
        grammar,
        signal: abort.signal,
        onText: (text) => stream && pieces.push(text),
      })
      pieces.end()
      mind.slots.release(slot)
      return {
        ...answer,
        tokensIn: tokens.length,
        durationMs: performance.now() - began,
        firstTokenMs: firstTokenAt - began,
        model: mind.loaded.sha256,
        ...(request.adapter && { adapter: request.adapter.sha256, swap }),
        seed: request.seed,
      }
    } catch (thrown) {
      if (thrown === abort.signal.reason) mind.slots.release(slot)
      else await mind.slots.drop(slot)
      throw thrown
    }
  } finally {
    aborts.delete(id)
  }
}

interface Generation {
  readonly grammar: LlamaGrammarEvaluationState | undefined
  readonly signal: AbortSignal
  readonly onText: (text: string) => void
}

async function generate(
  { chunk, table, unsaid }: Mind,
  slot: Slot<Cache> & { context: Cache },
  tokens: number[],
  request: InferRequest,
  { grammar, signal, onText }: Generation,
) {
  const { sequence } = slot.context
  const tokensReused = await evaluatePrompt(slot, tokens, chunk, signal)
  const text = new TokenText(table)
  let said = ''
  let tokensOut = 0
  let firstTokenAt = performance.now()
  let ended = true
  const rest = tokens.slice(slot.evaluated) as Token[]
  const drawn = sequence.evaluate(rest, {
    temperature: request.temperature,
    seed: request.seed,
    topK: request.topK ?? 40,
    topP: 1,
    minP: request.minP ?? 0,
    tokenBias: unsaid,
    ...(grammar && { grammarEvaluationState: grammar }),
  })
  for await (const token of drawn) {
    if (tokensOut === 0) firstTokenAt = performance.now()
    signal.throwIfAborted()
    tokensOut++
    const piece = text.push(token)
    said += piece
    onText(piece)
    if (tokensOut < request.maxTokens) continue
    ended = false
    break
  }
  const last = text.end()
  onText(last)
  const stopReason = !ended ? 'maxTokens' : grammar ? 'grammar' : 'eog'
  // The end of the answer is drawn like any other token.
  if (ended) tokensOut++
  return { text: said + last, tokensReused, tokensOut, firstTokenAt, stopReason } as const
}

/** Brings the slot to hold all whole chunks of the prompt but the last tokens; how many it held already. */
async function evaluatePrompt(
  slot: Slot<Cache> & { context: Cache },
  tokens: number[],
  chunk: number,
  signal: AbortSignal,
): Promise<number> {
  const { sequence } = slot.context
  const reused = mind!.slots.reusable(slot, tokens)
  slot.evaluated = reused
  slot.tokens = tokens
  await sequence.eraseContextTokenRanges([{ start: reused, end: sequence.nextTokenIndex }])
  while (slot.evaluated + chunk < tokens.length) {
    signal.throwIfAborted()
    const part = tokens.slice(slot.evaluated, slot.evaluated + chunk)
    await sequence.evaluateWithoutGeneratingNewTokens(part as Token[])
    slot.evaluated += chunk
  }
  signal.throwIfAborted()
  return reused
}

/** A fresh state of the grammar; the parsed one is kept and copied. */
async function grammarOf({ native, llama, model, grammars }: Mind, text: string) {
  const parsed = await grammars.get(text, async () => {
    try {
      const grammar = await llama.createGrammar({ grammar: text })
      return new native.LlamaGrammarEvaluationState({ model, grammar })
    } catch (cause) {
      throw new BatError('E_GRAMMAR', { reason: await nativeReason(cause) }, { cause })
    }
  })
  return parsed.clone()
}
