// Bytes that are no message, each wrong in its own way; some would cost far more than they weigh if they were believed.
import { Encoder, ExtData } from '@msgpack/msgpack'
import { MAX_DEPTH } from '../../src/protocol/msgpack-scan.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const repeat = (text: string, times: number) => hex(text.repeat(times))
const extension = (type: number, data: Uint8Array) => new Encoder().encode(new ExtData(type, data))
/** A method's extension in a method's extension in … */
function extensionBomb(levels: number): Uint8Array {
  let bytes: Uint8Array = Uint8Array.of(0xc0)
  for (let level = 0; level < levels; level++) bytes = extension(5, bytes)
  return bytes
}
const methodWith = (provenance: unknown) => extension(5, new Encoder().encode(['source', provenance]))

/** By what is wrong with them. */
export const hostile: Record<string, Uint8Array> = {
  nothing: hex(''),
  'the byte that means nothing': hex('c1'),
  'two messages in one': hex('c0 c0'),
  'truncated text': hex('a5 61 62'),
  'truncated long text': hex('db 00 00 00 ff 61'),
  'text of four gigabytes': hex('db ff ff ff ff 61'),
  'a length that is cut': hex('db ff ff'),
  'truncated binary': hex('c4 08 00'),
  'binary of four gigabytes': hex('c6 ff ff ff ff'),
  'truncated float': hex('cb 00'),
  'truncated integer': hex('ce 00 00'),
  'truncated 64 bit integer': hex('cf 00 00'),
  'an array one short': hex('92 c0'),
  'an array of four billion': hex('dd ff ff ff ff'),
  'an array of thirty million': hex('dd 01 c9 c3 80 c0 c0'),
  'a map of four billion': hex('df ff ff ff ff'),
  'a map with no value': hex('81 a1 61'),
  'a key that is a number': hex('81 01 c0'),
  'a key that is an array': hex('81 90 c0'),
  'a second key that is nil': hex('82 a1 61 c0 c0 c0'),
  'the key __proto__': new Encoder().encode(JSON.parse('{"__proto__": {"polluted": true}}')),
  'an integer beyond 2^53': hex('cf ff ff ff ff ff ff ff ff'),
  'a negative integer beyond 2^53': hex('d3 80 00 00 00 00 00 00 00'),
  'arrays nested too deep': Buffer.concat([repeat('91', MAX_DEPTH + 1), hex('c0')]),
  'a million nested arrays': Buffer.concat([repeat('91', 1_000_000), hex('c0')]),
  'a hundred thousand nested maps': Buffer.concat([repeat('81a161', 100_000), hex('c0')]),
  'arrays that promise more than there is, each in the other': repeat('dc0100', 60),
  'a method in a method in a method': extensionBomb(10),
  'methods nested too deep': extensionBomb(MAX_DEPTH + 1),
  'two thousand nested methods': extensionBomb(2000),
  'an unknown extension': extension(99, Uint8Array.of(1)),
  'an extension of a negative type': hex('d4 80 00'),
  'a truncated extension': hex('c7 10 02 6f'),
  'an extension of four gigabytes': hex('c9 ff ff ff ff 02'),
  'a big integer without a sign': extension(1, hex('')),
  'a big integer with sign 2': extension(1, hex('02 01')),
  'a reference that is none': extension(2, Buffer.from('obj:-1')),
  'a reference of a megabyte': extension(2, Buffer.alloc(2 ** 20, 'obj:1')),
  'a reference to 1e99': extension(2, Buffer.from('obj:1e99')),
  'a tree that is a transaction': extension(3, Buffer.from('tx:1')),
  'a blob too short': extension(4, Buffer.alloc(39)),
  'a blob of 2^64 bytes': extension(4, Buffer.alloc(40, 0xff)),
  'a method that is no array': extension(5, hex('c0')),
  'a method without a provenance': extension(5, hex('91 a1 61')),
  'a method whose provenance is empty': methodWith({}),
  'a method whose witnesses are no list': methodWith({
    author: '',
    user: '',
    cycle: '',
    time: 1,
    state: '',
    witnesses: 1,
  }),
  'a method with trailing bytes': extension(5, Buffer.concat([new Encoder().encode(['a', {}]), hex('c0')])),
  'a primitive without a name': extension(6, hex('')),
  'a primitive that is not UTF-8': extension(6, hex('ff fe')),
  'a name of two kilobytes': extension(7, Buffer.alloc(2048, 'n')),
  'a minus zero with bytes': extension(8, hex('00')),
  'a date of three bytes': extension(-1, hex('00 00 00')),
  'a date out of range': extension(-1, hex('00 00 00 00 7f ff ff ff ff ff ff ff')),
  'a date with too many nanoseconds': extension(-1, hex('ff ff ff ff 00 00 00 00 00 00 00 00')),
  'a JSON text': Buffer.from('{"v": 1}'),
  'an HTTP request': Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
}
