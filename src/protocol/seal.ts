// Who made a request. CURVE lets only admitted keys in and encrypts, but the binding for Node does not tell which key a
// message came from (libzmq's User-Id lies in message properties that it gives no access to), and a routing id is
// chosen by whoever connects. So a request carries a seal that only the holder of the client's secret key (or of the
// server's) can make, and the kernel knows the user of each request by it, whatever connection it came over.
//
//   seal := public key of the client (32 bytes) | HMAC-SHA-256 (32 bytes) | client id (1 to 128 printable ASCII)
//   HMAC key  = HMAC-SHA-256(key: X25519(own secret, other's public), data: "batos seal 1")
//   HMAC data = length of the client id (1 byte) | client id | payload
//
// CURVE keys are X25519 keys (curve25519xsalsa20poly1305), so Node's own crypto does it. Nobody else can replay a sealed
// request: only the kernel ever sees it. The client id tells several clients of one key apart; the identity by which
// outcomes are kept is `<key name>/<client id>`, so that no key can take another's.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  timingSafeEqual,
} from 'node:crypto'
import { BatError } from '../base/errors.ts'
import { bytesOfZ85, z85Of } from './z85.ts'

export interface KeyPair {
  /** Z85, 40 characters. */
  readonly publicKey: string
  readonly secretKey: string
}

/** A new key pair, for CURVE and for seals. */
export function makeKeyPair(): KeyPair {
  const { x, d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
  return { publicKey: z85Of(Buffer.from(x!, 'base64url')), secretKey: z85Of(Buffer.from(d!, 'base64url')) }
}

export const isClientId = (text: string): boolean => /^[\x21-\x7e]{1,128}$/.test(text)

/** The key that seals between the holder of `own` and the holder of `otherPublicKey` (Z85). Costs some 0.2 ms: keep it. */
export function sealKey(own: KeyPair, otherPublicKey: string): Uint8Array {
  const publicKey = createPublicKey({ format: 'jwk', key: jwk(otherPublicKey) })
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: { ...jwk(own.publicKey), d: base64(own.secretKey) },
  })
  return createHmac('sha256', diffieHellman({ privateKey, publicKey })).update('batos seal 1').digest()
}

const base64 = (key: string): string => Buffer.from(bytesOfZ85(key)).toString('base64url')
const jwk = (key: string) => ({ kty: 'OKP', crv: 'X25519', x: base64(key) })

/** The seal on `payload` of the client `clientId` whose public key (Z85) is `publicKey`. */
export function makeSeal(
  payload: Uint8Array,
  by: { readonly key: Uint8Array; readonly publicKey: string; readonly clientId: string },
): Uint8Array {
  return Buffer.concat([
    bytesOfZ85(by.publicKey),
    macOf(payload, by.key, by.clientId),
    Buffer.from(by.clientId, 'latin1'),
  ])
}

export interface Seal {
  readonly publicKey: string
  readonly clientId: string
  readonly mac: Uint8Array
}

/** Takes a seal apart; it proves nothing before `isSealed` says so. Throws E_SEAL when it has not the form of one. */
export function parseSeal(bytes: Uint8Array): Seal {
  if (bytes.length < 65 || bytes.length > 192)
    throw new BatError('E_SEAL', { problem: '65 to 192 bytes expected' })
  const clientId = Buffer.from(bytes.subarray(64)).toString('latin1')
  if (!isClientId(clientId)) throw new BatError('E_SEAL', { problem: 'its client id is not printable ASCII' })
  return { publicKey: z85Of(bytes.subarray(0, 32)), mac: bytes.subarray(32, 64), clientId }
}

export const isSealed = (payload: Uint8Array, seal: Seal, key: Uint8Array): boolean =>
  timingSafeEqual(macOf(payload, key, seal.clientId), seal.mac)

function macOf(payload: Uint8Array, key: Uint8Array, clientId: string): Buffer {
  return createHmac('sha256', key)
    .update(Uint8Array.of(clientId.length))
    .update(clientId, 'latin1')
    .update(payload)
    .digest()
}
