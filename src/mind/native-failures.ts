// What the native library has to say when something fails: its errors are plain and say little ("Failed to load
// model"), the cause stands in its log, whose last lines are kept here.
import { BatError, batErrorOf } from '../base/errors.ts'
import type { Failure } from './engine-messages.ts'

const lines: string[] = []

/** Takes a line of the native log. */
export function noteNativeLine(line: string): void {
  lines.push(line.trim())
  if (lines.length > 8) lines.shift()
}

const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

/** For failures that have nothing to do with the model. */
export function unavailable(cause: unknown): never {
  throw new BatError('E_ENGINE_UNAVAILABLE', { reason: reasonOf(cause) }, { cause })
}

/** The message of a native failure with the last lines of the native log, which come a moment later. */
export async function nativeReason(thrown: unknown): Promise<string> {
  await new Promise((resolve) => setImmediate(resolve))
  return [reasonOf(thrown), ...lines.slice(-3)].join('; ')
}

/** A failure as it is told to the engine. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof BatError) return { code: thrown.code, details: thrown.details }
  if (thrown instanceof DOMException) return { code: 'E_ENGINE_FAILED', details: { reason: thrown.message } }
  return { code: 'E_ENGINE_FAILED', details: { reason: batErrorOf(thrown).details.reason } }
}
