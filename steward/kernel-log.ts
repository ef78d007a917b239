// The kernel's own words. It writes to logs/kernel.log itself (a file, not a pipe through us: it must go on when we die),
// so an overfull file is copied to kernel.log.1 and cut; what is written between the two is lost, nothing else.
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

export const MAX_LOG_BYTES = 8 * 2 ** 20
const TAIL_BYTES = 16 * 1024

export interface KernelLog {
  readonly file: string
  /** A descriptor to append to, for the child; close it when the child has it. */
  open(): number
  /** Cuts the file when it has grown over the limit. */
  rotate(): void
  /** The last lines written since `open`; log records as `level: message`. */
  lastLines(count: number): readonly string[]
}

export function kernelLog(folder: string, limit = MAX_LOG_BYTES): KernelLog {
  const file = join(folder, 'kernel.log')
  let from = 0
  const size = (): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const rotate = (): void => {
    if (size() <= limit) return
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
    from = 0
  }
  return {
    file,
    rotate,
    open: () => {
      mkdirSync(folder, { recursive: true })
      rotate()
      from = size()
      return openSync(file, 'a', 0o600)
    },
    lastLines: (count) => {
      const end = size()
      const start = Math.max(from, end - TAIL_BYTES)
      if (end <= start) return []
      const descriptor = openSync(file, 'r')
      try {
        const bytes = Buffer.alloc(end - start)
        const got = readSync(descriptor, bytes, 0, bytes.length, start)
        const lines = bytes.toString('utf8', 0, got).trimEnd().split('\n')
        return lines.slice(-count).map(readable)
      } finally {
        closeSync(descriptor)
      }
    },
  }
}

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

// The kernel logs JSON records; what is none (a stack of Node itself) is shown as it is.
function readable(line: string): string {
  try {
    const { level, msg, remedy } = JSON.parse(line) as {
      level?: number | string
      msg?: string
      remedy?: string
    }
    if (msg === undefined) return line
    return `${LEVELS[Number(level)] ?? level}: ${msg}${remedy === undefined ? '' : ` (${remedy})`}`
  } catch {
    return line
  }
}
