import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Name } from '../../src/base/notation.ts'
import { takeCommon } from '../../src/console/arguments.ts'
import { completions, type Knowledge } from '../../src/console/completion.ts'
import { bodyOfLine, insisting, placeOf, suggested, targetOf } from '../../src/console/requests.ts'

test('a line becomes the request that the kernel takes', () => {
  const send = (target_oid: string, mission_brief: object) => ({
    command: 'send',
    target_oid,
    mission_brief,
    options: {},
  })
  const table = [
    ['genesis.count', send('genesis', { type: 'get_slot', selector: 'count' })],
    ['genesis.count = 3', send('genesis', { type: 'set_slot', selector: 'count', args: [3] })],
    ['obj:12 size', send('obj:12', { type: 'message', selector: 'size', args: [], kwargs: {} })],
    [
      'genesis add: 4 to: mind => null ! # sum them',
      send('genesis', {
        type: 'message',
        selector: 'add_to_',
        args: [4, new Name('mind')],
        kwargs: { expected: null, has_expected: true, intent: 'sum them', insist: true },
      }),
    ],
  ] as const
  for (const [line, body] of table) assert.deepEqual(bodyOfLine(line), body)
})

test('a suggestion changes the selector, insisting the wish for a new method, and nothing else', () => {
  const body = bodyOfLine("genesis grete: 'Ada' => 'x'")
  assert.deepEqual(suggested(body, 'greet:'), bodyOfLine("genesis greet: 'Ada' => 'x'"))
  assert.deepEqual(insisting(body), bodyOfLine("genesis grete: 'Ada' => 'x' !"))
})

test('targets and places are read, and refused with how to write them', () => {
  assert.equal(targetOf('0'), 0)
  assert.equal(targetOf('obj:12'), 'obj:12')
  assert.deepEqual(placeOf('genesis.move:to:'), { target: 'genesis', selector: 'move_to_' })
  assert.deepEqual(placeOf('obj:12.double_'), { target: 'obj:12', selector: 'double_' })
  for (const wrong of ['a b', '12', '']) assert.throws(() => targetOf(wrong), { code: 'E_USAGE' })
  for (const wrong of ['genesis', 'genesis.', '.x', 'a.b.c'])
    assert.throws(() => placeOf(wrong), { code: 'E_USAGE' })
})

test('the common options may stand anywhere; what is left is the command', () => {
  const table = [
    [[], { json: false, rest: ['console'] }],
    [['--keep'], { json: false, rest: ['console', '--keep'] }],
    [['send', 'a', 'b:', '-3', '--json'], { json: true, rest: ['send', 'a', 'b:', '-3'] }],
    [
      ['--home', 'h', 'status', '--endpoint=tcp://x:1'],
      { json: false, home: 'h', endpoint: 'tcp://x:1', rest: ['status'] },
    ],
    [['send', '--', '--json'], { json: false, rest: ['send', '--', '--json'] }],
    [['--help'], { json: false, rest: ['--help'] }],
  ] as const
  for (const [args, given] of table) assert.deepEqual(takeCommon(args), given)
  assert.throws(() => takeCommon(['status', '--home']), { code: 'E_USAGE' })
})

test('Tab offers names, then what the object understands, slots after a dot, and commands after a colon', async () => {
  const known: Knowledge = {
    names: async () => ['genesis', 'mind'],
    words: async (receiver) =>
      receiver === 'genesis'
        ? { selectors: ['greet_', 'clone'], slots: ['greet_', 'count'] }
        : { selectors: [], slots: [] },
  }
  const table = [
    ['ge', ['genesis']],
    [':un', [':undo']],
    ['genesis gr', ['greet: ']],
    ['genesis ', ['clone', 'greet: ']],
    ['genesis.co', ['count']],
    [':show genesis.gr', ['greet_', 'greet_']],
    [':inspect mi', ['mind']],
    ['genesis greet: mi', ['mind']],
    ['nobody x', []],
  ] as const
  for (const [line, expected] of table) assert.deepEqual((await completions(line, known))[0], expected, line)
})
