// One row of a benchmark: what was measured, ours and its peer's in the same run, and whether the goal was reached.

export interface Row {
  readonly what: string
  readonly ours: number
  readonly peer: number
  readonly ratio: number
  readonly goal: string
  readonly ok: boolean
}

export interface BenchOptions {
  /** Less of everything, for a first look; benchmarks that are short anyway do not heed it. */
  readonly quick: boolean
}

/** A row whose goal is about the ratio or about our own figure. */
export function row(
  what: string,
  ours: number,
  peer: number,
  goal: string,
  isReached: (row: { ours: number; ratio: number }) => boolean,
): Row {
  const ratio = ours / peer
  return {
    what,
    ours: round(ours),
    peer: round(peer),
    ratio: round(ratio),
    goal,
    ok: isReached({ ours, ratio }),
  }
}

const round = (number: number): number => Number(number.toPrecision(4))

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
