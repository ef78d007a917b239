// MessagePack's shapes out of a buffer. Whatever it gives is copied: the buffer may be reused when it is done. Running
// over the end throws a RangeError.
export type Head =
  | { readonly kind: 'value'; readonly value: null | boolean | number | string | Uint8Array }
  | { readonly kind: 'array' | 'map'; readonly size: number }
  | { readonly kind: 'extension'; readonly type: number; readonly size: number }

const NAMES = 4096
/** Short texts seen lately: slot names come again and again, and one string serves all. */
const names: (string | undefined)[] = new Array(NAMES)

export class ByteReader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#at = at
  }

  /** Where the next read begins. */
  get at(): number {
    return this.#at
  }

  /** The bytes read since `start`. */
  since(start: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(start, this.#at))
  }

  /** Reads a scalar whole, and of anything longer what it is and its size. */
  head(): Head {
    const tag = this.#view.getUint8(this.#at++)
    if (tag < 0x80) return { kind: 'value', value: tag }
    if (tag >= 0xe0) return { kind: 'value', value: tag - 0x100 }
    if (tag >= 0xa0 && tag < 0xc0) return { kind: 'value', value: this.#short(tag & 0x1f) }
    if (tag < 0x90) return { kind: 'map', size: tag & 0x0f }
    if (tag < 0xa0) return { kind: 'array', size: tag & 0x0f }
    return this.#long(tag)
  }

  #long(tag: number): Head {
    switch (tag) {
      case 0xc0:
        return { kind: 'value', value: null }
      case 0xc2:
        return { kind: 'value', value: false }
      case 0xc3:
        return { kind: 'value', value: true }
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return { kind: 'value', value: this.bytes(this.unsigned(1 << (tag - 0xc4))) }
      case 0xc9: {
        const size = this.unsigned(4)
        return { kind: 'extension', type: this.unsigned(1), size }
      }
      case 0xcb:
        return { kind: 'value', value: this.float64() }
      case 0xcc:
      case 0xcd:
      case 0xce:
        return { kind: 'value', value: this.unsigned(1 << (tag - 0xcc)) }
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return { kind: 'value', value: this.#signed(1 << (tag - 0xd0)) }
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return { kind: 'extension', type: this.unsigned(1), size: 1 << (tag - 0xd4) }
      case 0xd9:
      case 0xda:
      case 0xdb:
        return { kind: 'value', value: this.utf8(this.unsigned(1 << (tag - 0xd9))) }
      case 0xdc:
      case 0xdd:
        return { kind: 'array', size: this.unsigned(tag === 0xdc ? 2 : 4) }
      case 0xde:
      case 0xdf:
        return { kind: 'map', size: this.unsigned(tag === 0xde ? 2 : 4) }
      default:
        throw new Error(`the tag 0x${tag.toString(16)} is not known`)
    }
  }

  unsigned(size: number): number {
    const at = this.#at
    this.#at += size
    switch (size) {
      case 1:
        return this.#view.getUint8(at)
      case 2:
        return this.#view.getUint16(at)
      case 4:
        return this.#view.getUint32(at)
      default:
        return this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4)
    }
  }

  #signed(size: number): number {
    const at = this.#at
    this.#at += size
    if (size === 1) return this.#view.getInt8(at)
    return size === 2 ? this.#view.getInt16(at) : this.#view.getInt32(at)
  }

  float64(): number {
    this.#at += 8
    return this.#view.getFloat64(this.#at - 8)
  }

  bytes(size: number): Uint8Array {
    const copy = new Uint8Array(size)
    copy.set(this.#bytes.subarray(this.#advance(size), this.#at))
    return copy
  }

  utf8(size: number): string {
    const start = this.#advance(size)
    return this.#bytes.toString('utf8', start, this.#at)
  }

  #advance(size: number): number {
    const start = this.#at
    if (start + size > this.#bytes.length) throw new RangeError('the record ends too early')
    this.#at = start + size
    return start
  }

  /** A text of up to 31 bytes, from the table of texts seen lately where it is there. */
  #short(size: number): string {
    const bytes = this.#bytes
    const start = this.#advance(size)
    let hash = size
    for (let i = start; i < this.#at; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    const place = (hash >>> 0) % NAMES
    const known = names[place]
    if (known !== undefined && known.length === size && isAscii(known, bytes, start)) return known
    const text = bytes.toString('utf8', start, this.#at)
    if (text.length === size) names[place] = text
    return text
  }
}

function isAscii(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
