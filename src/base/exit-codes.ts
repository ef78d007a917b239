// What a process says by the number it ends with. The small ones are a shell's custom, the rest are those of BSD's
// sysexits.h, which systemd knows by name too. A supervisor goes by them: what would fail the same way again is not
// started again.
import type { BatError, ErrorCode } from './errors.ts'

export const EXIT = {
  ok: 0,
  /** What was asked was done, and its answer is no. */
  failed: 1,
  usage: 2,
  /** Something it needs belongs to somebody else: the port, the image. */
  unavailable: 69,
  /** A defect: an error that nobody foresaw. */
  software: 70,
  cannotCreate: 73,
  /** It may go well the next time. */
  temporary: 75,
  noPermission: 77,
  config: 78,
} as const

const OF_CODE: Partial<Record<ErrorCode | (string & {}), number>> = {
  E_USAGE: EXIT.usage,
  E_CONFIG: EXIT.config,
  E_ENDPOINT: EXIT.config,
  E_KEYS: EXIT.noPermission,
  E_HOME: EXIT.cannotCreate,
  E_PORT_IN_USE: EXIT.unavailable,
  E_IMAGE_LOCKED: EXIT.unavailable,
  E_IMAGE_FOREIGN: EXIT.config,
  E_IMAGE_VERSION: EXIT.config,
  E_STEWARD_RUNNING: EXIT.unavailable,
  E_INTERNAL: EXIT.software,
}

/** The exit code that a process ends with because of `error`. */
export const exitCodeOf = (error: BatError): number =>
  OF_CODE[error.code] ?? (error.retryable ? EXIT.temporary : EXIT.failed)

const FINAL: ReadonlySet<number> = new Set([
  EXIT.usage,
  EXIT.unavailable,
  EXIT.cannotCreate,
  EXIT.noPermission,
  EXIT.config,
])

/** Whether a process that ended with `code` would end with it again: its surroundings must change first. */
export const isFinal = (code: number | null): boolean => code !== null && FINAL.has(code)
