// MessagePack's shapes into buffers, one piece of work behind the other: what was written stays as it is, in memory that it
// shares with its neighbours. It knows bytes, not what they mean: see codec.ts.
import { Memory } from './put.ts'

const FIRST_SIZE = 1024
const SIZE = 65_536
/** Longer texts are left to Node to encode. */
const SHORT_TEXT = 64
/** So few bytes are copied one by one: a call that copies all costs more. */
const FEW_BYTES = 32

export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_SIZE)
  #memory = new Memory(this.#buffer.buffer)
  #start = 0
  #at = 0

  /** Begins anew, behind what was written. */
  begin(): void {
    this.#start = this.#at
  }

  /** Goes back to where `size` bytes were written. */
  reset(size: number): void {
    this.#at = this.#start + size
  }

  /** How many bytes were written since the beginning. */
  get size(): number {
    return this.#at - this.#start
  }

  /** Where what is being written is, until more is: from `start` on. */
  get memory(): Memory {
    return this.#memory
  }

  get start(): number {
    return this.#start
  }

  /** What was written, in memory of its own. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.written())
  }

  /** What was written from the `from`th byte on. */
  written(from = 0): Buffer {
    return this.#buffer.subarray(this.#start + from, this.#at)
  }

  byte(value: number): void {
    this.#room(1)
    this.#buffer[this.#at++] = value
  }

  uint16(value: number): void {
    this.#room(2)
    this.#buffer[this.#at++] = value >>> 8
    this.#buffer[this.#at++] = value
  }

  uint32(value: number): void {
    this.#room(4)
    this.#at += 4
    this.uint32At(this.size - 4, value)
  }

  /** Writes behind the first `size` bytes, over what was written there. */
  uint32At(size: number, value: number): void {
    const buffer = this.#buffer
    const at = this.#start + size
    buffer[at] = value >>> 24
    buffer[at + 1] = value >>> 16
    buffer[at + 2] = value >>> 8
    buffer[at + 3] = value
  }

  float64(value: number): void {
    this.#room(8)
    this.#at = this.#buffer.writeDoubleBE(value, this.#at)
  }

  bytes(bytes: Uint8Array): void {
    const { length } = bytes
    this.#room(length)
    if (length > FEW_BYTES) this.#buffer.set(bytes, this.#at)
    else for (let i = 0; i < length; i++) this.#buffer[this.#at + i] = bytes[i]!
    this.#at += length
  }

  utf8(text: string): void {
    this.#room(text.length * 3)
    this.#at += this.#buffer.write(text, this.#at, 'utf8')
  }

  number(value: number): void {
    if (!Number.isInteger(value) || Object.is(value, -0) || value < -(2 ** 31) || value >= 2 ** 32) {
      this.byte(0xcb)
      this.float64(value)
    } else if (value >= 0) this.#positive(value)
    else this.#negative(value)
  }

  #positive(value: number): void {
    if (value < 0x80) this.byte(value)
    else if (value < 0x100) {
      this.byte(0xcc)
      this.byte(value)
    } else if (value < 0x10000) {
      this.byte(0xcd)
      this.uint16(value)
    } else {
      this.byte(0xce)
      this.uint32(value)
    }
  }

  #negative(value: number): void {
    if (value >= -32) this.byte(value & 0xff)
    else if (value >= -0x80) {
      this.byte(0xd0)
      this.byte(value & 0xff)
    } else if (value >= -0x8000) {
      this.byte(0xd1)
      this.uint16(value & 0xffff)
    } else {
      this.byte(0xd2)
      this.uint32(value >>> 0)
    }
  }

  /** Writes a string; false, and nothing written, when it is not well formed. */
  text(text: string): boolean {
    if (text.length < SHORT_TEXT && this.#shortAscii(text)) return true
    if (!isWellFormed(text)) return false
    const size = Buffer.byteLength(text, 'utf8')
    if (size < 32) this.byte(0xa0 | size)
    else this.#sized(size, 0xd9, 0xda, 0xdb)
    this.#room(size)
    this.#buffer.write(text, this.#at, 'utf8')
    this.#at += size
    return true
  }

  #shortAscii(text: string): boolean {
    const { length } = text
    this.#room(length + 2)
    const buffer = this.#buffer
    let at = this.#at
    if (length < 32) buffer[at++] = 0xa0 | length
    else {
      buffer[at++] = 0xd9
      buffer[at++] = length
    }
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      buffer[at++] = code
    }
    this.#at = at
    return true
  }

  binary(bytes: Uint8Array): void {
    this.#sized(bytes.length, 0xc4, 0xc5, 0xc6)
    this.bytes(bytes)
  }

  arrayHeader(size: number): void {
    if (size < 16) this.byte(0x90 | size)
    else this.#sized16(size, 0xdc, 0xdd)
  }

  mapHeader(size: number): void {
    if (size < 16) this.byte(0x80 | size)
    else this.#sized16(size, 0xde, 0xdf)
  }

  /** An extension whose data is an unsigned integer: 4 bytes where they are enough, else 8. */
  fixedExtension(type: number, value: number): void {
    const short = value < 2 ** 32
    this.byte(short ? 0xd6 : 0xd7)
    this.byte(type)
    if (!short) this.uint32(Math.floor(value / 2 ** 32))
    this.uint32(value >>> 0)
  }

  /** An extension whose data is 16 bytes. */
  extension16(type: number, bytes: Uint8Array): void {
    this.byte(0xd8)
    this.byte(type)
    this.bytes(bytes)
  }

  /** An extension whose data is what `write` writes. */
  extension(type: number, write: () => void): void {
    this.byte(0xc9)
    const { size } = this
    this.uint32(0)
    this.byte(type)
    write()
    this.uint32At(size, this.size - size - 5)
  }

  #sized(size: number, one: number, two: number, four: number): void {
    if (size < 0x100) {
      this.byte(one)
      this.byte(size)
    } else this.#sized16(size, two, four)
  }

  #sized16(size: number, two: number, four: number): void {
    if (size < 0x10000) {
      this.byte(two)
      this.uint16(size)
    } else {
      this.byte(four)
      this.uint32(size)
    }
  }

  #room(size: number): void {
    if (this.#at + size <= this.#buffer.length) return
    const begun = this.written()
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(SIZE, (begun.length + size) * 2))
    this.#memory = new Memory(this.#buffer.buffer)
    this.#buffer.set(begun)
    this.#start = 0
    this.#at = begun.length
  }
}

/** Whether `text` has no lone surrogate, so that UTF-8 can hold it. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)
