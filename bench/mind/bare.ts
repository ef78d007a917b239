// The peer of the benchmark `mind`: the shortest loop that draws tokens with bare node-llama-cpp, in a process of its own as
// ours is. Told {modelPath, contextSize, threads} first, then {prompt, grammar, maxTokens, seed} any number of times; says how many
// tokens there were and how long they took.
import { getLlama, LlamaGrammarEvaluationState, LlamaLogLevel } from 'node-llama-cpp'

export interface BareLoad {
  readonly modelPath: string
  readonly contextSize: number
  readonly threads: number
}

export interface BareAsk {
  /** With special tokens written out. */
  readonly prompt: string
  readonly grammar: string
  readonly maxTokens: number
  readonly seed: number
}

export interface BareAnswer {
  readonly tokens: number
  readonly ms: number
  /** Characters of the answer. */
  readonly length: number
}

const say = (answer: BareAnswer | 'ready') => process.send?.(answer)

process.once('message', async ({ modelPath, contextSize, threads }: BareLoad) => {
  const llama = await getLlama({
    ...{ gpu: false, build: 'never', skipDownload: true, maxThreads: threads },
    logLevel: LlamaLogLevel.error,
  })
  const model = await llama.loadModel({ modelPath })
  const context = await model.createContext({ contextSize, sequences: 1, threads, flashAttention: false })
  const sequence = context.getSequence()
  process.on('message', async ({ prompt, grammar: text, maxTokens, seed }: BareAsk) => {
    const began = performance.now()
    const grammar = await llama.createGrammar({ grammar: text })
    const how = { temperature: 0.7, topK: 40, topP: 1, seed }
    const grammarEvaluationState = new LlamaGrammarEvaluationState({ model, grammar })
    await sequence.clearHistory()
    let answer = ''
    let tokens = 0
    for await (const token of sequence.evaluate(model.tokenize(prompt, true), {
      ...how,
      grammarEvaluationState,
    })) {
      answer += model.detokenize([token])
      if (++tokens === maxTokens) break
    }
    say({ tokens, ms: performance.now() - began, length: answer.length })
  })
  say('ready')
})
