// The inference process: the only place where native model code runs, since it may abort. It is told by messages
// (engine-messages.ts) and ends when its engine is gone.
//
// A prompt is a list of token ids put together here: special tokens by id, content as plain text, so that content can
// say nothing but content. It is evaluated in whole chunks of one native batch each (slots.ts says why), looking for
// an abort between them; then token after token is drawn. No special token but the end of the answer is ever drawn.
// Evaluations of several requests take turns at all the threads there are: how the work is split over threads would
// otherwise depend on what else runs, and with it the last bits of the numbers.
import { BatError } from '../base/errors.ts'
import type {
  Adapter,
  FromProcess,
  InferRequest,
  InferResult,
  LoadOptions,
  Swap,
  ToProcess,
} from './engine-messages.ts'
import { encodePrompt } from './llama-chat.ts'
import { failureOf } from './native-failures.ts'
import { type Cache, type Grammar, grammarOf, type Mind, openMind, type Token } from './native-mind.ts'
import { makePieceStream } from './piece-stream.ts'
import type { Slot } from './slots.ts'
import { TokenText } from './token-text.ts'

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

async function load(options: LoadOptions): Promise<FromProcess> {
  const opened = await openMind(options, (tiers) => say({ kind: 'tiers', tiers }))
  mind = opened.mind
  return { kind: 'ready', model: mind.loaded, gpu: opened.gpu, digest: opened.digest }
}

async function prepare(adapter: Adapter): Promise<Swap | undefined> {
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
    const { slot, swap } = await mind.swaps.take(request.adapter, tokens, abort.signal)
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
  readonly grammar: Grammar | undefined
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
