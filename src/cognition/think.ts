// Asking the mind, from inside a thought: every call is observed whole, request and answer. One that was lost with the
// inference process is made again as it was: a seeded call has the same answer the second time. One whose answer is not of the
// form asked for, from a server that takes no grammar, is drawn again with another seed, and warm: the same again would be
// answered the same.
import { createHash } from 'node:crypto'
import { BatError } from '../base/errors.ts'
import type { InferRequest, InferResult } from '../mind/engine.ts'
import { promptText } from '../mind/infer-request.ts'
import type { Observation } from './observation.ts'

export type Think = (
  request: InferRequest,
  options: {
    readonly signal: AbortSignal
    readonly observe: (observation: Observation) => void
    readonly stream?: boolean
  },
) => Promise<InferResult>

/** One more than the deaths that quarantine an adapter: then the persona thinks without it. */
const TRIES = 4
const WARM = 0.7
/** Farther than any seed that a draft is given (drafting.ts). */
const SEED_STEP = 1_000_000

/** Makes a `Think` of an engine's `infer`. */
export function makeThink(
  infer: (
    request: InferRequest,
    options: { signal: AbortSignal; onToken?: (text: string) => void },
  ) => Promise<InferResult>,
): Think {
  return async (asked, { signal, observe, stream = false }) => {
    const onToken = stream ? { onToken: (text: string) => observe({ kind: 'token', text }) } : {}
    let request = asked
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await infer(request, { signal, ...onToken })
        observe({ kind: 'call', request, result })
        return result
      } catch (thrown) {
        const code = thrown instanceof BatError ? thrown.code : undefined
        if (attempt === TRIES || signal.aborted) throw thrown
        if (code === 'E_ENGINE_LOST' || code === 'E_SERVER_LOST')
          observe({ kind: 'waiting', reason: 'the model is being reached again' })
        else if (code === 'E_ANSWER_FORM') {
          observe({ kind: 'waiting', reason: 'the answer was not of the form asked for; it is drawn again' })
          const temperature = Math.max(WARM, asked.temperature)
          request = { ...asked, temperature, seed: asked.seed + attempt * SEED_STEP }
        } else throw thrown
      }
    }
  }
}

export const promptHash = (request: InferRequest): string =>
  createHash('sha256').update(promptText(request)).digest('hex')
