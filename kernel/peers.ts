// Who sent a request, and over which connection its answers go.
//
// ROUTER gives each connection a routing id of its own, so none can be taken over, and none lasts. The identity by which
// a client is known is `<user>/<client id>`, proven by the seal of each request (src/protocol/seal.ts); answers go over the
// connection on which that identity spoke last. A client of another make may leave the seal away and choose its routing
// id as client id, as long as the router has let in a single key: then there is no doubt whose it is.
import { BatError } from '../src/base/errors.ts'
import type { Keys } from '../src/protocol/keys.ts'
import { isClientId, isSealed, parseSeal, sealKey } from '../src/protocol/seal.ts'

export interface Peer {
  /** `<user>/<client id>`: by this outcomes are kept and answers sent. */
  readonly identity: string
  readonly user: string
}

// The oldest is forgotten first; it is known again when it speaks.
const MOST_IDENTITIES = 10_000

export interface Peers {
  /** Who sent a payload; throws E_SEAL or E_NOT_ADMITTED. Remembers the connection. */
  peerOf(route: Uint8Array, payload: Uint8Array, seal: Uint8Array | undefined): Peer
  routeOf(identity: string): Uint8Array | undefined
}

/** `onlyKey` tells the one public key that the router has let in so far, if it is one. */
export function makePeers(keys: Keys, onlyKey: () => string | undefined): Peers {
  const sealKeys = new Map<string, Uint8Array>()
  const routes = new Map<string, Uint8Array>()

  const userOf = (publicKey: string): string => {
    const user = keys.userOf(publicKey)
    if (user !== undefined) return user
    sealKeys.delete(publicKey)
    throw new BatError('E_NOT_ADMITTED', { endpoint: 'this address', key: publicKey })
  }
  const sealed = (payload: Uint8Array, bytes: Uint8Array): Peer => {
    const seal = parseSeal(bytes)
    const user = userOf(seal.publicKey)
    let key = sealKeys.get(seal.publicKey)
    if (key === undefined) {
      key = sealKey(keys.server, seal.publicKey)
      sealKeys.set(seal.publicKey, key)
    }
    if (!isSealed(payload, seal, key))
      throw new BatError('E_SEAL', { problem: 'it was made with another key' })
    return { user, identity: `${user}/${seal.clientId}` }
  }
  const unsealed = (route: Uint8Array): Peer => {
    const publicKey = onlyKey()
    if (publicKey === undefined)
      throw new BatError('E_SEAL', { problem: 'it is missing, and more than one key is in use' })
    const chosen = Buffer.from(route).toString('latin1')
    const user = userOf(publicKey)
    return { user, identity: `${user}/${isClientId(chosen) ? chosen : Buffer.from(route).toString('hex')}` }
  }

  return {
    routeOf: (identity) => routes.get(identity),
    peerOf: (route, payload, seal) => {
      const peer = seal === undefined ? unsealed(route) : sealed(payload, seal)
      routes.delete(peer.identity)
      routes.set(peer.identity, route)
      if (routes.size > MOST_IDENTITIES) routes.delete(routes.keys().next().value as string)
      return peer
    },
  }
}
