// Byte-level byte-pair encoding as Llama 3 does it, so that training sees the very tokens that llama.cpp makes.
// A text is cut into words by a regular expression (llama.cpp's `llama-bpe`); a word becomes one symbol a byte, and
// the pair of neighbours that stands first in the list of merges is joined, again and again.
//
// A vocabulary is written with GPT-2's alphabet: each byte is a printable character (a space is Ġ, a line feed Ċ), so
// that tokens and merges ("Ġ self") are texts. Special tokens (<|eot_id|> …) are ids that no text encodes to:
// `encode` never looks for them, which is what keeps content from speaking as a role.

import { type GgufHeader, numbersOf, textsOf } from './gguf.ts'

export interface Vocabulary {
  /** Text of each id in the alphabet of bytes; special tokens as they are. */
  readonly tokens: readonly string[]
  /** Pairs in the order in which they are joined, each "left right". */
  readonly merges: readonly string[]
  /** Special tokens: a subset of `tokens`. */
  readonly special: readonly string[]
}

/** The vocabulary that a model file carries. */
export function vocabularyOf(header: GgufHeader): Vocabulary {
  const control = 3
  const tokens = textsOf(header, 'tokenizer.ggml.tokens') ?? []
  const kinds = numbersOf(header, 'tokenizer.ggml.token_type') ?? []
  return {
    tokens,
    merges: textsOf(header, 'tokenizer.ggml.merges') ?? [],
    special: tokens.filter((_, id) => kinds[id] === control),
  }
}

/** The character that stands for each byte. */
export const byteAlphabet: readonly string[] = (() => {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

const byteOf = new Map(byteAlphabet.map((character, byte) => [character, byte]))

// llama.cpp writes the first alternative with (?i: …), which Node 20 does not know.
const words =
  /'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu

/** The words of a text, in order; together they are the text. */
export const splitWords = (text: string): readonly string[] => text.match(words) ?? []

/** A word as one symbol a byte. */
export const symbolsOf = (word: string): string[] =>
  [...Buffer.from(word, 'utf8')].map((byte) => byteAlphabet[byte]!)

export class Bpe {
  readonly vocabulary: Vocabulary
  readonly #ids: ReadonlyMap<string, number>
  readonly #ranks: ReadonlyMap<string, number>
  readonly #known = new Map<string, readonly number[]>()

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary
    this.#ids = new Map(vocabulary.tokens.map((token, id) => [token, id]))
    this.#ranks = new Map(vocabulary.merges.map((merge, rank) => [merge, rank]))
  }

  get size(): number {
    return this.vocabulary.tokens.length
  }

  /** The id of a special token. */
  special(token: string): number {
    const id = this.vocabulary.special.includes(token) ? this.#ids.get(token) : undefined
    if (id === undefined) throw new RangeError(`the vocabulary has no special token ${token}`)
    return id
  }

  /** Ids of a text; never a special token. */
  encode(text: string): number[] {
    const ids: number[] = []
    for (const word of splitWords(text)) for (const id of this.#encodeWord(word)) ids.push(id)
    return ids
  }

  /** The text of ids, special tokens as they are written. */
  decode(ids: readonly number[]): string {
    const special = new Set(this.vocabulary.special)
    const bytes: number[] = []
    for (const id of ids) {
      const token = this.vocabulary.tokens[id] ?? ''
      if (special.has(token)) bytes.push(...Buffer.from(token, 'utf8'))
      else for (const character of token) bytes.push(byteOf.get(character) ?? 63)
    }
    return Buffer.from(bytes).toString('utf8')
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#known.get(word)
    if (known) return known
    const symbols = symbolsOf(word)
    // A word that is a token is that token, whatever its merges would lead to.
    const whole = symbols.join('')
    if (this.#ids.has(whole) && !this.vocabulary.special.includes(whole))
      symbols.splice(0, symbols.length, whole)
    for (;;) {
      let best = Number.POSITIVE_INFINITY
      let at = -1
      for (let i = 0; i + 1 < symbols.length; i++) {
        const rank = this.#ranks.get(`${symbols[i]} ${symbols[i + 1]}`)
        if (rank !== undefined && rank < best) {
          best = rank
          at = i
        }
      }
      if (at < 0) break
      symbols.splice(at, 2, symbols[at]! + symbols[at + 1]!)
    }
    const ids = symbols.map((symbol) => this.#ids.get(symbol)!)
    if (this.#known.size > 100_000) this.#known.clear()
    this.#known.set(word, ids)
    return ids
  }
}
