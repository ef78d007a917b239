// Where requests come in and answers go out. A request is known by who made it (an authenticated client) and its id: made
// again while it runs, it is joined, with the answers going to where the client is now; made again later, its outcome
// is given again, from memory or from the image. So no request is carried out twice, and no answer is lost to a dropped
// connection or a killed kernel.
import type { Clock } from '../src/base/clock.ts'
import { BatError, batErrorOf, isErrorCode } from '../src/base/errors.ts'
import type { Progress } from '../src/base/progress.ts'
import type { Value } from '../src/base/value.ts'
import type { Observation } from '../src/cognition/observation.ts'
import { errorOutcome, type Outcome } from '../src/cognition/pending.ts'
import {
  type Answer,
  type CycleEvent,
  errorAnswer,
  PROTOCOL_VERSION,
  type Request,
} from '../src/protocol/messages.ts'

/** One message to the client of a request, wherever it is connected at the moment; answers whether the connection took it. */
export type Reply = (answer: Answer) => Promise<boolean>

export interface Session {
  /** Who asks: the name of the key. */
  readonly user: string
  /** Who asks, and with which client: outcomes belong to it. */
  readonly client: string
  /** The key under which the outcome is kept. */
  readonly request: string
  readonly accepted: (ids: { readonly id: string; readonly cycle: string }) => void
  readonly observe: (observation: Observation, cycle: string) => void
  /** Tells how far a task on the image has come. */
  readonly progress: (progress: Progress) => void
  /** Any other event; answers whether the connection took it. */
  readonly tell: (event: CycleEvent) => Promise<boolean>
  /** Has `listener` told when the client makes the same request again. */
  readonly onAgain: (listener: (request: Request) => void) => void
}

export type Command = (request: Request, session: Session) => Promise<Outcome>

export interface DeskOptions {
  readonly command: Command
  /** The outcome of a request of an earlier life or of long ago. */
  readonly recall: (request: string) => Outcome | undefined
  /** The running mission that waits for this request, after a restart. */
  readonly rejoin: (
    request: string,
    observe: (observation: Observation) => void,
  ) =>
    | {
        readonly mission: { readonly id: string; readonly cycle: string }
        readonly outcome: Promise<Outcome>
      }
    | undefined
  readonly clock: Clock
}

const REMEMBERED = 4096

interface Open {
  reply: Reply
  /** Until it is cancelled. */
  readonly lasts: boolean
  again: (request: Request) => void
}

export class Desk {
  readonly #options: DeskOptions
  readonly #open = new Map<string, Open>()
  #idle = () => {}
  readonly #ended = new Map<string, Outcome>()

  constructor(options: DeskOptions) {
    this.#options = options
  }

  /** Takes a request of `client` (`<user>/<client id>`). Never throws; every request ends in one result or error. */
  async take(
    request: Request,
    peer: { readonly user: string; readonly client: string },
    reply: Reply,
  ): Promise<void> {
    const key = `${peer.client}#${request.id}`
    const running = this.#open.get(key)
    if (running) {
      running.reply = reply
      running.again(request)
      return
    }
    const entry: Open = { reply, lasts: request.command === 'subscribe', again: () => {} }
    const say = (answer: Answer) => entry.reply(answer)
    const onAgain = (listener: (request: Request) => void) => {
      entry.again = listener
    }
    const session = { ...sessionOf(request, peer, key, say), onAgain }
    this.#open.set(key, entry)
    const outcome = await this.#outcome(request, key, session)
    this.#open.delete(key)
    this.#remember(key, outcome)
    void say(answerOf(request.id, outcome))
    if (this.#pending === 0) this.#idle()
  }

  /** Resolves when every request that came in has been answered, but for those that last until they are cancelled. */
  async drained(): Promise<void> {
    while (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
  }

  get #pending(): number {
    return [...this.#open.values()].filter(({ lasts }) => !lasts).length
  }

  async #outcome(request: Request, key: string, session: Session): Promise<Outcome> {
    const { command, recall, rejoin, clock } = this.#options
    try {
      const known = this.#ended.get(key) ?? recall(key)
      if (known) return known
      let cycle = ''
      const rejoined = rejoin(key, (observation) => session.observe(observation, cycle))
      if (!rejoined) return await command(request, session)
      cycle = rejoined.mission.cycle
      session.accepted(rejoined.mission)
      return await rejoined.outcome
    } catch (thrown) {
      return errorOutcome(batErrorOf(thrown), {}, clock.now())
    }
  }

  #remember(key: string, outcome: Outcome): void {
    if (outcome.kind === 'error' && outcome.retryable) return
    this.#ended.set(key, outcome)
    if (this.#ended.size <= REMEMBERED) return
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest)
      return
    }
  }
}

function sessionOf(
  request: Request,
  peer: { readonly user: string; readonly client: string },
  key: string,
  say: Reply,
): Omit<Session, 'onAgain'> {
  const stream = request.options.stream === true
  const envelope = { v: PROTOCOL_VERSION, id: request.id } as const
  return {
    ...peer,
    request: key,
    accepted: ({ id, cycle }) => void say({ ...envelope, kind: 'accepted', mission: id, cycle }),
    progress: (progress) =>
      void say({ ...envelope, kind: 'status', cycle: '', event: { kind: 'progress', ...progress } }),
    tell: (event) => say({ ...envelope, kind: 'status', cycle: '', event }),
    observe: (observation, cycle) => {
      const answer = progressOf(envelope, cycle, observation, stream)
      if (answer) void say(answer)
    },
  }
}

/** What a client is told of an observation; undefined for what only the audit trail keeps. */
export function progressOf(
  envelope: { readonly v: typeof PROTOCOL_VERSION; readonly id: string },
  cycle: string,
  observation: Observation,
  stream: boolean,
): Answer | undefined {
  switch (observation.kind) {
    case 'token':
      return stream ? { ...envelope, kind: 'token', cycle, text: observation.text } : undefined
    case 'call':
    case 'retrieval':
    case 'abort':
      return undefined
    case 'plan':
      return {
        ...envelope,
        kind: 'status',
        cycle,
        event: { kind: 'plan', plan: observation.plan as unknown as Value },
      }
    case 'verdict':
      return {
        ...envelope,
        kind: 'status',
        cycle,
        event: { ...observation, violations: observation.violations.map((one) => ({ ...one })) },
      }
    default:
      return { ...envelope, kind: 'status', cycle, event: observation }
  }
}

function answerOf(id: string, outcome: Outcome): Answer {
  const envelope = { v: PROTOCOL_VERSION, id } as const
  if (outcome.kind === 'result') {
    const { value, cycle, transaction } = outcome
    return {
      ...envelope,
      kind: 'result',
      value,
      ...(cycle ? { cycle } : {}),
      ...(transaction ? { transaction } : {}),
    }
  }
  const { code, message, remedy, details, retryable } = outcome
  if (!isErrorCode(code)) return errorAnswer(id, new BatError('E_REMOTE', { code, message, remedy }))
  return { ...envelope, kind: 'error', code, message, remedy, details: { ...details }, retryable }
}
