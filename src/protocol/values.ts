// Values as MessagePack. What MessagePack has of its own is used as it is (nil, booleans, integers, float 64, text,
// binary, arrays, maps with text keys, the timestamp extension -1 for dates); the rest are extensions:
//
//   1 big integer   sign byte (0 or 1), then the magnitude, big endian, no leading zero byte
//   2 reference     the oid as ASCII text, `obj:12`
//   3 tree          the oid as ASCII text
//   4 blob          SHA-256 (32 bytes), size (unsigned 64 bit, big endian)
//   5 method        one MessagePack array [source, provenance]
//   6 primitive     its name as UTF-8 text
//   7 name          the name of a root object, UTF-8 (an argument that the kernel resolves; never kept)
//   8 minus zero    empty (MessagePack's encoder writes -0 as the integer 0)
//
// Invariant: decodeValue(encodeValue(x)) equals x for every value, and bytes from outside end in a value or in
// E_MALFORMED, never in another error, at a cost in proportion to their length (see msgpack-scan.ts).
import { Decoder, Encoder, ExtensionCodec } from '@msgpack/msgpack'
import { BatError } from '../base/errors.ts'
import { isOid, type Oid } from '../base/ids.ts'
import { type Argument, Name } from '../base/notation.ts'
import { BlobRef, isPlainObject, Method, Primitive, type Provenance, Ref, TreeRef } from '../base/value.ts'
import { type ExtensionKind, MAX_DEPTH, scanMsgpack } from './msgpack-scan.ts'

const EXTENSION = {
  date: -1,
  bigint: 1,
  ref: 2,
  tree: 3,
  blob: 4,
  method: 5,
  primitive: 6,
  name: 7,
  minusZero: 8,
} as const
const KNOWN: ReadonlySet<number> = new Set(Object.values(EXTENSION))

const kindOf = (type: number): ExtensionKind | undefined =>
  type === EXTENSION.method ? 'nested' : KNOWN.has(type) ? 'plain' : undefined

class MinusZero {}
const minusZero = new MinusZero()

/** Bytes of a value, or of a whole message, which is a map. Throws E_WIRE_VALUE naming the part that cannot be sent. */
export function encodeValue(value: Argument): Uint8Array<ArrayBuffer> {
  return encoder.encode(wireOf(value, '', 0))
}

/** The value in `bytes`. Throws E_MALFORMED. The value may share memory with `bytes`. */
export function decodeValue(bytes: Uint8Array): Argument {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  scanMsgpack(plain, kindOf)
  return decodeScanned(plain)
}

function decodeScanned(bytes: Uint8Array): Argument {
  try {
    return decoder.decode(bytes) as Argument
  } catch (cause) {
    if (cause instanceof BatError) throw cause
    throw new BatError('E_MALFORMED', { path: 'message', problem: (cause as Error).message }, { cause })
  }
}

// A copy in which everything is a value (or an extension's class), so that the encoder meets nothing it would write as
// something else. Keys whose value is undefined are left out, as JSON does.
function wireOf(value: unknown, path: string, depth: number): unknown {
  if (depth > MAX_DEPTH / 2) refuse(path, `it is nested deeper than ${MAX_DEPTH / 2} levels`)
  switch (typeof value) {
    case 'boolean':
    case 'string':
    case 'bigint':
      return value
    case 'number':
      return Object.is(value, -0) ? minusZero : value
    case 'object':
      break
    default:
      return refuse(path, `a ${typeof value} is no value`)
  }
  if (value === null || value instanceof Uint8Array || value instanceof Method) return value
  if (value instanceof Ref || value instanceof TreeRef || value instanceof BlobRef) return value
  if (value instanceof Primitive || value instanceof Name) return value
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? refuse(path, 'it is an invalid date') : value
  if (Array.isArray(value))
    return Array.from(value, (item, index) => wireOf(item, `${path}[${index}]`, depth + 1))
  if (!isPlainObject(value))
    return refuse(path, `a ${value.constructor?.name ?? 'strange object'} is no value`)
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') refuse(path, 'no key may be named __proto__')
    if (item !== undefined) copy[key] = wireOf(item, path === '' ? key : `${path}.${key}`, depth + 1)
  }
  return copy
}

function refuse(path: string, problem: string): never {
  throw new BatError('E_WIRE_VALUE', { path: path || 'value', problem })
}

function malformed(what: string, problem: string): never {
  throw new BatError('E_MALFORMED', { path: what, problem })
}

const text = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const textOf = (bytes: Uint8Array, what: string): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    return malformed(what, 'it is not UTF-8 text')
  }
}
const oidIn = (bytes: Uint8Array, what: string): Oid => {
  const oid = bytes.length > 24 ? '' : textOf(bytes, what)
  return isOid(oid) ? oid : malformed(what, 'an oid such as obj:12 expected')
}
const nameIn = (bytes: Uint8Array, what: string): string => {
  if (bytes.length === 0 || bytes.length > 1024) malformed(what, 'a name of 1 to 1024 bytes expected')
  return textOf(bytes, what)
}

function bytesOfBigint(value: bigint): Uint8Array {
  const hex = (value < 0n ? -value : value).toString(16)
  const magnitude = value === 0n ? '' : hex.padStart(hex.length + (hex.length % 2), '0')
  return Buffer.from(`${value < 0n ? '01' : '00'}${magnitude}`, 'hex')
}

function bigintIn(bytes: Uint8Array): bigint {
  if (bytes.length === 0 || bytes[0]! > 1) malformed('big integer', 'a sign byte of 0 or 1 expected')
  const magnitude = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1).toString('hex')
  const value = magnitude === '' ? 0n : BigInt(`0x${magnitude}`)
  return bytes[0] === 1 ? -value : value
}

function bytesOfBlob(blob: BlobRef): Uint8Array {
  const bytes = Buffer.alloc(40)
  if (!/^[0-9a-f]{64}$/.test(blob.sha256)) refuse('blob', 'its digest is not 64 hexadecimal digits')
  bytes.write(blob.sha256, 0, 'hex')
  bytes.writeBigUInt64BE(BigInt(blob.size), 32)
  return bytes
}

function blobIn(bytes: Uint8Array): BlobRef {
  if (bytes.length !== 40) malformed('blob', '40 bytes expected')
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const size = buffer.readBigUInt64BE(32)
  if (size > Number.MAX_SAFE_INTEGER) malformed('blob', 'its size exceeds 2^53')
  return new BlobRef(buffer.toString('hex', 0, 32), Number(size))
}

function methodIn(bytes: Uint8Array): Method {
  const parts = decodeScanned(bytes)
  const [source, provenance] = Array.isArray(parts) && parts.length === 2 ? parts : []
  if (typeof source !== 'string' || !isPlainObject(provenance))
    return malformed('method', 'its source and its provenance expected')
  const { author, user, cycle, time, state, witnesses } = provenance
  const texts = [author, user, cycle, state].every((part) => typeof part === 'string')
  if (!texts || typeof time !== 'number' || !Array.isArray(witnesses))
    malformed('method', 'its provenance lacks author, user, cycle, time, state or witnesses')
  return new Method({ source, provenance: provenance as unknown as Provenance })
}

// Seconds and nanoseconds as in the MessagePack specification, section "Timestamp extension type".
function dateIn(bytes: Uint8Array): Date {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let seconds = 0
  let nanoseconds = 0
  if (bytes.length === 4) seconds = view.getUint32(0)
  else if (bytes.length === 8) {
    nanoseconds = view.getUint32(0) >>> 2
    seconds = (view.getUint32(0) & 3) * 2 ** 32 + view.getUint32(4)
  } else if (bytes.length === 12) {
    nanoseconds = view.getUint32(0)
    seconds = Number(view.getBigInt64(4))
  } else malformed('date', '4, 8 or 12 bytes expected')
  const date = new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6))
  if (nanoseconds >= 1e9 || Number.isNaN(date.getTime())) malformed('date', 'it is out of range')
  return date
}

function bytesOfDate(date: Date): Uint8Array {
  const bytes = Buffer.alloc(12)
  const seconds = Math.floor(date.getTime() / 1000)
  bytes.writeUInt32BE((date.getTime() - seconds * 1000) * 1e6, 0)
  bytes.writeBigInt64BE(BigInt(seconds), 4)
  return bytes
}

const codec = new ExtensionCodec()
function extension<T>(
  type: number,
  isOne: (value: unknown) => value is T,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  codec.register({ type, encode: (value) => (isOne(value) ? encode(value) : null), decode })
}
const isA =
  <T>(kind: new (...args: never[]) => T) =>
  (value: unknown): value is T =>
    value instanceof kind

extension(EXTENSION.date, isA(Date), bytesOfDate, dateIn)
extension(
  EXTENSION.bigint,
  (value): value is bigint => typeof value === 'bigint',
  bytesOfBigint,
  (bytes) => bigintIn(bytes),
)
extension(
  EXTENSION.ref,
  isA(Ref),
  (ref) => text.encode(ref.oid),
  (bytes) => new Ref(oidIn(bytes, 'reference')),
)
extension(
  EXTENSION.tree,
  isA(TreeRef),
  (tree) => text.encode(tree.oid),
  (bytes) => new TreeRef(oidIn(bytes, 'tree')),
)
extension(EXTENSION.blob, isA(BlobRef), bytesOfBlob, blobIn)
extension(
  EXTENSION.method,
  isA(Method),
  (method) => encoder.encode(wireOf([method.source, method.provenance], 'method', 0)),
  methodIn,
)
extension(
  EXTENSION.primitive,
  isA(Primitive),
  (primitive) => text.encode(primitive.name),
  (bytes) => new Primitive(nameIn(bytes, 'primitive')),
)
extension(
  EXTENSION.name,
  isA(Name),
  (name) => text.encode(name.name),
  (bytes) => new Name(nameIn(bytes, 'name')),
)
extension(
  EXTENSION.minusZero,
  isA(MinusZero),
  () => new Uint8Array(0),
  (bytes) => (bytes.length === 0 ? -0 : malformed('minus zero', 'no bytes expected')),
)

const encoder = new Encoder({ extensionCodec: codec, maxDepth: MAX_DEPTH + 2 })
const decoder = new Decoder({ extensionCodec: codec })
