/** How far long work has come: one report of many. */
export interface Progress {
  /** What is being done, in a few words: `records read`. */
  readonly what: string
  readonly done: number
  /** Of how many; absent where that is not known. */
  readonly total?: number
  /** What is counted; pieces unless it is bytes. */
  readonly unit?: 'bytes'
  /** Something to tell at once, on a line of its own, instead of the rest. */
  readonly note?: string
}
