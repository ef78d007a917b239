import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { Name } from '../../src/base/notation.ts'
import { Ref } from '../../src/base/value.ts'
import { decodeAnswer, decodeRequest, encodeMessage } from '../../src/protocol/frames.ts'
import { COMMANDS, errorAnswer, errorOf, parseAnswer, parseRequest } from '../../src/protocol/messages.ts'

const brief = { type: 'message', selector: 'greet_', args: ['Ada'] }
const send = { v: 1, id: 'a', command: 'send', target_oid: 'genesis', mission_brief: brief }

test('a request is the same after the wire, with its defaults filled in', () => {
  const args = [1n, new Name('genesis'), new Ref('obj:4'), { deep: [-0] }]
  const received = decodeRequest(encodeMessage({ ...send, mission_brief: { ...brief, args } }))
  assert.deepStrictEqual(received, {
    request: { ...send, mission_brief: { ...brief, args, kwargs: {} }, options: {} },
  })
})

const sound: Record<string, object> = {
  'a message with everything': {
    ...send,
    mission_brief: {
      ...brief,
      kwargs: { expected: null, has_expected: true, intent: 'say hello', insist: true },
    },
    options: { stream: true, batch: false, later: 1 },
  },
  'a slot to be read': { ...send, mission_brief: { type: 'get_slot', selector: 'count' } },
  'a slot to be set to null': {
    ...send,
    mission_brief: { type: 'set_slot', selector: 'count', args: [null] },
  },
  'a message to the root': { ...send, target_oid: 0 },
  ping: { v: 1, id: 'p', command: 'ping' },
  'an inspection': {
    v: 1,
    id: 'i',
    command: 'inspect',
    target_oid: 'obj:12',
    mission_brief: { selector: 'x' },
  },
  'a cancellation': { v: 1, id: 'c', command: 'cancel', options: { request: 'a' } },
  'a verdict': { v: 1, id: 'f', command: 'feedback', options: { cycle: 'cycle:1', verdict: 'good' } },
}
for (const [title, request] of Object.entries(sound))
  test(`takes ${title}`, () => {
    assert.ok('request' in decodeRequest(encodeMessage(request)))
  })

const wrong: Record<string, [unknown, string, string | undefined]> = {
  'a list': [[], 'E_MALFORMED', 'message'],
  'no version': [{ ...send, v: undefined }, 'E_MALFORMED', 'v'],
  'a version in words': [{ ...send, v: '1' }, 'E_MALFORMED', 'v'],
  'version 2': [{ ...send, v: 2 }, 'E_VERSION', undefined],
  'version 0.5': [{ ...send, v: 0.5 }, 'E_VERSION', undefined],
  'no id': [{ ...send, id: undefined }, 'E_MALFORMED', 'id'],
  'an empty id': [{ ...send, id: '' }, 'E_MALFORMED', 'id'],
  'an id of a kilobyte': [{ ...send, id: 'x'.repeat(1024) }, 'E_MALFORMED', 'id'],
  'an unknown command': [{ ...send, command: 'destroy' }, 'E_COMMAND', undefined],
  'a command that every object has': [{ ...send, command: 'toString' }, 'E_COMMAND', undefined],
  'no command': [{ ...send, command: undefined }, 'E_MALFORMED', 'command'],
  'a command that is a number': [{ ...send, command: 7 }, 'E_MALFORMED', 'command'],
  'no target': [{ ...send, target_oid: undefined }, 'E_MALFORMED', 'target_oid'],
  'a negative target': [{ ...send, target_oid: -1 }, 'E_MALFORMED', 'target_oid'],
  'no brief': [{ ...send, mission_brief: undefined }, 'E_MALFORMED', 'mission_brief'],
  'a brief of an unknown type': [
    { ...send, mission_brief: { ...brief, type: 'wish' } },
    'E_MALFORMED',
    'mission_brief.type',
  ],
  'a message without a selector': [
    { ...send, mission_brief: { type: 'message' } },
    'E_MALFORMED',
    'mission_brief.selector',
  ],
  'arguments that are no list': [
    { ...send, mission_brief: { ...brief, args: { 0: 1 } } },
    'E_MALFORMED',
    'mission_brief.args',
  ],
  'sixty-five arguments': [
    { ...send, mission_brief: { ...brief, args: Array(65).fill(1) } },
    'E_MALFORMED',
    'mission_brief.args',
  ],
  'a slot set to two values': [
    { ...send, mission_brief: { type: 'set_slot', selector: 'a', args: [1, 2] } },
    'E_MALFORMED',
    'mission_brief.args',
  ],
  'an intent that is no text': [
    { ...send, mission_brief: { ...brief, kwargs: { intent: 1 } } },
    'E_MALFORMED',
    'mission_brief.kwargs.intent',
  ],
  'a key nobody knows': [{ ...send, sudo: true }, 'E_MALFORMED', 'sudo'],
  'an option of the wrong type': [{ ...send, options: { stream: 'yes' } }, 'E_MALFORMED', 'options.stream'],
  'a cancellation of nothing': [{ v: 1, id: 'c', command: 'cancel', options: {} }, 'E_MALFORMED', 'options'],
  'a limit of zero': [
    { v: 1, id: 'h', command: 'history', target_oid: 0, options: { limit: 0 } },
    'E_MALFORMED',
    'options.limit',
  ],
}
for (const [title, [request, code, path]] of Object.entries(wrong))
  test(`refuses ${title} with ${code}${path === undefined ? '' : ` at ${path}`}`, () => {
    const received = decodeRequest(encodeMessage(request as object))
    assert.ok('error' in received, 'it was taken')
    assert.deepEqual([received.error.code, received.error.details.path], [code, path])
    const { id } = request as { id?: string }
    assert.equal(received.id, id !== undefined && id.length <= 128 ? id : '')
  })

test('names every part of a request that is wrong', () => {
  const received = decodeRequest(encodeMessage({ ...send, id: '', target_oid: true, more: 1 }))
  assert.ok('error' in received)
  const problems = received.error.details.problems as readonly { path: string }[]
  assert.deepEqual(problems.map(({ path }) => path).sort(), ['id', 'more', 'target_oid'])
})

test('refuses what is larger than the limit, on both sides, with both numbers', () => {
  const bytes = encodeMessage({ ...send, mission_brief: { ...brief, args: ['x'.repeat(2000)] } })
  const tooLarge = (error: unknown) =>
    error instanceof BatError &&
    error.code === 'E_MESSAGE_SIZE' &&
    /20\d\d bytes.*1000 bytes/.test(error.message)
  assert.throws(() => encodeMessage({ text: 'x'.repeat(2000) }, 1000), tooLarge)
  assert.throws(() => decodeAnswer(bytes, 1000), tooLarge)
  const received = decodeRequest(bytes, 1000)
  assert.ok('error' in received && tooLarge(received.error))
})

test('an error told over the wire is the same error', () => {
  const thrown = new BatError('E_NO_KERNEL', { endpoint: 'tcp://x:1', waited: 12, who: new Ref('obj:1') })
  const back = errorOf(errorAnswer('a', thrown))
  assert.deepEqual(
    [back.code, back.message, back.remedy, back.retryable, back.details],
    [thrown.code, thrown.message, thrown.remedy, true, thrown.details],
  )
})

test('an error with details that are no values can be told all the same', () => {
  const loop: Record<string, unknown> = {
    map: new Map(),
    what: () => 1,
    gone: undefined,
    at: new Date(Number.NaN),
  }
  loop.self = loop
  const bytes = encodeMessage(errorAnswer('a', new BatError('E_INTERNAL', loop)))
  assert.equal(decodeAnswer(bytes).kind, 'error')
  assert.equal(errorAnswer('a', new TypeError('x is not a function')).code, 'E_INTERNAL')
})

test('an error code that this side does not know is told as it came', () => {
  const told = {
    v: 1,
    id: 'a',
    kind: 'error',
    code: 'E_LATER',
    message: 'not yet',
    retryable: false,
    details: {},
  }
  const answer = parseAnswer(told)
  assert.ok(answer.kind === 'error')
  assert.equal(errorOf(answer).message, 'E_LATER: not yet')
})

test('lists its commands, each once', () => {
  assert.throws(() => parseRequest({ v: 1, id: 'a', command: 'send' }), BatError)
  assert.deepEqual(new Set(COMMANDS).size, COMMANDS.length)
  assert.ok(
    ['send', 'undo', 'policy', 'proposals', 'ping'].every((name) => COMMANDS.some((one) => one === name)),
  )
})
