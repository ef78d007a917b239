// The log of a process: one JSON object a line. The few lines that a kernel writes go out at once, so that its last words
// are there whatever ends it; what is written often (the audit trail) has a destination of its own.
import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** A logger that writes to the file descriptor `fd`. */
export const openLog = (level: string, fd: number): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd, sync: true }))
