import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  formatLiteral,
  formatMessage,
  keysOf,
  Name,
  parseMessage,
  type Statement,
  wordsOf,
} from '../../src/base/notation.ts'
import { Ref } from '../../src/base/value.ts'

const message = (selector: string, args: readonly unknown[], rest: object = {}) => ({
  kind: 'message',
  receiver: new Name('genesis'),
  selector,
  args,
  insist: false,
  ...rest,
})

describe('the message syntax', () => {
  const parsed: readonly (readonly [string, object])[] = [
    ['genesis size', message('size', [])],
    ["genesis greet: 'Ada'", message('greet_', ['Ada'])],
    ['genesis add: 4 to: 9', message('add_to_', [4, 9])],
    ['genesis increment_by: 2 => 5', message('increment_by_', [2], { expected: 5 })],
    ['genesis double: 4 => null', message('double_', [4], { expected: null })],
    ['genesis f: -1.5e3', message('f_', [-1500])],
    ['genesis f: 12n', message('f_', [12n])],
    ['genesis f: true g: null', message('f_g_', [true, null])],
    ['genesis f: [1, "two", [true]]', message('f_', [[1, 'two', [true]]])],
    ["genesis f: {a: 1, 'b c': [2]}", message('f_', [{ a: 1, 'b c': [2] }])],
    ['genesis f: []', message('f_', [[]])],
    ['genesis f: {}', message('f_', [{}])],
    ['genesis ask: robot', message('ask_', [new Name('robot')])],
    ['genesis ask: obj:12', message('ask_', [new Ref('obj:12')])],
    ['obj:7 size', message('size', [], { receiver: new Ref('obj:7') })],
    ["genesis f: 'it\\'s' # say it", message('f_', ["it's"], { intent: 'say it' })],
    ["genesis f: 'a # b'", message('f_', ['a # b'])],
    ["genesis grete: 'Ada'!", message('grete_', ['Ada'], { insist: true })],
    [
      'genesis f: 1 => 2 ! # why => not',
      message('f_', [1], { expected: 2, insist: true, intent: 'why => not' }),
    ],
    ['  genesis   size  ', message('size', [])],
    ['genesis.count', { kind: 'get_slot', receiver: new Name('genesis'), slot: 'count' }],
    ['genesis.count = 3', { kind: 'set_slot', receiver: new Name('genesis'), slot: 'count', value: 3 }],
    [
      'genesis.parent* = robot',
      { kind: 'set_slot', receiver: new Name('genesis'), slot: 'parent*', value: new Name('robot') },
    ],
  ]
  for (const [line, statement] of parsed)
    it(`reads ${line}`, () => assert.deepEqual(parseMessage(line), statement))

  const refused: readonly (readonly [string, number, RegExp])[] = [
    ['', 1, /name of an object/],
    ['genesis', 8, /a message/],
    ['genesis double: 4 =>', 21, /a value/],
    ['genesis double:', 16, /a value/],
    ["genesis greet: 'Ada", 20, /closing/],
    ['genesis double: 4 5', 19, /the end of the line/],
    ['genesis f: [1, 2', 17, /`,` or `]`/],
    ['genesis f: {a 1}', 15, /`:` after the key/],
    ['genesis f: 1 g 2', 16, /`:` after the key/],
    ['genesis f: (1)', 12, /a value/],
    ['genesis f: 12abc', 14, /end of the number/],
    ['3 + 4', 1, /name of an object/],
    ['genesis.count = ', 17, /a value/],
    ['genesis foo_', 12, /underscore/],
    [`genesis f: ${'['.repeat(100)}`, 77, /levels of nesting/],
  ]
  for (const [line, column, expected] of refused) {
    it(`refuses ${line.slice(0, 40)} at column ${column}`, () => {
      assert.throws(
        () => parseMessage(line),
        (error: { code: string; details: { column: number; expected: string } }) => {
          assert.equal(error.code, 'E_SYNTAX')
          assert.equal(error.details.column, column)
          assert.match(error.details.expected, expected)
          return true
        },
      )
    })
  }

  it('never throws anything but E_SYNTAX', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (line) => {
        try {
          parseMessage(line)
        } catch (thrown) {
          assert.equal((thrown as { code: string }).code, 'E_SYNTAX')
        }
      }),
    )
  })

  it('reads back every value that it writes', () => {
    const key = fc.stringMatching(/^[a-z]{1,5}$/)
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).value
    fc.assert(
      fc.property(value, (given) => {
        const statement = parseMessage(`genesis f: ${formatLiteral(given as never)}`) as Extract<
          Statement,
          { kind: 'message' }
        >
        assert.deepEqual(statement.args[0], given)
      }),
    )
  })

  it('shows a selector with its arguments', () => {
    assert.equal(formatMessage('add_to_', [4, 'x']), 'add: 4 to: "x"')
    assert.equal(formatMessage('increment_by_', [2]), 'increment_by: 2')
    assert.equal(formatMessage('size', []), 'size')
    assert.deepEqual(keysOf('add_item_to_', 2), ['add_item', 'to'])
    assert.deepEqual(wordsOf('incrementBy_now_'), ['increment', 'by', 'now'])
  })
})
