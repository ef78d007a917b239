// What a row of the score has counted, and how it is told.
export interface Tally {
  readonly right: number
  readonly asked: number
}

export const share = ({ right, asked }: Tally): number => (asked === 0 ? 0 : right / asked)
export const percent = (part: number): string => `${(part * 100).toFixed(1).padStart(5)} %`

/** Counts of one row, whole and by a second name (a family, a kind of question). */
export class Row {
  readonly name: string
  right = 0
  asked = 0
  readonly failures: string[] = []
  readonly #parts = new Map<string, { right: number; asked: number }>()

  constructor(name: string) {
    this.name = name
  }

  /** Counts one case; `failure` describes one that went wrong. */
  count(isRight: boolean, part: string, failure: () => string): void {
    const counts = this.#parts.get(part) ?? { right: 0, asked: 0 }
    this.#parts.set(part, counts)
    counts.asked++
    this.asked++
    if (isRight) {
      counts.right++
      this.right++
    } else this.failures.push(failure())
  }

  /** The parts with failures, the worst first: `maps 3 of 7 wrong`. */
  get worst(): readonly string[] {
    const wrong = ({ right, asked }: Tally) => asked - right
    return [...this.#parts]
      .filter(([, counts]) => wrong(counts) > 0)
      .sort(([, x], [, y]) => wrong(y) - wrong(x))
      .map(([name, counts]) => `${name} ${wrong(counts)} of ${counts.asked}`)
  }
}
