// What a person types to an object, as text and as data. The same form is used in prompts and in error messages.
//
//   line      := statement [ '!' ] [ '#' intent ]
//   statement := receiver '.' slot [ '=' literal ]
//              | receiver message [ '=>' literal ]
//   receiver  := name | 'obj:' digits
//   message   := name | ( name ':' literal )+
//   literal   := number | text | 'true' | 'false' | 'null' | '[' literals ']' | '{' key ':' literal … '}' | receiver
//
// A selector is the keys of a message joined and closed by underscores (`add: 4 to: 9` is `add_to_`, `size` is `size`).
// A key may hold underscores itself (`increment_by: 2` is `increment_by_`), so a selector alone does not tell its keys:
// together with the number of its arguments it does well enough to be shown (see keysOf).
import { BatError } from './errors.ts'
import { isOid, type Oid } from './ids.ts'
import { BlobRef, Method, type PlainObject, Primitive, Ref, TreeRef, type Value } from './value.ts'

/** An object named by the slot of the root that holds it; the kernel finds it. */
export class Name {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export type Receiver = Name | Ref
export type Argument = Value | Name | readonly Argument[] | { readonly [key: string]: Argument }

export interface MessageStatement {
  readonly kind: 'message'
  readonly receiver: Receiver
  readonly selector: string
  readonly args: readonly Argument[]
  /** The answer expected; the key is absent when none was given (`null` is an answer). */
  readonly expected?: Argument
  /** What the user said after `#`. */
  readonly intent?: string
  /** `!`: write a new method although a known selector is one slip away. */
  readonly insist: boolean
}

export type Statement =
  | MessageStatement
  | { readonly kind: 'get_slot'; readonly receiver: Receiver; readonly slot: string }
  | {
      readonly kind: 'set_slot'
      readonly receiver: Receiver
      readonly slot: string
      readonly value: Argument
    }

/** Parses one line. Throws E_SYNTAX with the column (from 1), what was expected there and what stands there. */
export function parseMessage(text: string): Statement {
  return new Parser(text).statement()
}

/** The keys of a selector with `arity` arguments; extra underscores are taken to belong to the first key. */
export function keysOf(selector: string, arity: number): readonly string[] {
  if (arity === 0) return [selector]
  const words = selector.replace(/_$/, '').split('_')
  const first = Math.max(1, words.length - arity + 1)
  return [words.slice(0, first).join('_'), ...words.slice(first)]
}

/** The selector of a message with these keys; `unary` when it takes no argument. */
export const selectorOf = (keys: readonly string[], unary: boolean): string =>
  unary ? keys[0]! : `${keys.join('_')}_`

/** The words that a selector is made of, in lower case: `incrementBy_` is `increment by`. */
export const wordsOf = (selector: string): readonly string[] =>
  selector
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split('_')
    .filter((word) => word !== '')

/** `add_to_` with [4, 9] is `add: 4 to: 9`. */
export function formatMessage(selector: string, args: readonly Argument[]): string {
  if (args.length === 0) return selector
  return keysOf(selector, args.length)
    .map((key, index) => `${key}: ${formatLiteral(args[index] as Argument)}`)
    .join(' ')
}

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
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '\0' }
const MAX_DEPTH = 64

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  statement(): Statement {
    const receiver = this.#receiver()
    if (this.#eat('.')) return this.#slot(receiver)
    const { selector, args } = this.#message()
    const expected = this.#eat('=>') ? { expected: this.#literal(0) } : {}
    const insist = this.#eat('!')
    const intent = this.#intent()
    this.#end(['`=> value`', '`!`', '`# intent`', 'the end of the line'])
    return { kind: 'message', receiver, selector, args, ...expected, ...intent, insist }
  }

  #slot(receiver: Receiver): Statement {
    const slot = this.#name('the name of a slot')
    if (!this.#eat('=')) {
      this.#end(['`= value`', 'the end of the line'])
      return { kind: 'get_slot', receiver, slot }
    }
    const value = this.#literal(0)
    this.#end(['the end of the line'])
    return { kind: 'set_slot', receiver, slot, value }
  }

  #receiver(): Receiver {
    const oid = this.#match(OID)
    if (oid !== undefined) return new Ref(oid as Oid)
    return new Name(
      this.#name('the name of an object (`genesis`)', 'a line reads `receiver selector: argument`'),
    )
  }

  #message(): { selector: string; args: readonly Argument[] } {
    const first = this.#name("a message (`greet: 'Ada'`)", 'a line reads `receiver selector: argument`')
    if (!this.#peek(':')) {
      if (first.endsWith('_')) this.#fail('a selector that does not end in an underscore', this.#at - 1)
      return { selector: first, args: [] }
    }
    const keys: string[] = []
    const args: Argument[] = []
    for (let key = first; ; key = this.#name('a key')) {
      if (!this.#eat(':')) this.#fail('`:` after the key')
      keys.push(key)
      args.push(this.#literal(0))
      this.#space()
      NAME.lastIndex = this.#at
      if (!NAME.test(this.#text)) break
    }
    return { selector: selectorOf(keys, false), args }
  }

  #literal(depth: number): Argument {
    if (depth > MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} levels of nesting`)
    const number = this.#match(NUMBER)
    if (number !== undefined) return this.#number(number)
    const char = this.#text[this.#at]
    if (char === "'" || char === '"') return this.#quoted(char)
    if (this.#eat('[')) return this.#list(depth)
    if (this.#eat('{')) return this.#map(depth)
    const oid = this.#match(OID)
    if (oid !== undefined) return new Ref(oid as Oid)
    const name = this.#match(NAME)
    if (name === undefined) {
      const hint =
        char === '(' ? 'one message a line: an argument is a value or the name of an object' : undefined
      this.#fail(
        "a value (a number, 'text', true, false, null, [a list], {a: map} or the name of an object)",
        this.#at,
        hint,
      )
    }
    if (name === 'true' || name === 'false') return name === 'true'
    return name === 'null' ? null : new Name(name)
  }

  #number(text: string): number | bigint {
    NAME.lastIndex = this.#at
    if (NAME.test(this.#text)) this.#fail('the end of the number')
    return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Number(text)
  }

  #list(depth: number): readonly Argument[] {
    const items: Argument[] = []
    if (this.#eat(']')) return items
    do items.push(this.#literal(depth + 1))
    while (this.#eat(','))
    if (!this.#eat(']')) this.#fail('`,` or `]`')
    return items
  }

  #map(depth: number): { readonly [key: string]: Argument } {
    const entries: [string, Argument][] = []
    if (this.#eat('}')) return {}
    do {
      this.#space()
      const char = this.#text[this.#at]
      const key = char === "'" || char === '"' ? this.#quoted(char) : this.#name('a key')
      if (!this.#eat(':')) this.#fail('`:` after the key')
      entries.push([key, this.#literal(depth + 1)])
    } while (this.#eat(','))
    if (!this.#eat('}')) this.#fail('`,` or `}`')
    return Object.fromEntries(entries)
  }

  #quoted(quote: string): string {
    const start = this.#at
    let text = ''
    for (this.#at++; this.#text[this.#at] !== quote; this.#at++) {
      const char = this.#text[this.#at]
      if (char === undefined)
        this.#fail(`a closing ${quote}`, this.#at, `the text begins at column ${start + 1}`)
      text += char === '\\' ? this.#escape() : char
    }
    this.#at++
    return text
  }

  #escape(): string {
    const char = this.#text[++this.#at]
    if (char === undefined) this.#fail('a character after the backslash')
    if (char !== 'u') return ESCAPES[char] ?? char
    const hex = this.#text.slice(this.#at + 1, this.#at + 5)
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.#fail('four hexadecimal digits', this.#at + 1)
    this.#at += 4
    return String.fromCharCode(Number.parseInt(hex, 16))
  }

  #intent(): { intent?: string } {
    if (!this.#eat('#')) return {}
    const intent = this.#text.slice(this.#at).trim()
    this.#at = this.#text.length
    return intent === '' ? {} : { intent }
  }

  #name(expected: string, hint?: string): string {
    return this.#match(NAME) ?? this.#fail(expected, this.#at, hint)
  }

  #match(pattern: RegExp): string | undefined {
    this.#space()
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #peek(token: string): boolean {
    this.#space()
    return this.#text.startsWith(token, this.#at)
  }

  #eat(token: string): boolean {
    if (!this.#peek(token)) return false
    this.#at += token.length
    return true
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '.')) this.#at++
  }

  #end(expected: readonly string[]): void {
    this.#space()
    if (this.#at < this.#text.length)
      this.#fail(`${expected.slice(0, -1).join(', ')}${expected.length > 1 ? ' or ' : ''}${expected.at(-1)}`)
  }

  #fail(expected: string, at = this.#at, hint?: string): never {
    const rest = this.#text.slice(at, at + 12)
    throw new BatError('E_SYNTAX', {
      column: at + 1,
      expected,
      found: rest === '' ? 'the end of the line' : `\`${rest}\``,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

/** Whether a text names a receiver as it would be typed. */
export const isReceiver = (text: string): boolean => isOid(text) || /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)

/** Puts references for names. `find` gives the reference or throws. */
export function resolveNames(argument: Argument, find: (name: string) => Value): Value {
  if (argument instanceof Name) return find(argument.name)
  if (Array.isArray(argument)) return argument.map((item) => resolveNames(item as Argument, find))
  if (
    typeof argument === 'object' &&
    argument !== null &&
    Object.getPrototypeOf(argument) === Object.prototype
  ) {
    return Object.fromEntries(
      Object.entries(argument as { readonly [key: string]: Argument }).map(([key, item]) => [
        key,
        resolveNames(item, find),
      ]),
    ) as PlainObject
  }
  return argument as Value
}
