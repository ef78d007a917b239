// Counters and durations of the running kernel, in memory: how often, and how long (the newest 1,024 of each kind).

const KEPT = 1024

export class Metrics {
  readonly #counts = new Map<string, number>()
  readonly #durations = new Map<string, { values: Float64Array; written: number }>()

  count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  /** Notes that one `name` took so many milliseconds. */
  time(name: string, milliseconds: number): void {
    const ring = this.#durations.get(name) ?? { values: new Float64Array(KEPT), written: 0 }
    this.#durations.set(name, ring)
    ring.values[ring.written++ % KEPT] = milliseconds
  }

  /** Counts by name, and for each duration its number, median, 95th percentile and maximum in milliseconds. */
  summary() {
    const durations = [...this.#durations].map(([name, { values, written }]) => {
      const sorted = values.slice(0, Math.min(written, KEPT)).sort()
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
      return [name, { count: written, p50_ms: at(0.5), p95_ms: at(0.95), max_ms: sorted.at(-1)! }] as const
    })
    return { counts: Object.fromEntries(this.#counts), durations: Object.fromEntries(durations) }
  }
}
