// A conflict is nobody's fault and nobody's question: what another transaction overtook is done over, on what is there then.
import { BatError } from '../base/errors.ts'

export interface RetryOptions {
  /** How often at most, the first time included. */
  readonly tries: number
  /** Is told of each conflict after which `work` is done over. */
  readonly onConflict?: (() => void) | undefined
}

/** Does `work`, and over again when it ends in E_CONFLICT; the last conflict is thrown, as any other error is. */
export async function despiteConflicts<T>(
  work: () => Promise<T>,
  { tries, onConflict }: RetryOptions,
): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'E_CONFLICT' || left <= 1) throw error
      onConflict?.()
    }
  }
}
