// Scoring: every example is asked once, in order, with its own seed, and each answer is right or wrong. The same examples
// asked of the same model and adapter give the same score, so that two scores are compared answer by answer.
import type { Adapter, InferRequest, InferResult } from '../mind/engine-messages.ts'
import type { Example } from './examples.ts'

export interface Answer {
  readonly id: string
  readonly seed: number
  readonly right: boolean
}

export type Judge = (example: Example, text: string) => Promise<boolean>

export interface Scoring {
  readonly infer: (
    request: InferRequest,
    options: { readonly signal: AbortSignal },
  ) => Promise<Pick<InferResult, 'text'>>
  readonly judge: Judge
  /** Whom it is about: the model with this adapter, or as it is. */
  readonly adapter?: Adapter
  readonly signal: AbortSignal
  /** Told after each answer. */
  readonly onAnswer?: (answer: Answer) => void
}

/** What became of each example. Throws what `infer` and `judge` throw: an answer that cannot be had is not a wrong one. */
export async function score(
  examples: readonly Example[],
  { infer, judge, adapter, signal, onAnswer }: Scoring,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const example of examples) {
    signal.throwIfAborted()
    const request = adapter === undefined ? example.request : { ...example.request, adapter }
    const { text } = await infer(request, { signal })
    const answer = { id: example.id, seed: request.seed, right: await judge(example, text) }
    answers.push(answer)
    onAnswer?.(answer)
  }
  return answers
}
