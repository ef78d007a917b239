// MessagePack's shapes out of a buffer. Whatever it gives is copied: the buffer may be reused when it is done. Running
// over the end throws a RangeError.
//
// Records are read by the hundred thousand, so nothing is made along the way: one reader may read many buffers one after
// the other, and of what comes next it tells by its own properties.
export type Head = 'value' | 'array' | 'map' | 'extension'

const NAMES = 4096
/** Short texts seen lately: slot names come again and again, and one string serves all. */
const names: (string | undefined)[] = new Array(NAMES)

const float64 = new DataView(new ArrayBuffer(8))
const EMPTY = new Uint8Array(0)

/** Buffer's own way to read UTF-8 works on any bytes: making a Buffer of them costs more than reading a short text. */
const { utf8Slice } = Buffer.prototype as unknown as {
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string
}

export class ByteReader {
  /** What the last head was, where it was a scalar. */
  value: null | boolean | number | string | Uint8Array = null
  /** How many items, members or bytes follow the last head. */
  size = 0
  /** The type of the extension that the last head was. */
  type = 0
  #bytes: Uint8Array = EMPTY
  #at = 0

  constructor(bytes: Uint8Array = EMPTY) {
    this.open(bytes)
  }

  /** Goes on to other bytes, from `at` on. */
  open(bytes: Uint8Array, at = 0): this {
    this.#bytes = bytes
    this.#at = at
    return this
  }

  /** Where the next read begins. */
  get at(): number {
    return this.#at
  }

  /** The bytes read since `start`. */
  since(start: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(start, this.#at))
  }

  /** Reads a scalar whole into `value`, and of anything longer what it is and its size. */
  head(): Head {
    const tag = this.#byte()
    if (tag < 0x80) this.value = tag
    else if (tag >= 0xe0) this.value = tag - 0x100
    else if (tag >= 0xc0) return this.#long(tag)
    else if (tag >= 0xa0) this.value = this.#short(tag & 0x1f)
    else return this.#sized(tag < 0x90 ? 'map' : 'array', tag & 0x0f)
    return 'value'
  }

  /** Goes over what comes next: tells what it is like `head`, but reads no scalar. */
  over(): Head {
    const tag = this.#byte()
    if (tag < 0x80 || tag >= 0xe0) return 'value'
    if (tag >= 0xa0 && tag < 0xc0) return this.#past(tag & 0x1f)
    if (tag >= 0xc0 && tag <= 0xc3) return this.#long(tag)
    if (tag >= 0xc4 && tag <= 0xc6) return this.#past(this.unsigned(1 << (tag - 0xc4)))
    if (tag === 0xcb) return this.#past(8)
    if (tag >= 0xcc && tag <= 0xce) return this.#past(1 << (tag - 0xcc))
    if (tag >= 0xd0 && tag <= 0xd2) return this.#past(1 << (tag - 0xd0))
    if (tag >= 0xd9 && tag <= 0xdb) return this.#past(this.unsigned(1 << (tag - 0xd9)))
    if (tag < 0xa0) return this.#sized(tag < 0x90 ? 'map' : 'array', tag & 0x0f)
    return this.#long(tag)
  }

  #past(size: number): Head {
    this.skip(size)
    return 'value'
  }

  skip(size: number): void {
    this.#advance(size)
  }

  #scalar(value: null | boolean | number | string | Uint8Array): Head {
    this.value = value
    return 'value'
  }

  #sized(head: Head, size: number): Head {
    this.size = size
    return head
  }

  #extension(size: number): Head {
    this.type = this.#byte()
    return this.#sized('extension', size)
  }

  #long(tag: number): Head {
    switch (tag) {
      case 0xc0:
        return this.#scalar(null)
      case 0xc2:
        return this.#scalar(false)
      case 0xc3:
        return this.#scalar(true)
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#scalar(this.bytes(this.unsigned(1 << (tag - 0xc4))))
      case 0xc9:
        return this.#extension(this.unsigned(4))
      case 0xcb:
        return this.#scalar(this.float64())
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#scalar(this.unsigned(1 << (tag - 0xcc)))
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.#scalar(this.#signed(1 << (tag - 0xd0)))
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (tag - 0xd4))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#scalar(this.utf8(this.unsigned(1 << (tag - 0xd9))))
      case 0xdc:
      case 0xdd:
        return this.#sized('array', this.unsigned(tag === 0xdc ? 2 : 4))
      case 0xde:
      case 0xdf:
        return this.#sized('map', this.unsigned(tag === 0xde ? 2 : 4))
      default:
        throw new Error(`the tag 0x${tag.toString(16)} is not known`)
    }
  }

  /** A number of 1, 2, 4 or 8 bytes. */
  unsigned(size: number): number {
    let number = 0
    for (let end = this.#advance(size) + size, at = end - size; at < end; at++) {
      number = number * 256 + this.#bytes[at]!
    }
    return number
  }

  #signed(size: number): number {
    const number = this.unsigned(size)
    const half = 2 ** (8 * size - 1)
    return number < half ? number : number - 2 * half
  }

  float64(): number {
    const start = this.#advance(8)
    for (let i = 0; i < 8; i++) float64.setUint8(i, this.#bytes[start + i]!)
    return float64.getFloat64(0)
  }

  bytes(size: number): Uint8Array {
    const copy = new Uint8Array(size)
    copy.set(this.#bytes.subarray(this.#advance(size), this.#at))
    return copy
  }

  utf8(size: number): string {
    const start = this.#advance(size)
    return utf8Slice.call(this.#bytes, start, this.#at)
  }

  #byte(): number {
    return this.#bytes[this.#advance(1)]!
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
    const text = utf8Slice.call(bytes, start, this.#at)
    if (text.length === size) names[place] = text
    return text
  }
}

function isAscii(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
