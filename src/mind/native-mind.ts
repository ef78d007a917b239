// What the inference process holds of a model: the native library, the model itself, its tokens, the caches it thinks in and the
// adapters they are given. The only file that knows node-llama-cpp.
import type {
  Llama,
  LlamaContext,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token,
  TokenBias,
} from 'node-llama-cpp'
import { BatError } from '../base/errors.ts'
import type { AdapterTiers, GpuChoice, GpuState, LoadedModel, LoadOptions } from './engine-messages.ts'
import { digestOfFile, type FileDigest } from './file-digest.ts'
import { numbersOf, textsOf } from './gguf.ts'
import type { Encoder } from './llama-chat.ts'
import { type AdapterFile, LoadedAdapters, type NativeAdapters } from './loaded-adapters.ts'
import { nativeReason, noteNativeLine, unavailable } from './native-failures.ts'
import { Recent } from './recent.ts'
import { Slots } from './slots.ts'
import { Swaps } from './swaps.ts'
import { isControl, type TokenTable } from './token-text.ts'
import { validateModel } from './validate-model.ts'

export type { LlamaGrammarEvaluationState as Grammar, Token } from 'node-llama-cpp'

type Native = typeof import('node-llama-cpp')

/** A context with its only sequence. */
export interface Cache {
  readonly context: LlamaContext
  /** Lets its adapter go. */
  readonly unpin: () => void
  readonly sequence: ReturnType<LlamaContext['getSequence']>
}

export interface Mind {
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

/** Loads a model; `onTiers` is told whenever contexts of adapters came or went. Throws E_MODEL_INVALID, E_ENGINE_UNAVAILABLE. */
export async function openMind(
  options: LoadOptions,
  onTiers: (tiers: AdapterTiers) => void,
): Promise<{ readonly mind: Mind; readonly gpu: GpuState | false; readonly digest: FileDigest }> {
  const { header, contextLength, parameters } = validateModel(options.modelPath)
  const native = await import('node-llama-cpp').catch(unavailable)
  const llama = await startLlama(native, options)
  const digesting = digestOfFile(options.modelPath, options.known)
  const isSame = options.known !== undefined && (await digesting).sha256 === options.known.sha256
  const [digest, model] = await Promise.all([
    digesting,
    loadModel(llama, options.modelPath, { checkTensors: !isSame }),
  ])
  refuseWithoutRoom(options.gpu, model.gpuLayers)
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
  const swaps = new Swaps({ slots, adapters, onChange: onTiers })
  const mind = {
    ...{ native, llama, model, loaded, chunk: options.batchSize, table, slots, swaps },
    encoder: encoderOf(model, table),
    unsaid: unsaidTokens(native, model, table),
    grammars: new Recent<LlamaGrammarEvaluationState>(64),
  }
  const gpu: GpuState | false = llama.gpu && { type: llama.gpu, layers: model.gpuLayers }
  return { mind, gpu, digest }
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

/** The library runs a model for which a GPU has no room on the CPU without a word. */
function refuseWithoutRoom(gpu: GpuChoice, layers: number): void {
  if (gpu === false || gpu === 'auto' || layers > 0) return
  const reason = `the GPU asked for, ${gpu}, has no room for a single layer of the model`
  throw new BatError('E_ENGINE_UNAVAILABLE', { reason })
}

async function loadModel(
  llama: Llama,
  modelPath: string,
  { checkTensors }: { readonly checkTensors: boolean },
): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath, checkTensors })
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

/** A fresh state of the grammar; the parsed one is kept and copied. */
export async function grammarOf({ native, llama, model, grammars }: Mind, text: string) {
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
