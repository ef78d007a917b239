// What is said over the wire, version 1: the contract of kernel, console, client and steward.
//
// A request names a command, the object it is for and a brief; answers carry the request's id and a kind. One request
// has any number of `accepted`, `status` and `token` answers and then exactly one `result` or `error`. A request that
// is made again (same client identity, same id) is the same request: it is never carried out twice, and its outcome is
// given for as long as the kernel keeps it.
//
// Unknown keys are refused in a request, except in `options` (a command may have more of them than an older side knows);
// in answers they are let through.
import { z } from 'zod'
import { BatError, batErrorOf, isErrorCode } from '../base/errors.ts'
import { isTid, type Tid } from '../base/ids.ts'
import { type Argument, Name } from '../base/notation.ts'
import { policies } from '../base/policy.ts'
import { BlobRef, isPlainObject, Method, Primitive, Ref, TreeRef, type Value } from '../base/value.ts'

export const PROTOCOL_VERSION = 1

const argument = z.custom<Argument>((value) => value !== undefined, 'a value is missing')
const value = z.custom<Value>((item) => item !== undefined, 'a value is missing')
const id = z.string().min(1).max(128)
const count = z.int().min(1)
const selector = z.string().min(1).max(256)
const tid = z.custom<Tid>((item) => typeof item === 'string' && isTid(item), 'a transaction (tx:12) expected')
/** A transaction, or milliseconds since 1970-01-01 UTC. */
const moment = z.union([tid, z.number()], 'a transaction (tx:12) or a time in milliseconds expected')
/** An oid, the name of a root object, or 0 for the root. */
const target = z.union([z.string().min(1).max(256), z.literal(0)], 'an oid, a root name or 0 expected')

const kwargs = z.strictObject({
  /** The answer expected, with `has_expected`: null is an answer too. */
  expected: argument.optional(),
  has_expected: z.boolean().optional(),
  intent: z.string().max(4000).optional(),
  insist: z.boolean().optional(),
  /** A new method waits for `feedback` before it is committed. */
  approve: z.boolean().optional(),
})
const messageBrief = z.strictObject({
  type: z.literal('message'),
  selector,
  args: z.array(argument).max(64).default([]),
  kwargs: kwargs.default({}),
})
const getSlotBrief = z.strictObject({ type: z.literal('get_slot'), selector })
const setSlotBrief = z.strictObject({ type: z.literal('set_slot'), selector, args: z.tuple([argument]) })
const sendBrief = z.discriminatedUnion('type', [messageBrief, getSlotBrief, setSlotBrief])
const methodBrief = z.strictObject({ type: z.string().max(64).optional(), selector: selector.optional() })

const options = z.looseObject({
  /** Send the tokens as the model writes them. */
  stream: z.boolean().optional(),
  /** Nobody is there to be asked back. */
  batch: z.boolean().optional(),
})
const withLimit = options.extend({ limit: count.max(100_000).optional() })

const request = <Command extends string, Shape extends z.ZodRawShape>(command: Command, shape: Shape) =>
  z.strictObject({ v: z.literal(PROTOCOL_VERSION), id, command: z.literal(command), ...shape })
const anyTarget = { target_oid: target.optional(), mission_brief: methodBrief.optional() }

const requests = [
  request('send', { target_oid: target, mission_brief: sendBrief, options: options.default({}) }),
  request('initiate_cognitive_cycle', {
    target_oid: target,
    mission_brief: messageBrief,
    options: options.default({}),
  }),
  request('inspect', {
    target_oid: target,
    mission_brief: methodBrief.optional(),
    options: options.default({}),
  }),
  request('history', {
    target_oid: target,
    mission_brief: methodBrief.optional(),
    options: withLimit
      .extend({ from: moment.optional(), to: moment.optional(), user: z.string().max(256).optional() })
      .default({}),
  }),
  request('at', {
    target_oid: target,
    mission_brief: methodBrief.optional(),
    options: options.extend({ moment, path: z.array(z.string().min(1).max(256)).max(32).default([]) }),
  }),
  request('diff', {
    target_oid: target,
    mission_brief: methodBrief.optional(),
    options: options.extend({ from: moment.optional(), to: moment.optional() }).default({}),
  }),
  request('undo', {
    ...anyTarget,
    options: options
      .extend({
        /** The last of one's own when there are none. */
        tids: z.array(tid).max(1000).default([]),
        /** What stays as it is. */
        keep: z.array(target).max(1000).default([]),
      })
      .prefault({}),
  }),
  request('metrics', { ...anyTarget, options: options.default({}) }),
  request('audit', {
    ...anyTarget,
    options: withLimit.extend({ cycle: z.string().max(128).optional() }).default({}),
  }),
  /** May be made again under its id with a later `since`: telling goes on from there. */
  request('subscribe', { ...anyTarget, options: options.extend({ since: tid.optional() }).default({}) }),
  request('cancel', {
    ...anyTarget,
    options: options
      .extend({ request: id.optional(), cycle: id.optional() })
      .refine(
        (given) => given.request !== undefined || given.cycle !== undefined,
        '`request` or `cycle` expected',
      ),
  }),
  request('feedback', {
    ...anyTarget,
    options: options.extend({
      cycle: id,
      verdict: z.enum(['good', 'bad']),
      comment: z.string().max(4000).optional(),
    }),
  }),
  request('maintain', {
    ...anyTarget,
    options: options.extend({
      task: z.string().max(64),
      /** The task's own options. */
      settings: z.record(z.string(), value).default({}),
    }),
  }),
  request('policy', {
    target_oid: target,
    mission_brief: methodBrief.optional(),
    options: options.extend({ policy: z.enum(policies).optional() }).default({}),
  }),
  request('proposals', {
    ...anyTarget,
    options: options
      .extend({
        action: z.enum(['list', 'apply', 'reject', 'quarantine']).default('list'),
        proposal: id.optional(),
        /** A text to apply instead of the one proposed. */
        source: z.string().max(100_000).optional(),
      })
      .prefault({}),
  }),
  request('ping', { ...anyTarget, options: options.default({}) }),
  request('shutdown', { ...anyTarget, options: options.default({}) }),
] as const
const requestSchema = z.discriminatedUnion('command', requests)

/** A request as the kernel takes it: complete, checked, defaults filled in. */
export type Request = z.output<typeof requestSchema>
export type Command = Request['command']
export type RequestFor<Name extends Command> = Extract<Request, { command: Name }>
type Draft<Kind> = Kind extends unknown ? Omit<Kind, 'v' | 'id'> : never
/** A request as a client writes it: version and id are put in by the client. */
export type RequestBody = Draft<z.input<typeof requestSchema>>

export const COMMANDS: readonly Command[] = requests.map((one) => one.shape.command.value)

const violation = z.looseObject({
  code: z.string(),
  line: z.number(),
  column: z.number(),
  message: z.string(),
})
const eventSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('state'),
    from: z.string(),
    to: z.string(),
    persona: z.string().optional(),
  }),
  z.looseObject({ kind: z.literal('plan'), plan: value }),
  z.looseObject({ kind: z.literal('facet'), persona: z.string(), facet: z.string(), answer: z.string() }),
  z.looseObject({ kind: z.literal('draft'), attempt: z.number(), source: z.string() }),
  z.looseObject({
    kind: z.literal('verdict'),
    attempt: z.number(),
    ok: z.boolean(),
    violations: z.array(violation),
  }),
  z.looseObject({
    kind: z.literal('trial'),
    attempt: z.number(),
    ok: z.boolean(),
    code: z.string().optional(),
    message: z.string().optional(),
  }),
  z.looseObject({ kind: z.literal('proposal'), attempt: z.number(), source: z.string() }),
  z.looseObject({ kind: z.literal('commit'), transaction: z.string() }),
  z.looseObject({ kind: z.literal('waiting'), reason: z.string() }),
  z.looseObject({ kind: z.literal('watching'), transaction: tid }),
  z.looseObject({
    kind: z.literal('change'),
    transaction: tid,
    /** The one told before this one: a watcher that has not seen it has missed something. */
    after: tid,
    time: z.number(),
    user: z.string(),
    description: z.string(),
    /** What sort of thing was done: send, set, cycle, undo, ... */
    what: z.string(),
    /** How many objects changed. */
    objects: z.number(),
  }),
  z.looseObject({
    kind: z.literal('expert'),
    /** Of an adapter that was dropped: the name of its file. */
    name: z.string(),
    /** taken: it is in the image; refused: it cannot be used; served, kept_out: the verdict; dropped_out: it failed at work. */
    what: z.enum(['taken', 'refused', 'served', 'kept_out', 'dropped_out']),
    reason: z.string(),
  }),
  z.looseObject({
    kind: z.literal('progress'),
    what: z.string(),
    done: z.number(),
    total: z.number().optional(),
    unit: z.literal('bytes').optional(),
    note: z.string().optional(),
  }),
])
/**
 * What a cycle tells while it runs; `progress` is told by a task on the image, `watching`, `change` (a transaction) and
 * `expert` to whoever subscribed: these are of no cycle.
 */
export type CycleEvent = z.output<typeof eventSchema>

const answer = <Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) =>
  z.looseObject({ v: z.literal(PROTOCOL_VERSION), id: z.string().max(128), kind: z.literal(kind), ...shape })
const answerSchema = z.discriminatedUnion('kind', [
  answer('accepted', { mission: z.string(), cycle: z.string() }),
  /** `cycle` is empty for what is no cycle. */
  answer('status', { cycle: z.string(), event: eventSchema }),
  answer('token', { cycle: z.string(), text: z.string() }),
  answer('result', { value, cycle: z.string().optional(), transaction: z.string().optional() }),
  answer('error', {
    code: z.string(),
    message: z.string(),
    remedy: z.string().optional(),
    details: z.record(z.string(), value).default({}),
    retryable: z.boolean(),
  }),
])
export type Answer = z.output<typeof answerSchema>
export type AnswerFor<Kind extends Answer['kind']> = Extract<Answer, { kind: Kind }>
/** How far a task on the image has come: so many of so many, of what is named. */
export type Progress = Extract<CycleEvent, { kind: 'progress' }>
export type Change = Extract<CycleEvent, { kind: 'change' }>
/** What became of an adapter. */
export type ExpertEvent = Extract<CycleEvent, { kind: 'expert' }>
export type ResultAnswer = AnswerFor<'result'>
export type ErrorAnswer = AnswerFor<'error'>
/** Every answer but the last: what `onEvent` is given. */
export type ProgressAnswer = AnswerFor<'accepted' | 'status' | 'token'>

/** Checks a decoded request. Throws E_VERSION, E_COMMAND or E_MALFORMED with every wrong part named by its path. */
export function parseRequest(decoded: unknown): Request {
  const map = versioned(decoded)
  if (typeof map.command === 'string' && !COMMANDS.some((known) => known === map.command))
    throw new BatError('E_COMMAND', { command: map.command.slice(0, 64), known: COMMANDS.join(', ') })
  return checked(requestSchema, map)
}

/** Checks a decoded answer. Throws E_VERSION or E_MALFORMED. */
export const parseAnswer = (decoded: unknown): Answer => checked(answerSchema, versioned(decoded))

/** The id of whatever was decoded, so that even a malformed request can be answered; empty when it has none. */
export const idOf = (decoded: unknown): string =>
  isPlainObject(decoded) && typeof decoded.id === 'string' && decoded.id.length <= 128 ? decoded.id : ''

function versioned(decoded: unknown): Record<string, unknown> {
  if (!isPlainObject(decoded))
    throw new BatError('E_MALFORMED', { path: 'message', problem: 'a map expected' })
  const version = decoded.v
  if (version === PROTOCOL_VERSION) return decoded
  if (typeof version === 'number')
    throw new BatError('E_VERSION', { version: String(version), supported: String(PROTOCOL_VERSION) })
  throw new BatError('E_MALFORMED', { path: 'v', problem: 'the number of the protocol version expected' })
}

function checked<Output>(schema: z.ZodType<Output>, map: Record<string, unknown>): Output {
  const result = schema.safeParse(map)
  if (result.success) return result.data
  const problems = result.error.issues.slice(0, 16).map((issue) => ({
    path: pathOf(issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path),
    problem: issue.code === 'unrecognized_keys' ? 'no such key' : issue.message,
  }))
  throw new BatError('E_MALFORMED', { ...problems[0], problems })
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 64)}`))
    .join('')
    .replace(/^\./, '') || 'message'

/** The answer that tells of `thrown`; what is not a coded error becomes E_INTERNAL. */
export function errorAnswer(requestId: string, thrown: unknown): ErrorAnswer {
  const error = batErrorOf(thrown)
  return {
    v: PROTOCOL_VERSION,
    id: requestId,
    kind: 'error',
    code: error.code,
    message: error.message,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    details: toldValue(error.details, 0) as Record<string, Value>,
    retryable: error.retryable,
  }
}

/** The error that an answer tells of, for whoever asked. */
export function errorOf(told: ErrorAnswer): BatError {
  if (isErrorCode(told.code)) return new BatError(told.code, told.details)
  return new BatError('E_REMOTE', {
    ...told.details,
    code: told.code,
    message: told.message,
    remedy: told.remedy ?? '',
  })
}

// Details of errors may hold anything; what is no value is told as text.
function toldValue(item: unknown, depth: number): Value {
  if (item === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof item)) return item as Value
  if (depth < 8 && Array.isArray(item)) return item.map((part) => toldValue(part, depth + 1))
  if (depth < 8 && isPlainObject(item)) {
    const known = Object.entries(item).filter(([key, part]) => part !== undefined && key !== '__proto__')
    return Object.fromEntries(known.map(([key, part]) => [key, toldValue(part, depth + 1)]))
  }
  const kinds = [Uint8Array, Ref, TreeRef, BlobRef, Method, Primitive]
  if (kinds.some((kind) => item instanceof kind)) return item as Value
  if (item instanceof Date && !Number.isNaN(item.getTime())) return item
  if (item instanceof Name) return item.name
  return String(item)
}
