// Messages as frames. A client (DEALER) sends [payload, seal], the kernel (ROUTER) answers [payload]; ZeroMQ puts the
// routing id before them. The payload is one MessagePack map (values.ts, messages.ts), the seal is in seal.ts.
// Whatever bytes come in, what goes out of here is a checked message or a BatError.
import { BatError } from '../base/errors.ts'
import type { Argument } from '../base/notation.ts'
import { type Answer, idOf, parseAnswer, parseRequest, type Request } from './messages.ts'
import { decodeValue, encodeValue } from './values.ts'

/** Largest payload unless the configuration says otherwise: 16 MiB. */
export const DEFAULT_MAX_BYTES = 16 * 2 ** 20

/** Bytes of a message. Throws E_MESSAGE_SIZE, or E_WIRE_VALUE naming the part that cannot be sent. */
export function encodeMessage(message: object, limit: number = DEFAULT_MAX_BYTES): Uint8Array<ArrayBuffer> {
  const bytes = encodeValue(message as Argument)
  checkSize(bytes.length, limit)
  return bytes
}

export type Received = { readonly request: Request } | { readonly id: string; readonly error: BatError }

/** The request in a payload, or why there is none with the request's id (empty when it could not be read). */
export function decodeRequest(payload: Uint8Array, limit: number = DEFAULT_MAX_BYTES): Received {
  let decoded: unknown
  try {
    checkSize(payload.length, limit)
    decoded = decodeValue(payload)
    return { request: parseRequest(decoded) }
  } catch (error) {
    if (error instanceof BatError) return { id: idOf(decoded), error }
    throw error
  }
}

/** The answer in a payload. Throws E_MESSAGE_SIZE, E_MALFORMED or E_VERSION. */
export function decodeAnswer(payload: Uint8Array, limit: number = DEFAULT_MAX_BYTES): Answer {
  checkSize(payload.length, limit)
  return parseAnswer(decodeValue(payload))
}

function checkSize(bytes: number, limit: number): void {
  if (bytes > limit) throw new BatError('E_MESSAGE_SIZE', { bytes, limit })
}
