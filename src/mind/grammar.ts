// GBNF grammars, ASCII only, for what the mind writes. They are a net, not the judge: a grammar cannot know scopes, so
// the guardian looks at every method after it. Everything that repeats is bounded or ends in a fixed sign, since what is
// cut at the token limit is no sentence of the grammar.
//
// `methodGrammar` is made for one prompt: the slots that this receiver has (and those that the message could name), the
// parameters of this message, a few fixed names for local variables, the built-ins; so a small model cannot invent a name.
// Bodies are indented by two spaces a level, three levels deep. `scriptGrammar` is the loose one for a large model.
import type { Profile } from './prompts.ts'
import type { SlotKind } from './slot-kind.ts'

/** Fixed names of local variables; `x` and `y` are those of inner functions. */
const LOCALS = ['old', 'result', 'last', 'first', 'next', 'i', 'x', 'y']

const TEXT_METHODS =
  'at charAt charCodeAt concat endsWith includes indexOf lastIndexOf localeCompare match padEnd padStart repeat replace replaceAll slice split startsWith toLowerCase toString toUpperCase trim trimEnd trimStart'.split(
    ' ',
  )
const LIST_METHODS =
  'at concat every fill filter find findIndex flat flatMap forEach includes indexOf join lastIndexOf map pop push reduce reverse shift slice some sort splice unshift'.split(
    ' ',
  )
const OTHER_METHODS =
  'toFixed has add get set keys values entries getFullYear getMonth getDate getDay toISOString getTime'.split(
    ' ',
  )
const METHODS = [...new Set([...TEXT_METHODS, ...LIST_METHODS, ...OTHER_METHODS])]
const FUNCTIONS =
  'Math.abs Math.cbrt Math.ceil Math.cos Math.floor Math.hypot Math.log Math.log10 Math.log2 Math.max Math.min Math.pow Math.round Math.sign Math.sin Math.sqrt Math.tan Math.trunc Math.random Number Number.isInteger String Boolean Array.from Array.isArray Object.keys Object.values Object.entries Object.fromEntries Object.assign JSON.stringify JSON.parse parseInt parseFloat isNaN Date.now'.split(
    ' ',
  )

export interface MethodShape {
  /** Slots that may be read and written. */
  readonly slots: readonly string[]
  /** Parameters after `self`. */
  readonly parameters: readonly string[]
  /** What the slots hold that are there already. */
  readonly kinds?: Readonly<Record<string, SlotKind>>
  /** What may be sent to the objects in its slots. */
  readonly sends?: readonly string[]
}

const quoted = (text: string): string => `"${text}"`
const anyOf = (words: readonly string[]): string => words.map(quoted).join(' | ')

/** Signs of a text between double quotes: printable ASCII but the quote and the backslash, or an escape. */
const TEXT = String.raw`text ::= "\"" ( [ !#-\x5B\x5D-~] | "\\" [\\n"t] )* "\""`

const EXPRESSIONS = `
expr ::= logic ( " ? " expr " : " expr )?
logic ::= unary ( op unary )*
op ::= " " ( "+" | "-" | "*" | "/" | "%" | "**" | "===" | "!==" | ">=" | "<=" | ">" | "<" | "&&" | "||" | "??" | "in" ) " "
unary ::= ( "!" | "-" | "typeof " )? ( held | primary tail* )
primary ::= variable | number | text | "true" | "false" | "null" | "undefined" | "(" expr ")" | "[" items? "]" | "{" ( " " pair ( ", " pair )* " " )? "}" | call "(" items? ")" | "Math.PI" | "new Set(" items? ")" | "new Date(" items? ")"
tail ::= ".length" | ".size" | "[" expr "]" | "." method "(" items? ")"
items ::= item ( ", " item )*
item ::= expr | "..." spread | lambda
spread ::= heldlist | ( variable | "new Set(" items? ")" | call "(" items? ")" | "(" expr ")" ) tail*
lambda ::= ( inner | "(" inner ", " inner ")" ) " => " expr
inner ::= "x" | "y"
pair ::= ( name | text | "[" expr "]" ) ": " expr | "..." unary
number ::= [0-9]{1,12} ( "." [0-9]{1,6} )?
name ::= [a-zA-Z_] [a-zA-Z0-9_]{0,30}
`

const STATEMENTS = `
simple ::= "return" ( " " expr )? ";" | "throw new Error(" expr ");" | ( "const " | "let " ) local " = " expr ";" | flag | change ";" | "break;" | "continue;"
change ::= target " " ( "=" | "+=" | "-=" | "*=" | "/=" ) " " expr | target ( "++" | "--" ) | "delete self." slot ( "[" expr "]" )? | target "." method "(" items? ")"
target ::= "self." slot ( "[" expr "]" )* | local ( "[" expr "]" )*
flag ::= "self._p_changed = true;"
head ::= "if (" expr ") " | "for (" ( "const x of " expr | "const [x, y] of " expr | "let i = " expr "; i " ( "<" | "<=" | ">" | ">=" ) " " expr "; " ( "i++" | "i--" | "i += " expr ) ) ") " | "while (" expr ") "
`

const block = (level: number, deepest: number): string => {
  const pad = '  '.repeat(level)
  const inside =
    level === deepest
      ? 'simple'
      : `( simple | head simple | head "{\\n" b${level + 1} "${pad}}" ( " else {\\n" b${level + 1} "${pad}}" )? )`
  return `b${level} ::= ( "${pad}" ${inside} "\\n" )+`
}

const withoutBlankLines = (text: string): string =>
  `${text
    .split('\n')
    .filter((line) => line !== '')
    .join('\n')}\n`

/** The body of a method after its signature line, up to its closing brace; its purpose may come first, as a comment. */
export function methodGrammar({ slots, parameters, kinds = {}, sends = [] }: MethodShape): string {
  const variables = [...parameters, ...LOCALS]
  return withoutBlankLines(
    [
      'root ::= ( "  // " [!-~] [ -~]{0,119} "\\n" )? b1 "}"',
      block(1, 3),
      block(2, 3),
      block(3, 3),
      STATEMENTS,
      EXPRESSIONS,
      TEXT,
      ...heldRules(slots, kinds, sends),
      `slot ::= ${slots.length === 0 ? quoted('value') : anyOf(slots)}`,
      `variable ::= ${anyOf(variables)}`,
      `local ::= ${anyOf(LOCALS)}`,
      `method ::= ${anyOf(METHODS)}`,
      `call ::= ${anyOf(FUNCTIONS)}`,
    ].join('\n'),
  )
}

/** What may follow a slot that holds this. */
const tailOf: Readonly<Record<SlotKind, string>> = {
  number: '( "." ( "toFixed" | "toString" ) "(" items? ")" )?',
  text: `( ".length" | "[" expr "]" tail* | "." ( ${anyOf(TEXT_METHODS)} ) "(" items? ")" tail* )?`,
  list: `( ".length" | "[" expr "]" tail* | "." ( ${anyOf(LIST_METHODS)} ) "(" items? ")" tail* )?`,
  map: '( "[" expr "]" tail* )?',
  flag: '',
  any: 'tail*',
}

/** A slot read: what follows its name fits what it holds, so that no text method is sent to a number. */
function heldRules(
  slots: readonly string[],
  kinds: Readonly<Record<string, SlotKind>>,
  sends: readonly string[],
): string[] {
  const names = slots.length === 0 ? ['value'] : slots
  const of = (kind: SlotKind) => names.filter((name) => (kinds[name] ?? 'any') === kind)
  const read = (kind: SlotKind) =>
    `"self." ( ${anyOf(of(kind))} ) ${kind === 'any' && sends.length > 0 ? `( "." ( ${anyOf(sends)} ) "(" items? ")" | tail )*` : tailOf[kind]}`
  const present = (Object.keys(tailOf) as SlotKind[]).filter((kind) => of(kind).length > 0)
  const lists = present.filter((kind) => kind === 'list' || kind === 'any')
  return [
    `held ::= ${present.map(read).join(' | ')}`,
    `heldlist ::= ${lists.length === 0 ? quoted('[]') : lists.map(read).join(' | ')}`,
  ]
}

/** A whole function of this name and these parameters, its body any statements: balanced brackets, closed texts. */
export function scriptGrammar(selector: string, parameters: readonly string[]): string {
  return withoutBlankLines(
    [
      `root ::= "async "? "function ${selector}(${['self', ...parameters].join(', ')}) {\\n" part+ "}"`,
      'part ::= code | comment | text | single | template | regular | "(" inside* ")" | "[" inside* "]" | "{" inside* "}"',
      'inside ::= part',
      // no brackets, no quotes, no backslash, no backquote; a slash divides
      'comment ::= "//" [ -~]{0,120} "\\n"',
      String.raw`code ::= [ \n!#-&*-.0-Z^_a-z|~:;<=>?@] | "/ "`,
      String.raw`regular ::= "/" [!#-&*-.0-Z^_a-z|~:;<=>?@\\\x5B\x5D()+]{1,40} "/" [gimu]{0,3}`,
      TEXT,
      String.raw`single ::= "'" ( [ !-&(-\x5B\x5D-~] | "\\" [\\n't] )* "'"`,
      'template ::= "`" ( [ !-#%-\\x5B\\x5D-_a-~] | "$" ( "{" inside* "}" )? )* "`"',
    ].join('\n'),
  )
}

/** The plan: one line of JSON, personas and their facets from this table. */
export function planGrammar(facets: Readonly<Record<string, readonly string[]>>): string {
  const choices = Object.entries(facets).flatMap(([persona, names]) =>
    names.map((facet) => String.raw`"\"persona\":\"${persona}\",\"facet\":\"${facet}\""`),
  )
  return withoutBlankLines(
    [
      String.raw`root ::= "{\"memory\":" ( "false" | "true" ) ",\"artifact\":\"method\",\"facets\":[" facet ( "," facet ){0,2} "]}"`,
      String.raw`facet ::= "{" who ",\"query\":\"" [a-zA-Z0-9 _]{1,60} "\"}"`,
      `who ::= ${choices.join(' | ')}`,
    ].join('\n'),
  )
}

/** One line of plain text, for a facet. */
export const lineGrammar = (): string => 'root ::= [!-~] [ -~]{0,59}\n'

/** What a method may be written under, by profile. */
export const methodGrammarFor = (profile: Profile, selector: string, shape: MethodShape): string =>
  profile === 'compact' ? methodGrammar(shape) : scriptGrammar(selector, shape.parameters)
