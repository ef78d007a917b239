// Values as text that a person can read, edit and merge: what is typed to an object (base/literals.ts), and words for what
// cannot be typed. Every value of the image has exactly one text, and reading that text gives the value back.
//
//   null  true  false  3  -0  1e+300  NaN  -Infinity    numbers as JavaScript writes them
//   12n  0xff…fn                                        bigints; those of more than 1,000 hexadecimal digits in these
//   "text"                                              with JSON's escapes; characters that cannot be seen are escaped
//   [1, 2]  {name: 1, "odd name": 2}                    on one line where it is short, else an item a line, each with a
//                                                       comma behind it
//   obj:12                                              an object; its name in the root follows as a comment
//   tree obj:13   date "2030-01-01T00:00:00.000Z"   primitive "clone"
//   blob "<SHA-256, hexadecimal>" 1234                  with its size in bytes
//   bytes "<base64>"                                    or, when longer than a line, `bytes` and a block of base64
//   method <block> by {provenance}
//
// A block is a text of lines, written where text with a line end stands and for the source of a method. Each line begins,
// after spaces, with `|`; what follows one space is the line as it is, to its end:
//
//     | if (a > b) {
//     |   return a
//     |"with a trailing space or something invisible\u200b "
//     |
//
// The lines are joined by line ends; none is added behind the last, so a text that ends with one ends with an empty line.
// A comma behind a block has a line of its own. `#` begins a comment, to the end of the line, except within text.
import { isName } from '../../base/literals.ts'
import { BlobRef, Method, type PlainObject, Primitive, Ref, TreeRef, type Value } from '../../base/value.ts'
import type { TreeKey } from '../keyspace.ts'

/** The name of an object in the root, where it has one. */
export type NameOf = (ref: Ref) => string | undefined

/** Bigints of more digits are written in hexadecimal: others take time by the square of their length. */
export const BIGINT_DIGITS = 1000

const WIDTH = 100
const BASE64_LINE = 76
// what cannot be seen, or changes how what stands beside it is seen
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udfff]/gu

/** `label = value`, with the line end. */
export function formatLine(label: string, value: Value, nameOf: NameOf): string {
  const laid = lay(value, '', nameOf)
  return `${label} =${beside(laid)}${comment(laid)}\n`
}

/** The name of a slot, or a key of a map. */
export const formatName = (name: string): string => (isName(name) ? name : quote(name))

export function formatTreeKey(key: TreeKey): string {
  if (typeof key === 'string') return quote(key)
  return key instanceof Uint8Array ? `bytes "${base64(key)}"` : scalar(key)
}

export const quote = (text: string): string => escapeUnseen(JSON.stringify(text))

/** How a value lies on the page: on one line, on several, or ending with a block, behind which its line must end. */
interface Laid {
  readonly text: string
  readonly form: 'flat' | 'lines' | 'block'
  /** The names of the objects on a flat line. */
  readonly names: readonly string[]
}

const flat = (text: string, names: readonly string[] = []): Laid => ({ text, form: 'flat', names })

function lay(value: Value, pad: string, nameOf: NameOf): Laid {
  if (typeof value === 'string')
    return value.includes('\n') ? { text: block(value, pad), form: 'block', names: [] } : flat(quote(value))
  if (typeof value !== 'object' || value === null) return flat(scalar(value))
  if (value instanceof Ref) {
    const name = nameOf(value)
    return flat(value.oid, name === undefined ? [] : [formatName(name)])
  }
  if (value instanceof TreeRef) return flat(`tree ${value.oid}`)
  if (value instanceof BlobRef) return flat(`blob "${value.sha256}" ${value.size}`)
  if (value instanceof Primitive) return flat(`primitive ${quote(value.name)}`)
  if (value instanceof Date) return flat(`date "${value.toISOString()}"`)
  if (value instanceof Uint8Array) return layBytes(value, pad)
  if (value instanceof Method) return layMethod(value, pad, nameOf)
  const inner = `${pad}  `
  if (Array.isArray(value)) {
    const items = (value as readonly Value[]).map((item) => lay(item, inner, nameOf))
    return layAll({ open: '[', close: ']', gap: '', pad }, items, [])
  }
  const labels = Object.keys(value).map((key) => `${formatName(key)}:`)
  const items = Object.values(value as PlainObject).map((item) => lay(item, inner, nameOf))
  return layAll({ open: '{', close: '}', gap: ' ', pad }, items, labels)
}

interface Bracket {
  readonly open: string
  readonly close: string
  /** Between a label and what stands beside it. */
  readonly gap: string
  readonly pad: string
}

function layAll({ open, close, gap, pad }: Bracket, items: readonly Laid[], labels: readonly string[]): Laid {
  const width = items.reduce(
    (sum, { text }, i) => sum + text.length + (labels[i]?.length ?? 0) + 3,
    pad.length,
  )
  if (width <= WIDTH && items.every(({ form }) => form === 'flat')) {
    const texts = items.map(({ text }, i) => `${labels[i] ?? ''}${gap}${text}`)
    return flat(
      `${open}${texts.join(', ')}${close}`,
      items.flatMap(({ names }) => names),
    )
  }
  const inner = `${pad}  `
  const lines = items.map((item, i) => {
    const label = labels[i]
    const start = label === undefined ? alone(item, inner) : `${inner}${label}${beside(item)}`
    return item.form === 'block' ? `${start}\n${inner},` : `${start},${comment(item)}`
  })
  return { text: `${open}\n${lines.join('\n')}\n${pad}${close}`, form: 'lines', names: [] }
}

function layMethod({ source, provenance }: Method, pad: string, nameOf: NameOf): Laid {
  const by = lay(provenance as unknown as Value, `${pad}  `, nameOf)
  return { text: `method${block(source, pad)}\n${pad}  by ${by.text}`, form: 'lines', names: [] }
}

function layBytes(bytes: Uint8Array, pad: string): Laid {
  const text = base64(bytes)
  if (text.length <= BASE64_LINE) return flat(`bytes "${text}"`)
  const lines = text.match(new RegExp(`.{1,${BASE64_LINE}}`, 'g')) ?? []
  return { text: `bytes${block(lines.join('\n'), pad)}`, form: 'block', names: [] }
}

/** A line end, then the lines of a text. */
function block(text: string, pad: string): string {
  const lines = text.split('\n').map((line) => {
    if (line === '') return '|'
    return isSeen(line) ? `| ${line}` : `|${quote(line)}`
  })
  return `\n${lines.map((line) => `${pad}  ${line}`).join('\n')}`
}

/** Whether an editor shows a line whole, and leaves it as it is. */
const isSeen = (line: string): boolean => !/[ \t]$/.test(line) && line.search(UNSEEN) < 0

const beside = ({ text }: Laid): string => (text.startsWith('\n') ? text : ` ${text}`)

const alone = ({ text }: Laid, pad: string): string =>
  text.startsWith('\n') ? text.slice(1) : `${pad}${text}`

const comment = ({ names }: Laid): string => (names.length === 0 ? '' : `  # ${names.join(', ')}`)

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

const escapeUnseen = (text: string): string =>
  text.replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

function scalar(value: null | boolean | number | bigint | string): string {
  if (typeof value === 'bigint') return bigintText(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

function bigintText(value: bigint): string {
  const hex = (value < 0n ? -value : value).toString(16)
  if (hex.length <= BIGINT_DIGITS) return `${value}n`
  return `${value < 0n ? '-' : ''}0x${hex}n`
}
