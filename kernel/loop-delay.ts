// How late the event loop runs what is due: Node's own histogram, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface LoopDelay {
  /** Percentiles since the start or the last reset. */
  read(): { readonly p50_ms: number; readonly p99_ms: number; readonly max_ms: number }
  reset(): void
  stop(): void
}

const RESOLUTION_MS = 2

export function watchLoop(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
  return {
    read: () => ({
      p50_ms: late(histogram.percentile(50)),
      p99_ms: late(histogram.percentile(99)),
      max_ms: late(histogram.max),
    }),
    reset: () => histogram.reset(),
    stop: () => void histogram.disable(),
  }
}
