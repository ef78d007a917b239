// Values as text, as a person types an argument. Other notations for values stand on the same ground.
//
//   literal := number | text | 'true' | 'false' | 'null' | '[' literals ']' | '{' key ':' literal … '}' | 'obj:' digits | name
//   text    := characters between ' or ", with \n \t \r \b \f \0 \uXXXX and \ before any other character
//   number  := as in JSON, or hexadecimal (0x1f); an integer with n behind it is a bigint
//
// A LiteralReader goes over one text from its beginning. What a name stands for, what may stand between two words and how
// a refusal is told is for each notation to say.
import { type Oid, oidOf } from './ids.ts'
import { BlobRef, Method, Primitive, Ref, TreeRef, type Value } from './value.ts'

/** An object named by the slot of the root that holds it; the kernel finds it. */
export class Name {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export type Argument = Value | Name | readonly Argument[] | { readonly [key: string]: Argument }

/** A value as it could be typed; what cannot be typed (trees, methods …) in a form that names it. */
export function formatLiteral(value: Argument): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Name) return value.name
  if (value instanceof Ref || value instanceof TreeRef) return value.oid
  if (value instanceof Date) return JSON.stringify(value)
  if (value instanceof Uint8Array) return `<${value.length} bytes>`
  if (value instanceof BlobRef) return `<blob ${value.sha256.slice(0, 12)}, ${value.size} bytes>`
  if (value instanceof Primitive) return `<primitive ${value.name}>`
  if (value instanceof Method) return `<method ${value.hash.slice(0, 12)}>`
  if (Array.isArray(value)) return `[${value.map(formatLiteral).join(', ')}]`
  const entries = Object.entries(value as { readonly [key: string]: Argument })
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${formatLiteral(item)}`).join(', ')}}`
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*\*?/y
const NUMBER = /-?(?:0x[0-9a-fA-F]+|\d+n|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)/y
const OID = /obj:\d{1,15}/y
/** What stands for itself within quotes. */
const PLAIN = /[^\\'"]*/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '\0' }

/** Whether a text is a name as it could be typed. */
export const isName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*\*?$/.test(text)

export abstract class LiteralReader {
  protected readonly text: string
  protected at = 0
  /** How deep lists and maps may be nested. */
  protected readonly depthLimit: number = 64

  constructor(text: string) {
    this.text = text
  }

  /** Refuses what stands at the place `at`. */
  protected abstract fail(expected: string, at?: number, hint?: string): never

  /** What the name just read stands for where a value is expected; `at` is where it began. */
  protected abstract named(name: string, at: number, depth: number): Argument

  /** Whether another item follows in a list or a map that `close` ends. */
  protected more(_close: string): boolean {
    return this.eat(',')
  }

  protected space(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at++
  }

  protected literal(depth: number): Argument {
    if (depth > this.depthLimit) this.fail(`at most ${this.depthLimit} levels of nesting`)
    const number = this.match(NUMBER)
    if (number !== undefined) return this.#number(number)
    const char = this.text[this.at]
    if (char === "'" || char === '"') return this.quoted(char)
    if (this.eat('[')) return this.#list(depth)
    if (this.eat('{')) return this.#map(depth)
    const oid = this.oid()
    if (oid !== undefined) return new Ref(oid)
    const start = this.at
    const name = this.match(NAME)
    if (name === undefined) {
      const hint =
        char === '(' ? 'one message a line: an argument is a value or the name of an object' : undefined
      this.fail(
        "a value (a number, 'text', true, false, null, [a list], {a: map} or the name of an object)",
        this.at,
        hint,
      )
    }
    if (name === 'true' || name === 'false') return name === 'true'
    return name === 'null' ? null : this.named(name, start, depth)
  }

  #number(text: string): number | bigint {
    NAME.lastIndex = this.at
    if (NAME.test(this.text)) this.fail('the end of the number')
    return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Number(text)
  }

  #list(depth: number): readonly Argument[] {
    const items: Argument[] = []
    if (this.eat(']')) return items
    do items.push(this.literal(depth + 1))
    while (this.more(']'))
    if (!this.eat(']')) this.fail('`,` or `]`')
    return items
  }

  #map(depth: number): { readonly [key: string]: Argument } {
    const entries = new Map<string, Argument>()
    if (this.eat('}')) return {}
    do {
      this.space()
      const start = this.at
      const key = this.key('a key')
      if (entries.has(key)) this.fail('another key', start, `${key} is given twice`)
      if (!this.eat(':')) this.fail('`:` after the key')
      entries.set(key, this.literal(depth + 1))
    } while (this.more('}'))
    if (!this.eat('}')) this.fail('`,` or `}`')
    return Object.fromEntries(entries)
  }

  /** A name, or a text that serves as one. */
  protected key(expected: string): string {
    this.space()
    const char = this.text[this.at]
    return char === "'" || char === '"' ? this.quoted(char) : this.name(expected)
  }

  protected quoted(quote: string): string {
    const start = this.at++
    let text = ''
    for (;;) {
      PLAIN.lastIndex = this.at
      const plain = PLAIN.exec(this.text)?.[0] ?? ''
      text += plain
      this.at += plain.length
      const char = this.text[this.at]
      if (char === undefined)
        this.fail(`a closing ${quote}`, this.at, `the text begins at column ${start + 1}`)
      if (char === '\\') text += this.#escape()
      else if (char !== quote) text += char
      this.at++
      if (char === quote) return text
    }
  }

  #escape(): string {
    const char = this.text[++this.at]
    if (char === undefined) this.fail('a character after the backslash')
    if (char !== 'u') return ESCAPES[char] ?? char
    const hex = this.text.slice(this.at + 1, this.at + 5)
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.fail('four hexadecimal digits', this.at + 1)
    this.at += 4
    return String.fromCharCode(Number.parseInt(hex, 16))
  }

  protected name(expected: string, hint?: string): string {
    return this.match(NAME) ?? this.fail(expected, this.at, hint)
  }

  protected oid(): Oid | undefined {
    const oid = this.match(OID)
    return oid === undefined ? undefined : oidOf(Number(oid.slice(4)))
  }

  /** Whether a name stands here. */
  protected nameIsNext(): boolean {
    this.space()
    NAME.lastIndex = this.at
    return NAME.test(this.text)
  }

  protected match(pattern: RegExp): string | undefined {
    this.space()
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }

  protected peek(token: string): boolean {
    this.space()
    return this.text.startsWith(token, this.at)
  }

  protected eat(token: string): boolean {
    if (!this.peek(token)) return false
    this.at += token.length
    return true
  }
}

export const isSpace = (code: number): boolean =>
  code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x80 && /\s/.test(String.fromCharCode(code)))
