// The audit trail: one event a line, appended off the event loop. A writer that is acknowledging something calls
// `flush` first: an asynchronous destination loses its last burst to SIGKILL, and what was acknowledged must be on record.
import { once } from 'node:events'
import { createReadStream, existsSync, statSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import type { Clock } from '../base/clock.ts'
import { BatError } from '../base/errors.ts'
import { uuidV7 } from '../base/ids.ts'
import { type AuditEntry, type AuditEvent, auditEventSchema } from './audit-event.ts'

export interface AuditTrail {
  /** Appends an event. Throws E_AUDIT_EVENT when it is not one. */
  write(entry: AuditEntry): void
  /** Resolves when all events written so far are with the operating system. */
  flush(): Promise<void>
  /** The newest `limit` events, oldest first, of one cycle when `cycle` is given. */
  read(query: { readonly cycle?: string; readonly limit: number }): Promise<AuditEvent[]>
  stop(): Promise<void>
}

/** Opens the trail at `file`, cutting off a line that a crash left half-written. */
export async function openAuditTrail(file: string, clock: Clock): Promise<AuditTrail> {
  await dropTornLine(file)
  const destination = pino.destination({ dest: file, sync: false, mkdir: true, minLength: 4096 })
  if (!existsSync(file)) await once(destination, 'ready')
  const flush = () =>
    new Promise<void>((resolve, reject) => destination.flush((error) => (error ? reject(error) : resolve())))
  return {
    write(entry) {
      const now = clock.now()
      const event = { event_id: uuidV7(now), timestamp: new Date(now).toISOString(), ...entry }
      const checked = auditEventSchema.safeParse(event)
      if (!checked.success) {
        const { path, message } = checked.error.issues[0]!
        throw new BatError('E_AUDIT_EVENT', { path: path.join('.'), problem: message })
      }
      destination.write(`${JSON.stringify(checked.data)}\n`)
    },
    flush,
    async read({ cycle, limit }) {
      await flush()
      const events: AuditEvent[] = []
      for await (const event of readTrail(file)) {
        if (cycle !== undefined && event.cycle_id !== cycle) continue
        events.push(event)
        if (events.length > limit) events.shift()
      }
      return events
    },
    async stop() {
      await flush()
      destination.end()
      await once(destination, 'close')
    },
  }
}

/** The events of a trail, oldest first; a line that is no event is passed over. */
export async function* readTrail(file: string): AsyncGenerator<AuditEvent> {
  if (!existsSync(file)) return
  const lines = createInterface({
    input: createReadStream(file, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  for await (const line of lines) {
    const event = parseLine(line)
    if (event) yield event
  }
}

function parseLine(line: string): AuditEvent | undefined {
  try {
    return auditEventSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

async function dropTornLine(file: string): Promise<void> {
  if (!existsSync(file)) return
  const { size } = statSync(file)
  const handle = await open(file)
  try {
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - 65_536)
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start)
      const newline = buffer.lastIndexOf(10)
      if (newline >= 0) {
        if (start + newline + 1 < size) truncateSync(file, start + newline + 1)
        return
      }
      end = start
    }
    truncateSync(file, 0)
  } finally {
    await handle.close()
  }
}
