// Trains a byte-level vocabulary on text (Sennrich et al. 2016): the most frequent pair of neighbouring symbols
// becomes a symbol, again and again. Two rules keep copying easy for a small model, which matters more than short
// sequences: digits are never joined with anything, and a sign or space is never joined with letters, so that a name
// has the same tokens wherever it stands (`self.count`, ` count`, `(count`). Words of a short list may take a leading
// space or sign.
import { byteAlphabet, splitWords, symbolsOf, type Vocabulary } from '../mind/bpe.ts'
import { llamaSpecialTokens } from '../mind/llama-chat.ts'

export interface BpeTrainingOptions {
  /** Tokens in all, bytes and special tokens included. */
  readonly size: number
  /** Words that may be joined with the space or sign before them. */
  readonly keywords: ReadonlySet<string>
}

interface Word {
  symbols: string[]
  readonly count: number
}

/** The vocabulary for the texts; smaller than `size` only when nothing is left to join, filled up then with unused tokens. */
export function trainBpe(texts: Iterable<string>, { size, keywords }: BpeTrainingOptions): Vocabulary {
  const words = countWords(texts)
  const pairs = new PairCounts(words)
  const tokens: string[] = [...byteAlphabet]
  const merges: string[] = []
  const known = new Set(tokens)
  const wanted = size - llamaSpecialTokens.length
  while (tokens.length < wanted) {
    const pair = pairs.best((left, right) => isAllowed(left, right, keywords))
    if (!pair) break
    pairs.join(pair)
    merges.push(pair)
    const joined = pair.replace(' ', '')
    if (!known.has(joined)) tokens.push(joined)
    known.add(joined)
  }
  for (let i = 0; tokens.length < wanted; i++) tokens.push(`<|unused_${i}|>`)
  return { tokens: [...tokens, ...llamaSpecialTokens], merges, special: [...llamaSpecialTokens] }
}

function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>()
  for (const text of texts) for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => ({ symbols: symbolsOf(word), count }))
}

const letters = /^[A-Za-z]+$/
const signs = /^[^A-Za-z0-9]+$/

// Bytes of other scripts count as signs by their characters here, except that they are joined among themselves only.
function isAllowed(left: string, right: string, keywords: ReadonlySet<string>): boolean {
  if (/\d/.test(left) || /\d/.test(right)) return false
  if (letters.test(left) && letters.test(right)) return true
  if (signs.test(left) && signs.test(right)) return true
  return signs.test(left) && keywords.has(right)
}

// How often each pair of neighbours stands in the words, kept up to date while pairs are joined.
class PairCounts {
  readonly #words: readonly Word[]
  readonly #counts = new Map<string, number>()
  readonly #places = new Map<string, Set<number>>()

  constructor(words: readonly Word[]) {
    this.#words = words
    words.forEach((_, at) => {
      this.#count(at, 1)
    })
  }

  /** The most frequent pair that is allowed; the first in alphabetical order among equals. At least two of it. */
  best(allowed: (left: string, right: string) => boolean): string | undefined {
    let best: string | undefined
    let most = 1
    for (const [pair, count] of this.#counts) {
      if (count < most || (count === most && (best === undefined || pair > best))) continue
      const [left, right] = pair.split(' ') as [string, string]
      if (!allowed(left, right)) continue
      best = pair
      most = count
    }
    return best
  }

  join(pair: string): void {
    const [left, right] = pair.split(' ') as [string, string]
    for (const at of [...(this.#places.get(pair) ?? [])]) {
      const word = this.#words[at]!
      this.#count(at, -1)
      const joined: string[] = []
      for (let i = 0; i < word.symbols.length; i++) {
        const here = word.symbols[i]!
        if (here === left && word.symbols[i + 1] === right) joined.push(left + word.symbols[++i]!)
        else joined.push(here)
      }
      word.symbols = joined
      this.#count(at, 1)
    }
  }

  #count(at: number, sign: 1 | -1): void {
    const { symbols, count } = this.#words[at]!
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`
      const now = (this.#counts.get(pair) ?? 0) + sign * count
      if (now === 0) this.#counts.delete(pair)
      else this.#counts.set(pair, now)
      const places = this.#places.get(pair) ?? new Set()
      if (sign === 1) this.#places.set(pair, places.add(at))
      else places.delete(at)
    }
  }
}
