// Values as bytes: MessagePack, written and read by ourselves, because what is stored must come back exactly (-0, keys
// like `__proto__`, text with a lone surrogate, bigints of any size) and must be the same bytes for the same value.
//
//   null, booleans, strings (UTF-8), arrays, maps (keys are strings), bin   as MessagePack has them, shortest form
//   numbers      integers of -2^31 .. 2^32-1 as MessagePack integers, shortest form; all others, and -0, as float 64
//   ext 1        Ref: the number of its oid, unsigned big endian, 4 or 8 bytes
//   ext 2        TreeRef: likewise
//   ext 3        BlobRef: 32 bytes SHA-256, then the size as float 64
//   ext 4        Method: array [source, provenance]
//   ext 5        Primitive: its name, UTF-8
//   ext 6        bigint: one byte sign (0, 1 for negative), then the magnitude, big endian
//   ext 7        Date: milliseconds as float 64
//   ext 8        string that is not well formed: UTF-16, little endian
//   ext 9        a value kept once for all in the table `values`: the first 16 bytes of the SHA-256 of its encoding
//
// Slots are an array of names and values in turn, in slot order: lookup goes through parent slots in that order.
//
// A revision keeps large values elsewhere and names them by ext 9. What is cut out so, of 256 bytes and more encoded: a
// string, bytes or a Method, whether a slot holds it or a list or map in a slot does; and a list or map that a slot holds
// when nothing was cut out of it. So an encoding in the table `values` never names another. Entries of Trees are whole:
// one is only written when it changes itself. So is what crosses to another thread or process.
import { numberOf, oidOf } from '../base/ids.ts'
import {
  BlobRef,
  isPlainObject,
  Method,
  type PlainObject,
  Primitive,
  Ref,
  TreeRef,
  type Value,
} from '../base/value.ts'
import { define } from './admit.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { type Digest, LazySlots, type RawSlots, rawSlots, Unread } from './lazy-slots.ts'
import type { Slots } from './object-state.ts'

export const REF = 1
export const TREE = 2
export const BLOB = 3
export const METHOD = 4
export const PRIMITIVE = 5
export const BIGINT = 6
export const DATE = 7
export const UTF16 = 8
export const SHARED = 9

/** The size from which on a value is kept once for all, in bytes. */
export const SHARED_FROM = 256
/** The bytes that name a shared value. */
export const DIGEST_SIZE = 18

/** Where large values go while slots are written. */
export interface Sharing {
  /** Keeps an encoded value, which is good until the call ends, and answers its digest. */
  keep(encoding: Uint8Array): Digest
  /** Is told of what a slot holds that names shared values. */
  refers(unread: Unread): void
}

/** Gives a shared value. */
export type Shared = (digest: Digest) => Value

/** Writes `value`, which must have passed `admit`; `cut` is called behind each string, bytes and Method with its start. */
export function writeValue(to: ByteWriter, value: Value, cut?: (start: number) => void): void {
  const start = to.size
  if (typeof value === 'string') {
    writeText(to, value)
    cut?.(start)
  } else if (typeof value === 'number') to.number(value)
  else if (typeof value === 'boolean') to.byte(value ? 0xc3 : 0xc2)
  else if (typeof value === 'bigint') writeBigint(to, value)
  else if (value === null) to.byte(0xc0)
  else {
    writeObject(to, value, cut)
    if (value instanceof Method || value instanceof Uint8Array) cut?.(start)
  }
}

function writeObject(
  to: ByteWriter,
  value: Exclude<Value, null | string | number | boolean | bigint>,
  cut?: (start: number) => void,
): void {
  if (Array.isArray(value)) {
    const list = value as readonly Value[]
    to.arrayHeader(list.length)
    for (let i = 0; i < list.length; i++) writeValue(to, list[i]!, cut)
  } else if (value instanceof Ref) writeOid(to, REF, value.oid)
  else if (value instanceof TreeRef) writeOid(to, TREE, value.oid)
  else if (isPlainObject(value)) {
    const keys = Object.keys(value)
    to.mapHeader(keys.length)
    for (let i = 0; i < keys.length; i++) {
      writeText(to, keys[i]!)
      writeValue(to, value[keys[i]!] as Value, cut)
    }
  } else writeInstance(to, value as Method | Primitive | Date | Uint8Array | BlobRef)
}

function writeInstance(to: ByteWriter, value: Method | Primitive | Date | Uint8Array | BlobRef): void {
  if (value instanceof Method) {
    to.extension(METHOD, () => {
      to.arrayHeader(2)
      writeText(to, value.source)
      writeValue(to, value.provenance as unknown as Value)
    })
  } else if (value instanceof Primitive) to.extension(PRIMITIVE, () => to.utf8(value.name))
  else if (value instanceof Date) to.extension(DATE, () => to.float64(value.getTime()))
  else if (value instanceof Uint8Array) to.binary(value)
  else {
    to.extension(BLOB, () => {
      to.bytes(Buffer.from(value.sha256, 'hex'))
      to.float64(value.size)
    })
  }
}

const writeOid = (to: ByteWriter, type: number, oid: string): void => to.fixedExtension(type, numberOf(oid))

function writeText(to: ByteWriter, text: string): void {
  if (!to.text(text)) writeUtf16(to, text)
}

const writeUtf16 = (to: ByteWriter, text: string): void =>
  to.extension(UTF16, () => to.bytes(Buffer.from(text, 'utf16le')))

function writeBigint(to: ByteWriter, value: bigint): void {
  const hex = (value < 0n ? -value : value).toString(16)
  to.extension(BIGINT, () => {
    to.byte(value < 0n ? 1 : 0)
    to.bytes(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
  })
}

/** Reads one value; arrays and plain objects come frozen. Throws when the bytes are of no known form. */
export function readValue(from: ByteReader, shared: Shared = none): Value {
  const head = from.head()
  switch (head) {
    case 'value':
      return from.value
    case 'array': {
      const items: Value[] = []
      for (let left = from.size; left > 0; left--) items.push(readValue(from, shared))
      return Object.freeze(items)
    }
    case 'map': {
      const object: Record<string, Value> = {}
      for (let left = from.size; left > 0; left--) {
        const key = readValue(from) as string
        define(object, key, readValue(from, shared))
      }
      return Object.freeze(object)
    }
    case 'extension':
      return readExtension(from, shared)
    default:
      return head satisfies never
  }
}

/** Of a plain object the members of these names; what is behind the last of them is not read. */
export function readMembers(from: ByteReader, names: readonly string[]): PlainObject | undefined {
  if (from.head() !== 'map') return undefined
  const members: Record<string, Value> = {}
  let missing = names.length
  for (let left = from.size; left > 0 && missing > 0; left--) {
    const name = readValue(from) as string
    const value = readValue(from)
    if (!names.includes(name)) continue
    members[name] = value
    missing--
  }
  return members
}

const none: Shared = (digest) => {
  throw new Error(`the shared value ${digest} is named where none may be`)
}

function readExtension(from: ByteReader, shared: Shared): Value {
  const { type, size } = from
  switch (type) {
    case REF:
      return new Ref(oidOf(from.unsigned(size)))
    case TREE:
      return new TreeRef(oidOf(from.unsigned(size)))
    case BLOB:
      return new BlobRef(Buffer.from(from.bytes(32)).toString('hex'), from.float64())
    case METHOD: {
      const [source, provenance] = readValue(from) as unknown as [string, Method['provenance']]
      return new Method({ source, provenance })
    }
    case PRIMITIVE:
      return new Primitive(from.utf8(size))
    case BIGINT: {
      const [sign, ...magnitude] = from.bytes(size)
      const value = BigInt(`0x${Buffer.from(magnitude).toString('hex')}`)
      return sign === 1 ? -value : value
    }
    case DATE:
      return new Date(from.float64())
    case UTF16:
      return Buffer.from(from.bytes(size)).toString('utf16le')
    case SHARED:
      return shared(Buffer.from(from.bytes(size)).toString('hex'))
    default:
      throw new Error(`extension ${type} is not known`)
  }
}

/** Writes slots; answers them as a reader would find them, large values unread, where there are any. */
export function writeSlots(to: ByteWriter, slots: Slots, sharing?: Sharing): RawSlots | undefined {
  to.arrayHeader(slots.size * 2)
  if (!sharing) {
    slots.forEach((value, name) => {
      writeText(to, name)
      writeValue(to, value)
    })
    return undefined
  }
  let written: Map<string, Value | Unread> | undefined
  for (const [name, value] of rawSlots(slots)) {
    writeText(to, name)
    const kept = writeSlot(to, value, sharing)
    if (!(kept instanceof Unread)) continue
    sharing.refers(kept)
    written ??= new Map(rawSlots(slots))
    written.set(name, kept)
  }
  return written
}

function writeSlot(to: ByteWriter, value: Value | Unread, sharing: Sharing): Value | Unread {
  if (value instanceof Unread) {
    to.bytes(value.encoding)
    return value
  }
  const begin = to.size
  writeValue(to, value)
  return to.size - begin < SHARED_FROM ? value : cutOut(to, begin, { value, sharing })
}

/** Cuts large values out of what was written from `begin` on. */
function cutOut(
  to: ByteWriter,
  begin: number,
  { value, sharing }: { readonly value: Value; readonly sharing: Sharing },
): Unread {
  const digests: Digest[] = []
  const cut = (start: number) => {
    if (to.size - start < SHARED_FROM) return
    const digest = sharing.keep(to.written(start))
    to.reset(start)
    to.extension16(SHARED, Buffer.from(digest, 'hex'))
    digests.push(digest)
  }
  if (Array.isArray(value) || isPlainObject(value)) {
    to.reset(begin)
    writeValue(to, value, cut)
  }
  if (digests.length === 0) cut(begin)
  return new Unread(new Uint8Array(to.written(begin)), digests)
}

/** Reads slots; `read` gives those that name shared values, once they are asked for. */
export function readSlots(from: ByteReader, read: (unread: Unread) => Value = unreadable): Slots {
  if (from.head() !== 'array') throw new Error('slots are not an array')
  const { size } = from
  const slots = new Map<string, Value | Unread>()
  let isLazy = false
  for (let i = 0; i < size; i += 2) {
    const name = readValue(from) as string
    const start = from.at
    noted = undefined
    const value = readValue(from, note)
    if (noted) isLazy = true
    slots.set(name, noted ? new Unread(from.since(start), noted) : value)
  }
  return isLazy ? new LazySlots(slots, read) : (slots as Slots)
}

/** The shared values that a slot names, noted while it is read; of one slot at a time. */
let noted: Digest[] | undefined
const note: Shared = (digest) => {
  noted = [...(noted ?? []), digest]
  return null
}

const unreadable = ({ digests }: Unread): never => none(digests[0]!) as never

/** Slots as bytes that can cross to another thread or process. */
export function encodeSlots(slots: Slots): Uint8Array {
  const writer = new ByteWriter()
  writeSlots(writer, slots)
  return writer.take()
}

export const decodeSlots = (bytes: Uint8Array): Slots => readSlots(new ByteReader(bytes))
