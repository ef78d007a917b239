// Texts of tokens as they come. A token of a byte-level vocabulary may end in the middle of a character, so its bytes
// go through a decoder that keeps the unfinished rest; what the pieces say together is exactly the text of all the
// bytes. Control tokens have no text.
import { byteAlphabet } from './bpe.ts'

const byteOf = new Map(byteAlphabet.map((character, byte) => [character, byte]))
const normal = 1
const control = 3

export interface TokenTable {
  /** Text of each id, in the alphabet of bytes for normal tokens. */
  readonly tokens: readonly string[]
  /** Kind of each id by llama.cpp's numbers; absent means all are normal. */
  readonly types?: readonly number[]
}

/** Whether a token is a mark (beginning, end, role) and not text. */
export const isControl = ({ types }: TokenTable, id: number): boolean => types?.[id] === control

/** The bytes that a token stands for. */
export function bytesOfToken({ tokens, types }: TokenTable, id: number): Uint8Array {
  const type = types?.[id] ?? normal
  const token = tokens[id] ?? ''
  if (type === control) return new Uint8Array(0)
  if (type !== normal) return Buffer.from(token, 'utf8')
  return Uint8Array.from(token, (character) => byteOf.get(character) ?? 63)
}

export class TokenText {
  readonly #table: TokenTable
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  constructor(table: TokenTable) {
    this.#table = table
  }

  /** The text that is certain once this token is there; may be empty. */
  push(id: number): string {
    return this.#decoder.decode(bytesOfToken(this.#table, id), { stream: true })
  }

  /** The rest: an unfinished character shows as U+FFFD. */
  end(): string {
    return this.#decoder.decode()
  }
}
