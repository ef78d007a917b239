// Reads the values that value-text.ts writes, and the frame around them that a file has. Whatever is wrong is told with the
// file, the line, the column, and what was expected there. Along the way it notes each place that names an object, a Tree or
// a blob, so that whoever loads can see whether it is there.
import { BatError } from '../../base/errors.ts'
import { numberOf, type Oid } from '../../base/ids.ts'
import { type Argument, isSpace, LiteralReader } from '../../base/literals.ts'
import { BlobRef, isPlainObject, Method, Primitive, Ref, TreeRef, type Value } from '../../base/value.ts'
import type { TreeKey } from '../keyspace.ts'
import { BIGINT_DIGITS } from './value-text.ts'

/** A place in a text that names something. */
export interface Mention {
  readonly of: Ref | TreeRef | BlobRef
  /** Offset in the text. */
  readonly at: number
}

const BIGINT = /-?(?:0x[0-9a-fA-F]+|\d+)n/y
const COUNT = /\d+/y
const DIGEST = /^[0-9a-f]{64}$/

export class TextReader extends LiteralReader {
  readonly file: string
  readonly mentions: Mention[] = []
  // the image's own limit, which names the path, comes first
  protected override readonly depthLimit = 1000

  constructor(file: string, text: string) {
    super(text)
    this.file = file
  }

  /** The value that stands here. */
  value(): Value {
    return this.literal(0) as Value
  }

  /** The key of a Tree's entry. */
  treeKey(expected: string): TreeKey {
    const start = this.place
    const key = this.value()
    const isKey =
      typeof key === 'string' ||
      typeof key === 'bigint' ||
      typeof key === 'number' ||
      key instanceof Uint8Array
    return isKey && !Number.isNaN(key) ? key : this.fail(expected, start)
  }

  /** Whether this very word stands here; goes behind it if so. */
  takesWord(word: string): boolean {
    const start = this.place
    const found = this.nameIsNext() && this.name(word) === word
    if (!found) this.at = start
    return found
  }

  /** The name of a slot. */
  slotName(): string {
    return this.key('the name of a slot, or `end`')
  }

  /** Takes the words that must stand here. */
  take(...words: readonly string[]): void {
    for (const word of words) if (!this.eat(word)) this.fail(`\`${word}\``)
  }

  takes(token: string): boolean {
    return this.eat(token)
  }

  /** An oid, which may be no more than 48 bits long. */
  oidHere(): Oid {
    this.space()
    const start = this.at
    const oid = this.oid()
    if (oid === undefined) this.fail('`obj:` and a number')
    if (numberOf(oid) >= 2 ** 48) this.fail('a number below 2^48', start)
    return oid
  }

  countHere(expected: string): number {
    const start = this.place
    const count = Number(this.matching(COUNT, expected))
    return Number.isSafeInteger(count) ? count : this.fail(expected, start)
  }

  matching(pattern: RegExp, expected: string): string {
    return this.match(pattern) ?? this.fail(expected)
  }

  quotedHere(expected: string): string {
    if (!this.peek('"') && !this.peek("'")) this.fail(expected)
    return this.quoted(this.text[this.at]!)
  }

  /** Where the next word begins. */
  get place(): number {
    this.space()
    return this.at
  }

  /** What has not been read yet. */
  get rest(): string {
    return this.text.slice(this.place)
  }

  get startsWithOid(): boolean {
    return this.peek('obj:')
  }

  /** Nothing may follow. */
  end(): void {
    this.space()
    if (this.at < this.text.length) this.fail('the end of the file')
  }

  /** `file:line:column` of an offset. */
  whereIs(at: number): string {
    const before = this.text.slice(0, at)
    const line = before.split('\n').length
    return `${this.file}:${line}:${at - before.lastIndexOf('\n')}`
  }

  refuse(expected: string, at: number, hint?: string): never {
    return this.fail(expected, at, hint)
  }

  protected override space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (isSpace(code)) this.at++
      else if (code === 0x23) {
        const end = this.text.indexOf('\n', this.at)
        this.at = end < 0 ? this.text.length : end
      } else return
    }
  }

  protected override more(close: string): boolean {
    return this.eat(',') && !this.peek(close)
  }

  protected override literal(depth: number): Argument {
    this.space()
    const start = this.at
    if (this.text[start] === '|') return this.#block()
    const bigint = this.match(BIGINT)
    if (bigint !== undefined) return this.#bigint(bigint, start)
    if (this.eat('-Infinity')) return Number.NEGATIVE_INFINITY
    const value = super.literal(depth)
    if (value instanceof Ref || value instanceof TreeRef || value instanceof BlobRef) {
      if (!(value instanceof BlobRef) && numberOf(value.oid) >= 2 ** 48)
        this.fail('a number below 2^48', start)
      this.mentions.push({ of: value, at: start })
    }
    return value
  }

  protected override named(name: string, at: number, depth: number): Argument {
    switch (name) {
      case 'NaN':
        return Number.NaN
      case 'Infinity':
        return Number.POSITIVE_INFINITY
      case 'tree':
        return new TreeRef(this.oidHere())
      case 'date':
        return this.date()
      case 'bytes':
        return this.#bytes()
      case 'primitive':
        return new Primitive(this.quotedHere('the name of a primitive, in quotes'))
      case 'blob':
        return this.#blob()
      case 'method':
        return this.#method(depth)
      default:
        return this.fail('a value', at, `${name} is no word of this text; text stands in quotes`)
    }
  }

  #bigint(text: string, at: number): bigint {
    const hex = /0x(.*)n/.exec(text)
    if (!hex && text.length > 2 * BIGINT_DIGITS)
      this.fail('a shorter number, or one in hexadecimal (0x…n)', at)
    try {
      const value = BigInt(hex ? `0x${hex[1]}` : text.slice(0, -1))
      return hex && text.startsWith('-') ? -value : value
    } catch {
      return this.fail('a smaller number', at)
    }
  }

  /** A time in quotes. */
  date(): Date {
    const start = this.place
    const text = this.quotedHere('a time in quotes ("2030-01-01T00:00:00.000Z")')
    const date = new Date(text)
    const isTime = !Number.isNaN(date.getTime()) && date.toISOString() === text
    return isTime ? date : this.fail('a time as in "2030-01-01T00:00:00.000Z"', start)
  }

  #bytes(): Uint8Array {
    const start = this.place
    const text =
      this.text[start] === '|' ? this.#block() : this.quotedHere('base64 in quotes, or a block of it')
    const plain = text.replaceAll('\n', '')
    const bytes = Buffer.from(plain, 'base64')
    if (bytes.toString('base64') !== plain) this.fail('base64', start)
    return new Uint8Array(bytes)
  }

  #blob(): BlobRef {
    const start = this.place
    const sha256 = this.quotedHere('a SHA-256 in quotes')
    if (!DIGEST.test(sha256)) this.fail('a SHA-256: 64 hexadecimal digits', start)
    return new BlobRef(sha256, this.countHere('the size in bytes'))
  }

  #method(depth: number): Method {
    const source = this.text[this.place] === '|' ? this.#block() : this.fail('the source, as a block')
    this.take('by')
    const start = this.place
    const provenance = this.literal(depth + 1)
    if (!isPlainObject(provenance)) this.fail('how it came to be, {a: map}', start)
    return new Method({ source, provenance: provenance as unknown as Method['provenance'] })
  }

  #block(): string {
    const lines: string[] = []
    do lines.push(this.#blockLine())
    while (this.#barFollows())
    return lines.join('\n')
  }

  /** From the bar to the end of the line. */
  #blockLine(): string {
    this.at++
    if (this.text[this.at] === '"') {
      const line = this.quoted('"')
      const end = this.#lineEnd()
      const rest = this.text.slice(this.at, end)
      if (rest.trim() !== '') this.fail('the end of the line')
      this.at = end
      return line
    }
    const end = this.#lineEnd()
    const line = this.text.slice(this.at, end).replace(/\r$/, '')
    if (line !== '' && !line.startsWith(' ')) this.fail('a space, `"` or the end of the line behind `|`')
    this.at = end
    return line.slice(1)
  }

  /** Goes to the bar that begins the next line, where there is one. */
  #barFollows(): boolean {
    let at = this.at + 1
    while (this.text[at] === ' ' || this.text[at] === '\t') at++
    if (this.text[at] !== '|') return false
    this.at = at
    return true
  }

  #lineEnd(): number {
    const end = this.text.indexOf('\n', this.at)
    return end < 0 ? this.text.length : end
  }

  protected override fail(expected: string, at = this.at, hint?: string): never {
    const lineStart = this.text.lastIndexOf('\n', at - 1) + 1
    const line = this.text.slice(at).split('\n', 1)[0]!.replace(/\r$/, '')
    const isMerge = /^(<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)/.test(
      this.text.slice(lineStart, lineStart + 7),
    )
    const merge = isMerge ? 'a merge was left unfinished here' : undefined
    throw new BatError('E_TEXT', {
      where: this.whereIs(at),
      expected,
      found:
        at >= this.text.length
          ? 'the end of the file'
          : line === ''
            ? 'the end of the line'
            : `\`${line.slice(0, 24)}\``,
      hint: merge ?? hint,
    })
  }
}
