// A large Tree as text is cut into chunks, so that a change to one entry is a change to one small file. Where to cut is
// told by the keys alone: behind a key whose CRC-32 ends in nine zero bits, every 512 entries on average. So an entry that
// is added or taken away changes its own chunk and no other (content-defined chunking; Muthitacharoen et al., LBFS, 2001).
// A chunk is named after the key behind which it begins, the first one `first`: nothing is renamed when another changes.
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Key } from '../keyspace.ts'

export interface Chunk {
  readonly name: string
  /** The text of its first key. */
  readonly from: string
  readonly lines: readonly string[]
}

/** An entry as text, or the mark of one that cannot be read. */
export interface TreeLine {
  readonly key: Key
  readonly label: string
  readonly line: string
}

/** Up to so many entries and characters a Tree is one file. */
const SMALL = 1000
const SMALL_TEXT = 1 << 20
const CUT = (1 << 9) - 1
/** A chunk is cut behind so many entries or characters in any case. */
const MOST = 8192
const MOST_TEXT = 1 << 20

/** Cuts the lines of one Tree, given one after the other, without keeping more than a small Tree of them. */
export class ChunkCutter {
  #held: Chunk[] = []
  #lines: string[] = []
  #name = 'first'
  #from = ''
  #textSize = 0
  #entries = 0
  #text = 0
  #large = false

  /** Takes the next line; answers the chunks that are to be written now. */
  add({ key, label, line }: TreeLine): readonly Chunk[] {
    if (this.#lines.length === 0) this.#from = label
    this.#lines.push(line)
    this.#textSize += line.length
    this.#entries++
    this.#text += line.length
    this.#large ||= this.#entries > SMALL || this.#text > SMALL_TEXT
    const cut = (crc32(key) & CUT) === 0 || this.#lines.length >= MOST || this.#textSize >= MOST_TEXT
    if (cut) {
      this.#close()
      this.#name = createHash('sha256').update(key).digest('hex').slice(0, 16)
    }
    return this.#large ? this.#release() : []
  }

  /** At the end: the chunks that are left to be written, or all lines of a Tree that stayed small. */
  end(): { readonly chunks: readonly Chunk[] } | { readonly small: readonly string[] } {
    this.#close()
    const chunks = this.#release()
    return this.#large ? { chunks } : { small: chunks.flatMap(({ lines }) => lines) }
  }

  #close(): void {
    if (this.#lines.length > 0) this.#held.push({ name: this.#name, from: this.#from, lines: this.#lines })
    this.#lines = []
    this.#textSize = 0
  }

  #release(): Chunk[] {
    const chunks = this.#held
    this.#held = []
    return chunks
  }
}
