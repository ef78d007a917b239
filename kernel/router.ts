// The kernel's socket: a ZeroMQ ROUTER behind CURVE that takes requests in and gives answers out.
//
// Invariants. Only a key in the home's list gets through the handshake (ZAP handler), and each request is attributed to
// a key that is admitted at that moment (peers.ts). Nothing that comes in throws: it is a
// request, an error answer where somebody can be told, and a counter. Nothing that goes out waits: ZeroMQ's queue of
// each peer is the only one (`SEND_QUEUE` messages); what a slow or gone peer cannot take is dropped and counted, and
// the client asks again for what it misses.
//
// Every router has a ZeroMQ context of its own, since a context has one ZAP handler. The binding shuts a context down once
// nothing refers to it, and no event of its sockets is heard from then on; so it is kept until the last one has come.
//
// A socket of ZeroMQ belongs to one thread at a time, and the binding unbinds in another one while this one still asks the
// socket what there is to receive: then a command between its threads is carried out twice, and libzmq aborts the process
// (pipe.cpp, `_state == term_ack_sent || ...`). So the router never unbinds; closing is done in this thread, and frees the
// port too.
import { Context, Router } from 'zeromq'
import { BatError, batErrorOf } from '../src/base/errors.ts'
import { DEFAULT_MAX_BYTES, decodeRequest, encodeMessage } from '../src/protocol/frames.ts'
import type { Keys } from '../src/protocol/keys.ts'
import { type Answer, errorAnswer, type Request } from '../src/protocol/messages.ts'
import { z85Of } from '../src/protocol/z85.ts'
import { makePeers, type Peer } from './peers.ts'

export type { Peer } from './peers.ts'

/** Answers that wait for one peer before more are dropped. */
const SEND_QUEUE = 1000
const RECEIVE_QUEUE = 64
const HEARTBEAT_MS = 2000
const SILENCE_MS = 8000
const HANDSHAKE_MS = 10_000
const LINGER_MS = 500
// Somewhat larger payloads still come in, so that their sender can be told the limit; beyond, ZeroMQ cuts the line.
const SIZE_MARGIN = 2

export interface RouterStats {
  readonly requests: number
  readonly answers: number
  readonly malformed: number
  readonly oversized: number
  readonly unknownVersion: number
  readonly unknownCommand: number
  /** Requests whose seal was missing or wrong, or whose key is admitted no longer. */
  readonly unsealed: number
  /** Handshakes of keys that are not admitted. */
  readonly refusedKeys: number
  /** Answers that a slow or gone peer did not take. */
  readonly dropped: number
}

export interface RouterOptions {
  /** `tcp://host:port`; port `*` takes a free one. */
  readonly endpoint: string
  readonly keys: Keys
  readonly maxMessageBytes?: number
  /** What it throws becomes the error answer of the request. */
  onRequest(request: Request, peer: Peer): void | Promise<void>
  /** Told of faults that concern no request. */
  onFault?(fault: BatError): void
}

export interface KernelRouter {
  /** Where it really listens. */
  readonly endpoint: string
  /** Hands an answer to ZeroMQ; true when it took it. Answers to one identity arrive in order. */
  send(identity: string, answer: Answer): Promise<boolean>
  stats(): RouterStats
  /** Frees the port, gives answers under way half a second, ends. */
  stop(): Promise<void>
}

/** Binds and begins to take requests. Throws E_PORT_IN_USE or E_ENDPOINT. */
export async function startRouter(options: RouterOptions): Promise<KernelRouter> {
  const { keys, onRequest } = options
  const limit = options.maxMessageBytes ?? DEFAULT_MAX_BYTES
  checkPort(options.endpoint)
  const fault = (thrown: unknown): void => options.onFault?.(batErrorOf(thrown))
  const count = {
    requests: 0,
    answers: 0,
    malformed: 0,
    oversized: 0,
    unknownVersion: 0,
    unknownCommand: 0,
    unsealed: 0,
    refusedKeys: 0,
    dropped: 0,
  }

  const context = new Context({ blocky: false })
  const gate = await openGate({ context, keys, onRefused: () => count.refusedKeys++, fault })
  const socket = new Router({
    context,
    mandatory: true,
    sendTimeout: 0,
    sendHighWaterMark: SEND_QUEUE,
    receiveHighWaterMark: RECEIVE_QUEUE,
    maxMessageSize: limit * SIZE_MARGIN,
    heartbeatInterval: HEARTBEAT_MS,
    heartbeatTimeout: SILENCE_MS,
    heartbeatTimeToLive: SILENCE_MS,
    handshakeInterval: HANDSHAKE_MS,
    linger: LINGER_MS,
    curveServer: true,
    curveSecretKey: keys.server.secretKey,
    zapDomain: 'batos',
  })
  try {
    await socket.bind(options.endpoint)
  } catch (cause) {
    socket.close()
    gate.close()
    const { code, message } = cause as NodeJS.ErrnoException
    const { endpoint } = options
    throw code === 'EADDRINUSE'
      ? new BatError('E_PORT_IN_USE', { endpoint }, { cause })
      : new BatError('E_ENDPOINT', { endpoint, reason: message }, { cause })
  }
  const endpoint = socket.lastEndpoint ?? options.endpoint

  const peers = makePeers(keys, () => gate.onlyKey())
  // One send at a time: a second one on a busy socket is an error of the binding.
  let sending: Promise<unknown> = Promise.resolve()
  const deliver = (route: Uint8Array, payload: Uint8Array): Promise<boolean> => {
    const sent = sending.then(async () => {
      try {
        await socket.send([route, payload])
        count.answers++
        return true
      } catch {
        count.dropped++
        return false
      }
    })
    sending = sent
    return sent
  }
  const tell = (route: Uint8Array, id: string, thrown: unknown): void => {
    void deliver(route, encodeMessage(errorAnswer(id, thrown), limit))
  }

  const take = async (frames: readonly Uint8Array[]): Promise<void> => {
    const [route, payload, seal] = frames as [Uint8Array, Uint8Array | undefined, Uint8Array | undefined]
    if (payload === undefined || frames.length > 3) {
      count.malformed++
      const problem = `${frames.length - 1} frames where a payload and a seal were expected`
      return tell(route, '', new BatError('E_MALFORMED', { path: 'message', problem }))
    }
    const received = decodeRequest(payload, limit)
    if ('error' in received) {
      count[counterOf(received.error)]++
      return tell(route, received.id, received.error)
    }
    const { request } = received
    let peer: Peer
    try {
      peer = peers.peerOf(route, payload, seal)
    } catch (error) {
      count.unsealed++
      return tell(route, request.id, error)
    }
    count.requests++
    try {
      await onRequest(request, peer)
    } catch (error) {
      tell(route, request.id, error)
    }
  }

  let stopping = false
  const receiving = (async () => {
    while (!stopping) {
      try {
        void take(await socket.receive()).catch(fault)
      } catch (error) {
        if (!stopping) fault(error)
        if (socket.closed) return
      }
    }
  })()

  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await sending
    const isFree = portFreed(endpoint, socket, context)
    socket.close()
    gate.close()
    await Promise.all([receiving, isFree])
  }

  return {
    endpoint,
    stats: () => ({ ...count }),
    stop,
    send: async (identity, answer) => {
      const route = peers.routeOf(identity)
      if (route === undefined || stopping) {
        count.dropped++
        return false
      }
      let payload: Uint8Array
      try {
        payload = encodeMessage(answer, limit)
      } catch (error) {
        payload = encodeMessage(errorAnswer(answer.id, error), limit)
      }
      return deliver(route, payload)
    },
  }
}

/** The contexts of sockets that are closing. */
const closing = new Set<Context>()

/** Settles once nothing listens at `endpoint` any more, after `socket` was closed. */
function portFreed(endpoint: string, socket: Router, context: Context): Promise<void> {
  closing.add(context)
  return new Promise((resolve) => {
    socket.events.on('close', ({ address }) => {
      if (address === endpoint) resolve()
    })
    socket.events.on('end', () => {
      closing.delete(context)
      resolve()
    })
  })
}

// ZeroMQ takes a larger number and listens at another port.
function checkPort(endpoint: string): void {
  const port = Number(/:(\d+)$/.exec(endpoint)?.[1] ?? 0)
  if (port > 65_535) throw new BatError('E_ENDPOINT', { endpoint, reason: `there is no port ${port}` })
}

function counterOf(error: BatError): 'oversized' | 'unknownVersion' | 'unknownCommand' | 'malformed' {
  if (error.code === 'E_MESSAGE_SIZE') return 'oversized'
  if (error.code === 'E_VERSION') return 'unknownVersion'
  return error.code === 'E_COMMAND' ? 'unknownCommand' : 'malformed'
}

interface Gate {
  /** The one public key let in so far; undefined when there was none or more than one. */
  onlyKey(): string | undefined
  close(): void
}

interface GateOptions {
  readonly context: Context
  readonly keys: Keys
  onRefused(): void
  fault(thrown: unknown): void
}

// The ZAP handler (ZeroMQ RFC 27): ZeroMQ asks it about every handshake. Request frames: (envelope, empty,) version,
// request id, domain, address, routing id, mechanism, credentials; for CURVE the client's public key, 32 bytes.
async function openGate({ context, keys, onRefused, fault }: GateOptions): Promise<Gate> {
  const socket = new Router({ context, linger: 0 })
  await socket.bind('inproc://zeromq.zap.01')
  const letIn = new Set<string>()

  const judge = async (frames: readonly Buffer[]): Promise<void> => {
    const [envelope, empty, version, request, , , , mechanism, credential] = frames
    if (envelope === undefined || empty === undefined || request === undefined) return
    let user: string | undefined
    if (mechanism?.toString() === 'CURVE' && credential?.length === 32) {
      const publicKey = z85Of(credential)
      user = keys.userOf(publicKey)
      if (user !== undefined) letIn.add(publicKey)
    }
    if (user === undefined) onRefused()
    const verdict = user === undefined ? ['400', 'this key is not admitted', ''] : ['200', 'OK', user]
    await socket.send([envelope, empty, version ?? '1.0', request, ...verdict, ''])
  }
  void (async () => {
    for await (const frames of socket) await judge(frames).catch(fault)
  })().catch((error) => {
    if (!socket.closed) fault(error)
  })
  return {
    onlyKey: () => (letIn.size === 1 ? [...letIn][0] : undefined),
    close: () => socket.close(),
  }
}
