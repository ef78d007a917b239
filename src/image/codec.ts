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
//
// Slots are an array of names and values in turn, in slot order: lookup goes through parent slots in that order.
import { oidOf } from '../base/ids.ts'
import { BlobRef, Method, Primitive, Ref, TreeRef, type Value } from '../base/value.ts'
import { define } from './admit.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Slots } from './object-state.ts'

const REF = 1
const TREE = 2
const BLOB = 3
const METHOD = 4
const PRIMITIVE = 5
const BIGINT = 6
const DATE = 7
const UTF16 = 8

/** Writes `value`, which must have passed `admit`. */
export function writeValue(to: ByteWriter, value: Value): void {
  if (typeof value === 'string') writeText(to, value)
  else if (typeof value === 'number') to.number(value)
  else if (typeof value === 'boolean') to.byte(value ? 0xc3 : 0xc2)
  else if (typeof value === 'bigint') writeBigint(to, value)
  else if (value === null) to.byte(0xc0)
  else writeObject(to, value)
}

function writeObject(to: ByteWriter, value: Exclude<Value, null | string | number | boolean | bigint>): void {
  if (Array.isArray(value)) {
    to.arrayHeader(value.length)
    for (const item of value as readonly Value[]) writeValue(to, item)
  } else if (value instanceof Ref) writeOid(to, REF, value.oid)
  else if (value instanceof TreeRef) writeOid(to, TREE, value.oid)
  else if (value instanceof Method) {
    to.extension(METHOD, () => {
      to.arrayHeader(2)
      writeText(to, value.source)
      writeValue(to, value.provenance as unknown as Value)
    })
  } else if (value instanceof Primitive) to.extension(PRIMITIVE, () => to.utf8(value.name))
  else if (value instanceof Date) to.extension(DATE, () => to.float64(value.getTime()))
  else if (value instanceof Uint8Array) to.binary(value)
  else if (value instanceof BlobRef) {
    to.extension(BLOB, () => {
      to.bytes(Buffer.from(value.sha256, 'hex'))
      to.float64(value.size)
    })
  } else {
    const object = value as Readonly<Record<string, Value>>
    const keys = Object.keys(object)
    to.mapHeader(keys.length)
    for (const key of keys) {
      writeText(to, key)
      writeValue(to, object[key]!)
    }
  }
}

const writeOid = (to: ByteWriter, type: number, oid: string): void =>
  to.fixedExtension(type, Number(oid.slice(4)))

function writeText(to: ByteWriter, text: string): void {
  if (!to.text(text)) to.extension(UTF16, () => to.bytes(Buffer.from(text, 'utf16le')))
}

function writeBigint(to: ByteWriter, value: bigint): void {
  const hex = (value < 0n ? -value : value).toString(16)
  to.extension(BIGINT, () => {
    to.byte(value < 0n ? 1 : 0)
    to.bytes(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
  })
}

/** Reads one value; arrays and plain objects come frozen. Throws when the bytes are of no known form. */
export function readValue(from: ByteReader): Value {
  const head = from.head()
  switch (head.kind) {
    case 'value':
      return head.value
    case 'array': {
      const items: Value[] = []
      for (let i = 0; i < head.size; i++) items.push(readValue(from))
      return Object.freeze(items)
    }
    case 'map': {
      const object: Record<string, Value> = {}
      for (let i = 0; i < head.size; i++) {
        const key = readValue(from) as string
        define(object, key, readValue(from))
      }
      return Object.freeze(object)
    }
    case 'extension':
      return readExtension(from, head.type, head.size)
    default:
      return head satisfies never
  }
}

function readExtension(from: ByteReader, type: number, size: number): Value {
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
    default:
      throw new Error(`extension ${type} is not known`)
  }
}

export function writeSlots(to: ByteWriter, slots: Slots): void {
  to.arrayHeader(slots.size * 2)
  for (const [name, value] of slots) {
    writeText(to, name)
    writeValue(to, value)
  }
}

export function readSlots(from: ByteReader): Slots {
  const head = from.head()
  if (head.kind !== 'array') throw new Error('slots are not an array')
  const slots = new Map<string, Value>()
  for (let i = 0; i < head.size; i += 2) slots.set(readValue(from) as string, readValue(from))
  return slots
}

/** Slots as bytes that can cross to another thread or process. */
export function encodeSlots(slots: Slots): Uint8Array {
  const writer = new ByteWriter()
  writeSlots(writer, slots)
  return writer.take()
}

export const decodeSlots = (bytes: Uint8Array): Slots => readSlots(new ByteReader(bytes))
