// A watch that misses nothing that was committed: over a dropped message, a cut line or a kernel that was killed and started
// again. The kernel tells every transaction with the number of the one told before it; whoever sees that it has missed one
// asks for what came after the last it saw, and so does the client of itself whenever it asks again.
import { BatError } from '../base/errors.ts'
import { numberOf, type Tid } from '../base/ids.ts'
import type { Client } from './client.ts'
import type { Change, ProgressAnswer, RequestBody } from './messages.ts'

export interface WatchOptions {
  /** Everything up to this transaction was seen; from now on when absent. */
  readonly since?: Tid
  /** Ends the watch. */
  readonly signal?: AbortSignal
  /** Every transaction, once, in order. */
  readonly onChange?: (change: Change) => void
  /** What cycles do while they run; some of it may be missed. */
  readonly onCycle?: (told: ProgressAnswer) => void
}

/** Watches until the kernel ends it. Rejects with E_ABORTED by its signal, E_PACKED, E_NO_TRANSACTION or E_NO_KERNEL. */
export async function watch(client: Client, options: WatchOptions): Promise<void> {
  const { signal, onChange, onCycle } = options
  let last = options.since
  const body = (): RequestBody => ({
    command: 'subscribe',
    options: last === undefined ? {} : { since: last },
  })
  for (;;) {
    const missed = new AbortController()
    const onEvent = (told: ProgressAnswer) => {
      const event = told.kind === 'status' ? told.event : undefined
      if (event?.kind === 'watching') last ??= event.transaction
      else if (event?.kind === 'change') {
        last ??= event.after
        if (numberOf(last) < numberOf(event.after)) missed.abort()
        else if (numberOf(last) < numberOf(event.transaction)) {
          last = event.transaction
          onChange?.(event)
        }
      } else onCycle?.(told)
    }
    const either = signal === undefined ? missed.signal : AbortSignal.any([signal, missed.signal])
    try {
      await client.request(body(), { renew: body, onEvent, signal: either })
      return
    } catch (error) {
      const again = missed.signal.aborted || (error instanceof BatError && error.code === 'E_WATCH_LOST')
      if (!again || signal?.aborted) throw error
    }
  }
}
