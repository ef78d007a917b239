// How the seed mind is made: everything that a run depends on. A run is so many steps over so many documents, each step over
// the same rows however many threads share them, so that another machine makes the same model but for the last bits of the
// arithmetic.
export const RECIPE = {
  seed: 1,
  /** About as many as the run reads, so that none comes twice. */
  documents: 340_000,
  size: 'base',
  course: 'first',
  steps: 10_500,
  /** Rows of a step, and tokens of a row; longer documents are left out. */
  rows: 12,
  length: 256,
  rate: 0.004,
  /** Documents that the tokenizer is made from. */
  tokenizerDocuments: 15_000,
} as const

/** `wide` is the largest that fits in 16 MB with numbers of 32 bits; `base` is the size of the first seed mind. */
export const SIZES = {
  small: { vocabulary: 768, width: 64, layers: 2, heads: 2, kvHeads: 1, feedForward: 128 },
  base: { vocabulary: 1280, width: 192, layers: 5, heads: 3, kvHeads: 1, feedForward: 512 },
  wide: { vocabulary: 1280, width: 256, layers: 5, heads: 4, kvHeads: 1, feedForward: 640 },
} as const

/** Words that keep one token with the space or sign before them. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  'return self const let if for of new null true false length map filter join changed user assistant system'.split(
    ' ',
  ),
)
