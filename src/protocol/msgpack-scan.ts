// Looks over MessagePack bytes before anything is decoded, so that what a stranger sends can cost no more than it
// weighs. The decoder of @msgpack/msgpack makes an array as long as its header says; five bytes may say four billion.
//
// Held here: exactly one object, nothing after it; every length lies within the bytes; the elements promised by open
// arrays and maps never outnumber the bytes that are left; at most MAX_DEPTH levels; keys of maps are text; integers
// are exact as JavaScript numbers; extension types are known ones, and those that hold MessagePack are looked into.
// The walk is a loop over an explicit stack: depth costs no call frames.
import { BatError } from '../base/errors.ts'

/** Arrays, maps and nested extensions, one in the other. */
export const MAX_DEPTH = 96

/** What is known of an extension type: `nested` ones hold one MessagePack object. */
export type ExtensionKind = 'plain' | 'nested'

// What follows a first byte of 0xc0 to 0xdf: so many bytes (fixed), an exact integer of 8 bytes (negative: signed), an
// extension of so many bytes, or a length written in so many bytes and then what it counts.
type Head = readonly [
  'fixed' | 'integer' | 'fixed extension' | 'bytes' | 'extension' | 'array' | 'map',
  number,
]
const HEADS: Readonly<Record<number, Head>> = {
  192: ['fixed', 0], // nil, false, true
  194: ['fixed', 0],
  195: ['fixed', 0],
  196: ['bytes', 1], // binary
  197: ['bytes', 2],
  198: ['bytes', 4],
  199: ['extension', 1],
  200: ['extension', 2],
  201: ['extension', 4],
  202: ['fixed', 4], // floating point
  203: ['fixed', 8],
  204: ['fixed', 1], // integers
  205: ['fixed', 2],
  206: ['fixed', 4],
  207: ['integer', 8],
  208: ['fixed', 1],
  209: ['fixed', 2],
  210: ['fixed', 4],
  211: ['integer', -8],
  212: ['fixed extension', 1],
  213: ['fixed extension', 2],
  214: ['fixed extension', 4],
  215: ['fixed extension', 8],
  216: ['fixed extension', 16],
  217: ['bytes', 1], // text
  218: ['bytes', 2],
  219: ['bytes', 4],
  220: ['array', 2],
  221: ['array', 4],
  222: ['map', 2],
  223: ['map', 4],
}
const isText = (head: number): boolean => (head >= 0xa0 && head <= 0xbf) || (head >= 0xd9 && head <= 0xdb)

interface Open {
  /** Objects still to come. */
  left: number
  readonly map: boolean
}

/** Throws E_MALFORMED when `bytes` are not one sound MessagePack object as described above. */
export function scanMsgpack(
  bytes: Uint8Array,
  kindOf: (extension: number) => ExtensionKind | undefined,
  depth = 0,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const open: Open[] = []
  let promised = 1
  let at = 0

  const fail = (problem: string): never => {
    throw new BatError('E_MALFORMED', { path: `byte ${at}`, problem })
  }
  const need = (count: number): void => {
    if (count > bytes.length - at) fail(`${count} bytes expected, ${bytes.length - at} are left`)
  }
  const length = (size: number): number => {
    need(size)
    const value = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at)
    at += size
    return value
  }
  const skip = (count: number): void => {
    need(count)
    at += count
  }
  const enter = (count: number, map: boolean): void => {
    const left = map ? 2 * count : count
    promised += left
    if (promised - 1 > bytes.length - at)
      fail(`${left} elements promised, ${bytes.length - at} bytes are left`)
    if (open.length + depth >= MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`)
    open.push({ left, map })
  }
  const wide = (signed: boolean): void => {
    need(8)
    const value = signed ? view.getBigInt64(at) : view.getBigUint64(at)
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)
      fail('an integer beyond 2^53 must be sent as a big integer')
    at += 8
  }
  const extension = (size: number): void => {
    need(1 + size)
    const type = view.getInt8(at)
    at += 1
    const kind = kindOf(type)
    if (kind === undefined) fail(`unknown extension type ${type}`)
    if (kind === 'nested') {
      if (open.length + depth >= MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`)
      scanMsgpack(bytes.subarray(at, at + size), kindOf, depth + open.length + 1)
    }
    at += size
  }

  const one = (): void => {
    need(1)
    const head = view.getUint8(at)
    const top = open.at(-1)
    if (top?.map && top.left % 2 === 0 && !isText(head)) fail('the key of a map must be text')
    at += 1
    if (head <= 0x7f || head >= 0xe0) return // small integers
    if (head <= 0x8f) enter(head & 0x0f, true)
    else if (head <= 0x9f) enter(head & 0x0f, false)
    else if (head <= 0xbf) skip(head & 0x1f)
    else long(HEADS[head] ?? fail(`0x${head.toString(16)} begins nothing`))
  }
  const long = ([kind, size]: Head): void => {
    if (kind === 'fixed') skip(size)
    else if (kind === 'integer') wide(size < 0)
    else if (kind === 'fixed extension') extension(size)
    else {
      const count = length(size)
      if (kind === 'bytes') skip(count)
      else if (kind === 'extension') extension(count)
      else enter(count, kind === 'map')
    }
  }

  while (promised > 0) {
    while (open.length > 0 && open.at(-1)!.left === 0) open.pop()
    const top = open.at(-1)
    one()
    if (top !== undefined) top.left -= 1
    promised -= 1
  }
  if (at !== bytes.length) fail(`${bytes.length - at} bytes follow the message`)
}
