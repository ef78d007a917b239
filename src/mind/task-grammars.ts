// GBNF for what the mind is asked besides methods (see grammar.ts for what holds of all our grammars).
import type { Field } from './tasks.ts'

/** A text of JSON: printable ASCII but the quote and the backslash, or an escape. */
const text = (most: number): string => String.raw`"\"" ( [ !#-\x5B\x5D-~] | "\\" [\\n"t] ){0,${most}} "\""`

/** One line of at most 120 signs. */
export const summaryGrammar = (): string => 'root ::= [!-~] [ -~]{0,119}\n'

/** The number of one of so many. */
export const childGrammar = (count: number): string =>
  `root ::= ${Array.from({ length: count }, (_, index) => `"${index + 1}"`).join(' | ')}\n`

export const thoughtGrammar = (): string =>
  [
    `root ::= ${key('{', 'known')} text ${key(',', 'missing')} text ${key(',', 'next')} next ${key(',', 'about')} text "}"`,
    String.raw`next ::= "\"search\"" | "\"descend\"" | "\"finish\""`,
    `text ::= ${text(160)}`,
    '',
  ].join('\n')

/** An object with just these fields, in this order. */
export const dataGrammar = (covenant: readonly Field[]): string =>
  [
    `root ::= ${covenant.length === 0 ? '"{"' : fields(covenant)} "}"`,
    `text ::= ${text(120)}`,
    'number ::= "-"? [0-9]{1,12} ( "." [0-9]{1,6} )?',
    'flag ::= "true" | "false"',
    'list ::= "[" ( text ( "," text ){0,15} )? "]"',
    '',
  ].join('\n')

const fields = (covenant: readonly Field[]): string =>
  covenant.map(({ name, kind }, index) => `${key(index === 0 ? '{' : ',', name)} ${kind}`).join(' ')

export const proxyGrammar = (): string =>
  [
    `root ::= ${key('{', 'base')} "\\"" "http" "s"? "://" [a-zA-Z0-9._:/-]{1,80} "\\"" ${key(',', 'calls')} "[" call ( "," call ){0,11} "]}"`,
    `call ::= ${key('{', 'selector')} "\\"" [a-zA-Z] [a-zA-Z0-9_]{0,39} "\\"" ${key(',', 'verb')} "\\"" ( "GET" | "POST" | "PUT" | "PATCH" | "DELETE" ) "\\"" ${key(',', 'path')} "\\"/" [a-zA-Z0-9._{}/-]{0,80} "\\"}"`,
    '',
  ].join('\n')

/** The sign before a key, the key and its colon, as a literal. */
const key = (before: string, name: string): string => String.raw`"${before}\"${name}\":"`
