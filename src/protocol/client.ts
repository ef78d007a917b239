// A connection to the kernel that outlives the kernel: a DEALER with CURVE, requests by id, answers sorted to who asked.
//
// States of a request: asked → (progress)* → answered | failed. While it is asked:
//   - nothing heard of it for `askAgainMs`: it is sent again, with the same id; the kernel never carries out a request
//     twice and gives the outcome it kept, so neither a lost message nor a restarted kernel loses an answer;
//   - nothing heard at all for a while: a ping is sent; when the kernel has been silent for `absentMs` (`connectMs` when it
//     has never spoken) every request fails with E_NO_KERNEL, which may be tried again;
//   - the line is cut three times on a large one: the kernel refuses its size (ZeroMQ tells nobody), E_MESSAGE_SIZE;
//   - its signal aborts: the kernel is told to cancel it and it fails with E_ABORTED.
// A refused key fails everything with E_NOT_ADMITTED and ends the connection.
//
// Nothing is handed to ZeroMQ while no line is up: what a line has not carried is sent when the next one is up, so a
// kernel that comes back is not met by a pile of copies.
// Other rules of the binding that matter: one send and one receive at a time, linger set, heartbeats on.
import { setTimeout as delay } from 'node:timers/promises'
import { Dealer } from 'zeromq'
import { BatError } from '../base/errors.ts'
import { uuidV7 } from '../base/ids.ts'
import type { Value } from '../base/value.ts'
import { DEFAULT_MAX_BYTES, decodeAnswer, encodeMessage } from './frames.ts'
import {
  type Answer,
  errorOf,
  PROTOCOL_VERSION,
  type ProgressAnswer,
  type RequestBody,
  type ResultAnswer,
} from './messages.ts'
import { isClientId, makeSeal, sealKey } from './seal.ts'

export interface ClientOptions {
  readonly endpoint: string
  /** The kernel's public key, and our own pair (Z85). */
  readonly serverKey: string
  readonly publicKey: string
  readonly secretKey: string
  /** Tells clients of one key apart; with the same one, outcomes of an earlier connection can be asked for. */
  readonly identity?: string
  readonly maxMessageBytes?: number
  /** How long the kernel may stay silent at first, and later (it may be restarting). */
  readonly connectMs?: number
  readonly absentMs?: number
  readonly askAgainMs?: number
}

export interface RequestOptions {
  /** Told of `accepted`, `status` and `token` answers. */
  readonly onEvent?: (event: ProgressAnswer) => void
  readonly signal?: AbortSignal
  /** Fails with E_TIMEOUT after so long; without it a request waits for as long as the kernel lives. */
  readonly timeoutMs?: number
  /** Ask for the outcome of an earlier request of the same identity (its body must be the same). */
  readonly id?: string
  /** The body to ask with when it must be asked again, where that is another by then. */
  readonly renew?: () => RequestBody
}

export interface Client {
  readonly identity: string
  /** The value of the result. Rejects with the BatError that the kernel told of, or one of those named above. */
  request(body: RequestBody, options?: RequestOptions): Promise<Value>
  /** The whole result: value, cycle, transaction and what else the kernel says. */
  ask(body: RequestBody, options?: RequestOptions): Promise<ResultAnswer>
  /** Fails what is under way with E_CLIENT_CLOSED. */
  close(): Promise<void>
}

interface Outgoing {
  readonly frames: () => readonly Uint8Array[]
  /** Whether the line that is up has carried it. */
  sent: boolean
}

interface Asked extends Outgoing {
  readonly body: RequestBody
  readonly onEvent: RequestOptions['onEvent']
  readonly timer: NodeJS.Timeout | undefined
  heardAt: number
  /** How often the line was cut since it was asked. */
  cuts: number
  answered(result: ResultAnswer): void
  failed(error: unknown): void
}

const HEARTBEAT_MS = 2000
const SILENCE_MS = 8000
const SEND_MS = 500
const TICK_MS = 100
const LINGER_MS = 300
const LARGE_BYTES = 64 * 1024
const MOST_CUTS = 3

/** Connects in the background; the first request finds out whether a kernel is there. */
export function connect(options: ClientOptions): Client {
  return new Connection(options)
}

class Connection implements Client {
  readonly identity: string
  readonly #options: Required<ClientOptions>
  readonly #socket: Dealer
  readonly #sealKey: Uint8Array
  readonly #asked = new Map<string, Asked>()
  readonly #outbox: Outgoing[] = []
  #sending = false
  #flushed: Promise<void> = Promise.resolve()
  #lineIsUp = false
  #watching = false
  #heardAt = 0
  #everHeard = false
  #pingedAt = 0
  #end: BatError | undefined

  constructor(options: ClientOptions) {
    this.identity = options.identity ?? `architect-console-${uuidV7()}`
    if (!isClientId(this.identity))
      throw new BatError('E_KEY_NAME', {
        name: this.identity,
        problem: 'an identity has 1 to 128 printable ASCII characters',
      })
    this.#options = {
      maxMessageBytes: DEFAULT_MAX_BYTES,
      connectMs: 3000,
      absentMs: 60_000,
      askAgainMs: 4000,
      ...options,
      identity: this.identity,
    }
    this.#sealKey = sealKey(options, options.serverKey)
    this.#socket = new Dealer({
      curveServerKey: options.serverKey,
      curvePublicKey: options.publicKey,
      curveSecretKey: options.secretKey,
      linger: LINGER_MS,
      sendTimeout: SEND_MS,
      sendHighWaterMark: 0,
      reconnectInterval: 50,
      reconnectMaxInterval: 1000,
      heartbeatInterval: HEARTBEAT_MS,
      heartbeatTimeout: SILENCE_MS,
      heartbeatTimeToLive: SILENCE_MS,
      maxMessageSize: -1,
    })
    this.#socket.events.on('handshake:error:auth', ({ error }) => {
      if (error.status === 400) this.#finish(this.#error('E_NOT_ADMITTED', { key: options.publicKey }))
    })
    this.#socket.events.on('disconnect', () => this.#lineCut())
    this.#socket.events.on('handshake', () => this.#lineUp())
    try {
      this.#socket.connect(options.endpoint)
    } catch (cause) {
      this.#socket.close()
      throw new BatError('E_NO_KERNEL', { endpoint: options.endpoint, waited: 0 }, { cause })
    }
    void this.#receive()
  }

  async request(body: RequestBody, options?: RequestOptions): Promise<Value> {
    return (await this.ask(body, options)).value
  }

  async ask(body: RequestBody, options: RequestOptions = {}): Promise<ResultAnswer> {
    const { signal, timeoutMs, onEvent } = options
    const { command } = body
    if (this.#end !== undefined) throw this.#end
    if (signal?.aborted) throw new BatError('E_ABORTED', { command }, { cause: signal.reason })
    const id = options.id ?? uuidV7()
    const first = this.#framesOf(id, body)
    const frames = options.renew ? () => this.#framesOf(id, options.renew!()) : () => first

    let onAbort: (() => void) | undefined
    try {
      return await new Promise<ResultAnswer>((answered, failed) => {
        onAbort = () => {
          this.#tell(uuidV7(), { command: 'cancel', options: { request: id } })
          failed(new BatError('E_ABORTED', { command }, { cause: signal?.reason }))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        const late = () => failed(new BatError('E_TIMEOUT', { command, ms: timeoutMs }))
        const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs)
        const heardAt = performance.now()
        if (this.#asked.size === 0) this.#heardAt = heardAt
        const asked = { body, frames, onEvent, timer, heardAt, sent: false, cuts: 0, answered, failed }
        this.#asked.set(id, asked)
        this.#post(asked)
        void this.#watch()
      })
    } finally {
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
      clearTimeout(this.#asked.get(id)?.timer)
      this.#asked.delete(id)
    }
  }

  async close(): Promise<void> {
    if (this.#end !== undefined) return
    await this.#flushed
    this.#finish(undefined)
  }

  #framesOf(id: string, body: RequestBody): readonly Uint8Array[] {
    const { publicKey, maxMessageBytes } = this.#options
    const payload = encodeMessage({ v: PROTOCOL_VERSION, id, ...body }, maxMessageBytes)
    return [payload, makeSeal(payload, { key: this.#sealKey, publicKey, clientId: this.identity })]
  }

  #error(code: 'E_NOT_ADMITTED' | 'E_NO_KERNEL', details: object): BatError {
    return new BatError(code, { endpoint: this.#options.endpoint, ...details })
  }

  #tell(id: string, body: RequestBody): void {
    const frames = this.#framesOf(id, body)
    this.#post({ frames: () => frames, sent: false })
  }

  #post(outgoing: Outgoing): void {
    this.#outbox.push(outgoing)
    if (!this.#sending) this.#flushed = this.#flush()
  }

  // Sends what is in the outbox, one at a time. What cannot go now is let go: it is asked again while it is unanswered.
  async #flush(): Promise<void> {
    this.#sending = true
    for (let next = this.#outbox.shift(); next !== undefined; next = this.#outbox.shift()) {
      if (this.#socket.closed || !this.#lineIsUp) continue
      try {
        await this.#socket.send([...next.frames()])
        next.sent = true
      } catch {
        next.sent = false
      }
    }
    this.#sending = false
  }

  async #receive(): Promise<void> {
    while (!this.#socket.closed) {
      let payload: Uint8Array | undefined
      try {
        payload = (await this.#socket.receive())[0]
      } catch (cause) {
        const reason = (cause as Error).message
        return this.#finish(new BatError('E_INTERNAL', { reason }, { cause })) // nothing when it was closed
      }
      this.#heardAt = performance.now()
      this.#everHeard = true
      try {
        this.#take(decodeAnswer(payload ?? new Uint8Array(0), Number.POSITIVE_INFINITY))
      } catch (error) {
        // A kernel that speaks another protocol or garbles a message: nobody can be asked to mend it.
        for (const asked of this.#asked.values()) asked.failed(error)
      }
    }
  }

  #take(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    if (asked === undefined) {
      if (answer.kind === 'error' && answer.id === '') this.#unnamed(errorOf(answer))
      return
    }
    asked.heardAt = performance.now()
    asked.cuts = 0
    if (answer.kind === 'result') asked.answered(answer)
    else if (answer.kind === 'error') asked.failed(errorOf(answer))
    else tellEvent(asked, answer)
  }

  // An error for a message whose id could not be read: it is about the largest, or the only one, under way.
  #unnamed(error: BatError): void {
    const [largest] = [...this.#asked.values()].sort((a, b) => b.frames()[0]!.length - a.frames()[0]!.length)
    largest?.failed(error)
  }

  #lineUp(): void {
    this.#lineIsUp = true
    for (const asked of this.#asked.values()) if (!asked.sent) this.#post(asked)
  }

  #lineCut(): void {
    this.#lineIsUp = false
    for (const asked of this.#asked.values()) {
      if (!asked.sent) continue
      const bytes = asked.frames()[0]!.length
      asked.sent = false
      asked.cuts += 1
      if (asked.cuts >= MOST_CUTS && bytes >= LARGE_BYTES)
        asked.failed(new BatError('E_MESSAGE_SIZE', { bytes, limit: 'fewer' }))
    }
  }

  // Runs while something is asked: asks again, pings, gives up.
  async #watch(): Promise<void> {
    if (this.#watching) return
    this.#watching = true
    const { connectMs, absentMs, askAgainMs } = this.#options
    while (this.#asked.size > 0 && this.#end === undefined) {
      await delay(Math.min(TICK_MS, connectMs / 4, askAgainMs / 4))
      const now = performance.now()
      const waited = Math.round(now - this.#heardAt)
      if (waited > (this.#everHeard ? absentMs : connectMs)) {
        const absent = this.#error('E_NO_KERNEL', { waited })
        for (const asked of this.#asked.values()) asked.failed(absent)
        return this.#rest()
      }
      if (waited > askAgainMs / 2 && now - this.#pingedAt > askAgainMs / 2) {
        this.#pingedAt = now
        this.#tell(`ping-${uuidV7()}`, { command: 'ping' })
      }
      for (const asked of this.#asked.values()) {
        if (now - asked.heardAt < askAgainMs) continue
        asked.heardAt = now
        this.#post(asked)
      }
    }
    this.#rest()
  }

  #rest(): void {
    this.#watching = false
    this.#pingedAt = 0
  }

  #finish(why: BatError | undefined): void {
    if (this.#end !== undefined) return
    this.#end = why ?? new BatError('E_CLIENT_CLOSED', { command: 'the request' })
    for (const { failed, body } of this.#asked.values())
      failed(why ?? new BatError('E_CLIENT_CLOSED', { command: body.command }))
    this.#socket.close()
  }
}

// A listener's fault is told to whoever asked, not to the others.
function tellEvent(asked: Asked, event: ProgressAnswer): void {
  try {
    asked.onEvent?.(event)
  } catch (error) {
    asked.failed(error)
  }
}
