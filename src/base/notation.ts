// What a person types to an object, as text and as data. The same form is used in prompts and in error messages.
//
//   line      := statement [ '!' ] [ '#' intent ]
//   statement := receiver '.' slot [ '=' literal ]
//              | receiver message [ '=>' literal ]
//   receiver  := name | 'obj:' digits
//   message   := name | ( name ':' literal )+
//   literal   := see literals.ts; a name in it is a receiver
//
// A selector is the keys of a message joined and closed by underscores (`add: 4 to: 9` is `add_to_`, `size` is `size`).
// A key may hold underscores itself (`increment_by: 2` is `increment_by_`), so a selector alone does not tell its keys:
// together with the number of its arguments it does well enough to be shown (see keysOf).
import { BatError } from './errors.ts'
import { isOid } from './ids.ts'
import { type Argument, formatLiteral, LiteralReader, Name } from './literals.ts'
import { type PlainObject, Ref, type Value } from './value.ts'

export { type Argument, formatLiteral, Name } from './literals.ts'

export type Receiver = Name | Ref

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

class Parser extends LiteralReader {
  statement(): Statement {
    const receiver = this.#receiver()
    if (this.eat('.')) return this.#slot(receiver)
    const { selector, args } = this.#message()
    const expected = this.eat('=>') ? { expected: this.literal(0) } : {}
    const insist = this.eat('!')
    const intent = this.#intent()
    this.#end(['`=> value`', '`!`', '`# intent`', 'the end of the line'])
    return { kind: 'message', receiver, selector, args, ...expected, ...intent, insist }
  }

  #slot(receiver: Receiver): Statement {
    const slot = this.name('the name of a slot')
    if (!this.eat('=')) {
      this.#end(['`= value`', 'the end of the line'])
      return { kind: 'get_slot', receiver, slot }
    }
    const value = this.literal(0)
    this.#end(['the end of the line'])
    return { kind: 'set_slot', receiver, slot, value }
  }

  #receiver(): Receiver {
    const oid = this.oid()
    if (oid !== undefined) return new Ref(oid)
    return new Name(
      this.name('the name of an object (`genesis`)', 'a line reads `receiver selector: argument`'),
    )
  }

  #message(): { selector: string; args: readonly Argument[] } {
    const first = this.name("a message (`greet: 'Ada'`)", 'a line reads `receiver selector: argument`')
    if (!this.peek(':')) {
      if (first.endsWith('_')) this.fail('a selector that does not end in an underscore', this.at - 1)
      return { selector: first, args: [] }
    }
    const keys: string[] = []
    const args: Argument[] = []
    for (let key = first; ; key = this.name('a key')) {
      if (!this.eat(':')) this.fail('`:` after the key')
      keys.push(key)
      args.push(this.literal(0))
      if (!this.nameIsNext()) break
    }
    return { selector: selectorOf(keys, false), args }
  }

  protected override named(name: string): Argument {
    return new Name(name)
  }

  #intent(): { intent?: string } {
    if (!this.eat('#')) return {}
    const intent = this.text.slice(this.at).trim()
    this.at = this.text.length
    return intent === '' ? {} : { intent }
  }

  #end(expected: readonly string[]): void {
    this.space()
    if (this.at < this.text.length)
      this.fail(`${expected.slice(0, -1).join(', ')}${expected.length > 1 ? ' or ' : ''}${expected.at(-1)}`)
  }

  protected override fail(expected: string, at = this.at, hint?: string): never {
    const rest = this.text.slice(at, at + 12)
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
