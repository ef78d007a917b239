// Z85 (ZeroMQ RFC 32): four bytes as five printable characters, big endian, base 85. CURVE keys are written in it.
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

/** Whether `text` is a CURVE key: 40 characters of Z85, each five of them below 2^32. */
export const isZ85Key = (text: string): boolean =>
  text.length === 40 &&
  [...text].every((char) => DIGITS.includes(char)) &&
  (text.match(/.{5}/gs) ?? []).every((five) => numberOf(five) < 2 ** 32)

/** Text of bytes whose count is a multiple of four. */
export function z85Of(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    let five = ''
    for (let number = view.getUint32(at); five.length < 5; number = Math.floor(number / 85))
      five = DIGITS[number % 85] + five
    text += five
  }
  return text
}

/** Bytes of a sound Z85 text (see isZ85Key). */
export function bytesOfZ85(text: string): Uint8Array {
  const bytes = Buffer.alloc((text.length / 5) * 4)
  for (let at = 0; at < text.length; at += 5)
    bytes.writeUInt32BE(numberOf(text.slice(at, at + 5)), (at / 5) * 4)
  return bytes
}

const numberOf = (five: string): number => [...five].reduce((sum, char) => sum * 85 + DIGITS.indexOf(char), 0)
