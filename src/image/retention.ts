// Which versions of one object, or of one entry of a Tree, stay when the image is packed. The versions are asked about the
// newest first. All that are younger than the floor stay; so does the one that was valid at it, and older ones until
// `keep` stay in all. A version that takes the thing away, when it is not younger than the floor, ends that: nothing can
// see it or what was before it.
export interface RetentionRule {
  /** The number of the oldest transaction whose state stays visible. */
  readonly floor: number
  /** At least so many of the newest versions stay. */
  readonly keep: number
}

export class Retention {
  readonly #rule: RetentionRule
  #kept = 0
  #reached = false
  #ended = false

  constructor(rule: RetentionRule) {
    this.#rule = rule
  }

  /** Begins again with the newest version of another thing. */
  renew(): void {
    this.#kept = 0
    this.#reached = false
    this.#ended = false
  }

  /** Whether the next older version, made by transaction `tid`, stays; `isGone`: whether it took the thing away. */
  stays(tid: number, isGone: boolean): boolean {
    if (this.#ended) return false
    if (tid > this.#rule.floor || !this.#ends(isGone)) {
      this.#reached ||= tid <= this.#rule.floor
      this.#kept++
      return true
    }
    this.#ended = true
    return false
  }

  /** Whether any version stays, of those asked about. */
  get some(): boolean {
    return this.#kept > 0
  }

  #ends(isGone: boolean): boolean {
    return (this.#reached && this.#kept >= this.#rule.keep) || isGone
  }
}
