// Values cross two borders as JSON text: between threads, and into the realm that generated code runs in. What JSON
// lacks is an object with one key that begins with `$`:
//
//   {"$r": 12}            a reference to obj:12        {"$d": 1700000000000}  a Date
//   {"$n": "123"}         a bigint                     {"$b": "00ff"}         bytes, hexadecimal
//   {"$f": "NaN"}         NaN, Infinity, -Infinity, -0 {"$t": 7}              the Tree obj:7
//   {"$x": [sha, size]}   a Blob                       {"$p": name}           a Primitive
//   {"$M": [source, provenance]}  a Method between threads
//   {"$m": 3}             a Method in the realm: number 3 of the call's table; its text is asked for when it is run
//   {"$o": [[key, value]]} a plain object that would look like one of these
//
// Invariant: decode(parse(stringify(encode(value)))) is the value, and equal values give equal text.
import { numberOf, oidOf } from '../base/ids.ts'
import { BlobRef, Method, Primitive, type Provenance, Ref, TreeRef, type Value } from '../base/value.ts'

export type Node = null | boolean | number | string | Node[] | { [key: string]: Node }
export type Slots = ReadonlyMap<string, Value>

/** The tagged form of `value`. With `methods`, Methods are put into that table and named by their place. */
export function encode(value: Value, methods?: Method[]): Node {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) return { $f: String(value) }
      return Object.is(value, -0) ? { $f: '-0' } : value
    case 'bigint':
      return { $n: String(value) }
    case 'object':
      return value === null ? null : encodeObject(value, methods)
    case 'undefined':
      return null
    default:
      return value
  }
}

function encodeObject(value: object, methods: Method[] | undefined): Node {
  if (Array.isArray(value)) return value.map((item: Value) => encode(item, methods))
  if (value instanceof Ref) return { $r: numberOf(value.oid) }
  if (value instanceof Date) return { $d: value.getTime() }
  if (value instanceof Uint8Array) return { $b: Buffer.from(value).toString('hex') }
  if (value instanceof TreeRef) return { $t: numberOf(value.oid) }
  if (value instanceof BlobRef) return { $x: [value.sha256, value.size] }
  if (value instanceof Primitive) return { $p: value.name }
  if (value instanceof Method) {
    if (methods !== undefined) return { $m: methods.push(value) - 1 }
    return { $M: [value.source, encode(value.provenance as unknown as Value)] }
  }
  const pairs = Object.entries(value).map(([key, item]): [string, Node] => [key, encode(item, methods)])
  if (pairs.length === 1 && pairs[0]![0].startsWith('$')) return { $o: pairs }
  return Object.fromEntries(pairs)
}

/** The value of a tagged form; `methods` is the table that `$m` speaks of. */
export function decode(node: Node, methods: readonly Method[] = []): Value {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map((item) => decode(item, methods))
  const keys = Object.keys(node)
  if (keys.length === 1 && keys[0]!.startsWith('$')) return decodeTagged(keys[0]!, node[keys[0]!]!, methods)
  return Object.fromEntries(keys.map((key) => [key, decode(node[key]!, methods)]))
}

function decodeTagged(tag: string, content: Node, methods: readonly Method[]): Value {
  const pair = content as [string, Node]
  switch (tag) {
    case '$r':
      return new Ref(oidOf(Number(content)))
    case '$d':
      return new Date(Number(content))
    case '$n':
      return BigInt(String(content))
    case '$f':
      return Number(content)
    case '$b':
      return new Uint8Array(Buffer.from(String(content), 'hex'))
    case '$t':
      return new TreeRef(oidOf(Number(content)))
    case '$x':
      return new BlobRef(pair[0], Number(pair[1]))
    case '$p':
      return new Primitive(String(content))
    case '$m':
      return methods[Number(content)]!
    case '$M':
      return new Method({ source: pair[0], provenance: decode(pair[1]) as unknown as Provenance })
    case '$o':
      return Object.fromEntries(
        (content as [string, Node][]).map(([key, item]) => [key, decode(item, methods)]),
      )
    default:
      throw new TypeError(`unknown tag ${tag}`)
  }
}

/** All slots of an object as text between threads, in slot order. */
export const packSlots = (slots: Slots): string =>
  JSON.stringify([...slots].map(([name, value]) => [name, encode(value)]))

export const unpackSlots = (text: string): Map<string, Value> =>
  new Map((JSON.parse(text) as [string, Node][]).map(([name, node]) => [name, decode(node)]))

/**
 * An object as the realm takes it in: `[frozen, name, cell, name, cell, …]`. A cell is a JSON scalar as it is, or
 * `['j', text]` (JSON without tags), `['t', text]` (with tags), `['r', 12]`, `['m', 3]`, `['p', name]`. Text stays text
 * until the slot is read.
 */
export function packForRealm(slots: Slots, frozen: boolean, methods: Method[]): string {
  const parts: Node[] = [frozen]
  for (const [name, value] of slots) parts.push(name, cellOf(value, methods))
  return JSON.stringify(parts)
}

function cellOf(value: Value, methods: Method[]): Node {
  if (value instanceof Method) return ['m', methods.push(value) - 1]
  if (value instanceof Primitive) return ['p', value.name]
  if (value instanceof Ref) return ['r', numberOf(value.oid)]
  const node = encode(value, methods)
  if (typeof node !== 'object' || node === null) return node
  const text = JSON.stringify(node)
  return [text.includes('{"$') ? 't' : 'j', text]
}
