// What a request must be before it is sent to the model's process. The numbers matter: a seed of 2^32 - 1 means "any"
// to llama.cpp, and an answer could then not be made again.
import { BatError } from '../base/errors.ts'
import type { InferRequest } from './engine-messages.ts'

const largestSeed = 0xffff_fffe

/** An error that names what is wrong with the request, or undefined. */
export function requestProblem(request: InferRequest): BatError | undefined {
  const { messages, maxTokens, temperature, seed, topK = 0, minP = 0, adapter, grammar, schema } = request
  const isWhole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most
  if (messages.length === 0) return refusal('messages', 'must not be empty')
  if (!isWhole(maxTokens, 1, 1 << 24)) return refusal('maxTokens', 'must be a whole number from 1')
  if (!isWhole(seed, 0, largestSeed))
    return refusal('seed', `must be a whole number from 0 to ${largestSeed}`)
  if (!(temperature >= 0 && temperature <= 100)) return refusal('temperature', 'must be from 0 to 100')
  if (!isWhole(topK, 0, 1 << 24)) return refusal('topK', 'must be a whole number')
  if (!(minP >= 0 && minP <= 1)) return refusal('minP', 'must be from 0 to 1')
  if (adapter && !Number.isFinite(adapter.scale)) return refusal('adapter.scale', 'must be a number')
  if (schema && grammar === undefined)
    return refusal('grammar', 'is missing: a schema alone would be passed over by engines that take grammars')
  return undefined
}

const refusal = (path: string, problem: string) => new BatError('E_INFER_REQUEST', { path, problem })

/** The whole prompt as one text, for people. */
export const promptText = ({ messages, prefill = '' }: InferRequest): string =>
  [...messages.map(({ role, content }) => `${role}: ${content}`), `assistant: ${prefill}`].join('\n')
