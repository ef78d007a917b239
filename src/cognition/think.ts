// Asking the mind, from inside a thought: every call is observed whole (prompt, answer, tokens, seed, digests), and one
// that was lost with the inference process is made again: a seeded call has the same answer the second time.
import { createHash } from 'node:crypto'
import { BatError } from '../base/errors.ts'
import type { InferRequest, InferResult } from '../mind/engine.ts'
import type { Observation } from './observation.ts'

export type Think = (
  request: InferRequest,
  options: {
    readonly signal: AbortSignal
    readonly observe: (observation: Observation) => void
    readonly stream?: boolean
  },
) => Promise<InferResult>

const TRIES = 3

/** Makes a `Think` of an engine's `infer`. */
export function makeThink(
  infer: (
    request: InferRequest,
    options: { signal: AbortSignal; onToken?: (text: string) => void },
  ) => Promise<InferResult>,
): Think {
  return async (request, { signal, observe, stream = false }) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const onToken = stream ? { onToken: (text: string) => observe({ kind: 'token', text }) } : {}
        const result = await infer(request, { signal, ...onToken })
        observe({
          kind: 'call',
          persona: request.persona ?? '',
          prompt: promptText(request),
          response: result.text,
          tokensIn: result.tokensIn,
          tokensOut: result.tokensOut,
          durationMs: result.durationMs,
          seed: result.seed,
          model: result.model,
          ...(result.adapter === undefined ? {} : { adapter: result.adapter }),
        })
        return result
      } catch (thrown) {
        const lost =
          thrown instanceof BatError && (thrown.code === 'E_ENGINE_LOST' || thrown.code === 'E_SERVER_LOST')
        if (!lost || attempt === TRIES || signal.aborted) throw thrown
        observe({ kind: 'waiting', reason: 'the model is being reached again' })
      }
    }
  }
}

/** The whole prompt as one text, for people. */
export const promptText = ({ messages, prefill = '' }: InferRequest): string =>
  [...messages.map(({ role, content }) => `${role}: ${content}`), `assistant: ${prefill}`].join('\n')

export const promptHash = (request: InferRequest): string =>
  createHash('sha256').update(promptText(request)).digest('hex')
