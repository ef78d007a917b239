// The log of a process: one JSON object a line, written off the event loop.
import { type DestinationStream, pino } from 'pino'

export type { Logger } from 'pino'

/** A logger that writes to the file descriptor `fd`; `flush` before the process ends. */
export function openLog(level: string, fd: number) {
  const destination = pino.destination({ fd, sync: false })
  const log = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination as DestinationStream,
  )
  return { log, flush: () => new Promise<void>((resolve) => destination.flush(() => resolve())) }
}
