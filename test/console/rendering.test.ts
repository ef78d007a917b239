import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { BlobRef, Method, Primitive, Ref, TreeRef, type Value } from '../../src/base/value.ts'
import { coloured, coloursFor, plain, printable } from '../../src/console/colour.ts'
import { complaint } from '../../src/console/complaint.ts'
import { eventLine, eventText } from '../../src/console/events.ts'
import { follow, inFlight, liveText } from '../../src/console/in-flight.ts'
import { atText, diffText, historyText, undoText } from '../../src/console/past-reports.ts'
import { openProgress } from '../../src/console/progress.ts'
import { answerText, durationText, methodText, outputOf, tableText } from '../../src/console/rendering.ts'
import { auditText, inspectText, metricsText, showText } from '../../src/console/reports.ts'
import { typed } from '../../src/console/typed.ts'
import type { CycleEvent } from '../../src/protocol/messages.ts'

const method = new Method({
  source: 'function double_(self, a) {\n  return a * 2;\n}\n',
  provenance: {
    author: 'BRICK',
    user: 'owner',
    cycle: 'cycle:7',
    time: 0,
    state: 'provisional',
    model: 'c0ffee',
    purpose: 'double a',
    intent: 'twice as much',
    witnesses: [{ args: [4], expected: 8, slots: { count: 1 } }],
    tries: 2,
  },
})

test('an answer on standard output is text as it is and anything else as JSON on one line', () => {
  const table: readonly (readonly [Value, string])[] = [
    ['Hello, Ada!', 'Hello, Ada!'],
    ['two\nlines', 'two\nlines'],
    ['', ''],
    [42, '42'],
    [null, 'null'],
    [true, 'true'],
    [[1, 'a'], '[1,"a"]'],
    [{ a: { b: 1 } }, '{"a":{"b":1}}'],
    [12n, '{"$bigint":"12"}'],
    [Number.NaN, '{"$number":"NaN"}'],
    [new Date(0), '{"$date":"1970-01-01T00:00:00.000Z"}'],
    [new Uint8Array([1, 2]), '{"$bytes":"AQI="}'],
    [new Ref('obj:12'), '{"$ref":"obj:12"}'],
    [new TreeRef('obj:13'), '{"$tree":"obj:13"}'],
    [new BlobRef('ab', 3), '{"$blob":"ab","size":3}'],
    [new Primitive('clone'), '{"$primitive":"clone"}'],
    [method, `{"$method":"${method.hash}"}`],
  ]
  for (const [value, expected] of table) assert.equal(outputOf(value), expected)
})

test('an answer on a terminal is shown as it could be typed, long maps over several lines, methods as code', () => {
  assert.equal(answerText(new Ref('obj:12'), plain), 'obj:12')
  assert.equal(answerText(12n, plain), '12n')
  assert.equal(answerText(['a', 1], plain), '["a", 1]')
  assert.equal(answerText({ long: 'x'.repeat(90), b: 1 }, plain, 80).split('\n').length, 4)
  assert.equal(answerText(method, plain), method.source)
})

test('what could steer the terminal is shown, not obeyed', () => {
  assert.equal(printable('a\u001b[2Jb\tc\nd\u009b\u202ee'), 'a\\x1b[2Jb\tc\nd\\x9b\\u202ee')
  assert.equal(answerText('\u001b]0;title\u0007', plain), '\\x1b]0;title\\x07')
  assert.ok(!eventText({ kind: 'draft', attempt: 1, source: 'a\u001b[0m' }, plain)!.includes('\u001b'))
})

test('colours are for terminals, and NO_COLOR turns them off', () => {
  assert.equal(coloursFor({ isTTY: true }, {}), coloured)
  assert.equal(coloursFor({ isTTY: true }, { NO_COLOR: '1' }), plain)
  assert.equal(coloursFor({ isTTY: true }, { TERM: 'dumb' }), plain)
  assert.equal(coloursFor({ isTTY: false }, {}), plain)
})

test('durations are told in the unit that fits', () => {
  const table: readonly (readonly [number, string])[] = [
    [0.42, '0.4 ms'],
    [12.3, '12 ms'],
    [1234, '1.2 s'],
    [125_000, '2 min 5 s'],
  ]
  for (const [duration, expected] of table) assert.equal(durationText(duration), expected)
})

test('each event of a cycle has a line for a batch and a text for a person', () => {
  const violation = { code: 'covenant', line: 3, column: 5, message: 'self.count is changed' }
  const table: readonly (readonly [CycleEvent, string | undefined, string | undefined])[] = [
    [{ kind: 'state', from: 'IDLE', to: 'DECOMPOSING', persona: 'BRICK' }, 'decomposing (BRICK)', undefined],
    [{ kind: 'plan', plan: { memory: false } }, undefined, undefined],
    [
      { kind: 'facet', persona: 'BRICK', facet: 'purpose', answer: 'double a' },
      undefined,
      'BRICK purpose: double a',
    ],
    [{ kind: 'draft', attempt: 2, source: 'f()\n' }, 'draft 2', 'draft 2\n  f()'],
    [
      { kind: 'verdict', attempt: 1, ok: true, violations: [] },
      undefined,
      '✓ guardian: nothing to object to',
    ],
    [
      { kind: 'verdict', attempt: 1, ok: false, violations: [violation] },
      'refused: covenant 3:5 self.count is changed',
      '✗ guardian refused draft 1\n  covenant 3:5 self.count is changed',
    ],
    [{ kind: 'trial', attempt: 1, ok: true }, undefined, '✓ trial: answers as it should'],
    [
      { kind: 'trial', attempt: 1, ok: false, code: 'answer', message: '7 not 8' },
      'trial failed: answer: 7 not 8',
      '✗ trial of draft 1: answer: 7 not 8',
    ],
    [{ kind: 'commit', transaction: 'tx:9' }, 'committed tx:9', '✓ committed tx:9'],
    [{ kind: 'waiting', reason: 'no model' }, 'waiting: no model', 'waiting: no model'],
    [
      { kind: 'waiting', reason: 'no model; batos model use NAME' },
      `waiting: no model; ${typed('model use NAME')}`,
      `waiting: no model; ${typed('model use NAME')}`,
    ],
  ]
  for (const [event, line, text] of table) {
    assert.equal(eventLine(event), line)
    assert.equal(eventText(event, plain), text)
  }
})

test('a method is shown with everything of how it came to be', () => {
  const shown = methodText(method, { selector: 'double_', holder: 'genesis' }, plain)
  assert.match(shown, /^function double_\(self, a\) \{\n {2}return a \* 2;\n\}\n/)
  for (const part of [
    'genesis',
    'provisional',
    'BRICK for owner',
    'double a',
    'twice as much',
    'cycle:7',
    'c0ffee',
    method.hash,
  ])
    assert.ok(shown.includes(part), part)
  assert.match(shown, /witness {4}double: 4 => 8 given count = 1/)
  assert.equal(showText({ oid: 'obj:1', selector: 'n', holder: 'genesis', value: 3 }, 'n', plain), '3')
  assert.match(showText({ holder: 'genesis', value: method }, 'double_', plain), /held by {4}genesis/)
})

test('an object is shown with its slots, and what else it understands', () => {
  const shown = inspectText(
    {
      oid: 'obj:1',
      name: 'genesis',
      parents: [{ oid: 'obj:2', name: 'traits' }],
      slots: { 'traits*': new Ref('obj:2'), count: 3, greet_: new Primitive('greet'), double_: method },
      understands: [{ selector: 'double_' }, { selector: 'clone' }],
    },
    plain,
  )
  assert.equal(
    shown,
    [
      'genesis, obj:1 (parents traits)',
      '  traits* = obj:2',
      '  count = 3',
      '  greet: primitive greet',
      '  double: method, provisional, double a',
      '  understands also clone',
    ].join('\n'),
  )
})

test('history, audit, metrics and undo are tables and lines', () => {
  const row = {
    transaction: 'tx:9',
    time: new Date(0),
    user: 'owner',
    kind: 'cycle',
    description: 'genesis double: 4',
    cycle: 'cycle:1',
  }
  assert.match(
    historyText([row], plain),
    /^transaction {2}when .*\ntx:9 .*owner {2}cycle {2}genesis double: 4$/,
  )
  assert.equal(historyText([], plain), 'nothing has happened here yet')
  const event = {
    timestamp: '2026-01-01T10:11:12.345Z',
    event_type: 'COMMIT',
    cycle_id: 'c',
    status: 'SUCCESS',
    event_data: { duration_ms: 20 },
  }
  assert.match(auditText([event], plain), /10:11:12\.345 {2}c {6}COMMIT {2}SUCCESS {2}20 ms/)
  assert.equal(metricsText({ counts: { sends: 3 } }, plain).replace(/ +/g, ' '), 'counts.sends 3')
  assert.equal(
    undoText({ transaction: 'tx:10', undid: [{ transaction: 'tx:9', description: 'd' }] }),
    'tx:9 (d) is undone, by tx:10',
  )
})

test('a table leaves out empty columns and cuts long cells', () => {
  const rows = [
    { a: '1', b: '', c: 'x'.repeat(99) },
    { a: '22', b: '', c: 'y\nz' },
  ]
  assert.equal(tableText(rows, ['a', 'b', 'c'], plain, 10), `a   c\n 1  ${'x'.repeat(9)}…\n22  y⏎z`)
})

test('an error is told with its code, the place in the line, and what to do', () => {
  const syntax = new BatError('E_SYNTAX', {
    column: 17,
    expected: 'a value',
    found: '`)`',
    hint: 'one message a line',
  })
  assert.equal(
    complaint(syntax, { text: 'genesis double: )', line: 3 }),
    [
      'batos: E_SYNTAX: line 3: column 17: a value expected, `)` found',
      '  genesis double: )',
      '                  ^',
      '  one message a line',
    ].join('\n'),
  )
  assert.equal(complaint(new BatError('E_CANCELLED')), 'batos: E_CANCELLED: the cycle was cancelled')
  const long = complaint(new BatError('E_SYNTAX', { column: 200, expected: 'x', found: 'y' }), {
    text: 'z'.repeat(300),
  })
  const [, shown, caret] = long.split('\n')
  assert.equal(shown![caret!.indexOf('^')], 'z')
  assert.ok(shown!.length < 110)
})

test('the live line says what runs, who is at it, and the end of what is written, within the width', () => {
  const first = inFlight('genesis triple: 3', 0)
  const second = inFlight('genesis double: 4', 1000)
  follow(second, { v: 1, id: 'a', kind: 'accepted', mission: 'm', cycle: 'cycle:7' })
  follow(second, {
    v: 1,
    id: 'a',
    kind: 'status',
    cycle: 'cycle:7',
    event: { kind: 'state', from: 'IDLE', to: 'SYNTHESIZING', persona: 'BRICK' },
  })
  follow(second, {
    v: 1,
    id: 'a',
    kind: 'token',
    cycle: 'cycle:7',
    text: `${'x'.repeat(200)}\n  return a * 2;`,
  })
  const line = liveText([first, second], 2500, { colours: plain, columns: 80 })!
  assert.match(line, /^. \+1 genesis double: 4 · SYNTHESIZING · BRICK · 1\.5 s · ….*return a \* 2;$/)
  assert.ok(line.length <= 80, String(line.length))
  assert.equal(second.cycle, 'cycle:7')
  assert.equal(liveText([], 0, { colours: plain, columns: 80 }), undefined)
})

test('a difference shows what went and what came, the lines of methods and texts one by one', () => {
  const changed = new Method({ ...method, source: 'function double_(self, a) {\n  return a + a;\n}\n' })
  const found = {
    oid: 'obj:1',
    name: 'genesis',
    from: { transaction: 'tx:8' },
    to: { transaction: 'tx:9', user: 'owner', description: 'd' },
    slots: [
      { slot: 'count', before: 1, after: 2 },
      { slot: 'gone', before: 'x' },
      { slot: 'double_', before: method, after: changed },
      { slot: 'text', before: 'a\nb\nc', after: 'a\nc\nd' },
    ],
  }
  assert.equal(
    diffText(found, plain),
    [
      'genesis tx:8 → tx:9 (owner: d)',
      '- count = 1',
      '+ count = 2',
      '- gone = "x"',
      '  double: method',
      '    function double_(self, a) {',
      '-     return a * 2;',
      '+     return a + a;',
      '    }',
      '    (provisional, by BRICK)',
      '  text',
      '    a',
      '-   b',
      '    c',
      '+   d',
    ].join('\n'),
  )
  assert.match(diffText(found, coloured), /\n.\[31m- count = 1.\[39m\n.\[32m\+ count = 2/)
  assert.match(diffText({ ...found, slots: [] }, plain), /no difference$/)
})

test('what an object was is told with the moment', () => {
  const moment = { transaction: 'tx:8', user: 'owner', description: 'd' }
  const found = { oid: 'obj:1', selector: 'config', holder: 'genesis', value: 3, moment }
  assert.equal(atText(found, ['config', 'port'], plain), 'as of tx:8 (owner: d)\n3')
})

test('progress is a bar on a terminal after a second, plain lines now and then elsewhere; notes come at once', () => {
  const drawn = (isTTY: boolean, environment = {}) => {
    let now = 0
    const errors = Object.assign(new PassThrough(), { isTTY })
    const line = openProgress({ errors, environment }, 'pack', () => now)
    for (const [at, done] of [
      [500, 1],
      [1000, 2],
      [1050, 3],
      [1200, 4],
      [7000, 5],
    ] as const) {
      now = at
      line.tell({ kind: 'progress', what: 'records read', done, total: 8 })
      if (done % 4 === 1) line.tell({ kind: 'progress', what: '', done, note: `note\u0007 ${done}` })
    }
    line.end()
    return String(errors.read()).replaceAll('\r\u001b[K', '<clear>')
  }
  assert.equal(
    drawn(false),
    'batos: pack: note\\x07 1\nbatos: pack: records read 2 of 8 (25 %)\nbatos: pack: records read 5 of 8 (62 %)\nbatos: pack: note\\x07 5\n',
  )
  const bar = drawn(true, { NO_COLOR: '1' })
  assert.match(
    bar,
    /^batos: pack: note\S* 1\n<clear>pack ██████░{18} records read 2 of 8 \(25 %\) 1\.0 s<clear>/,
  )
  assert.match(bar, /read 5 of 8.*<clear>batos: pack: note\S* 5\n<clear>$/)
  assert.ok(!bar.includes('read 3') && !bar.includes('\u001b[36m'))
  assert.ok(drawn(true).includes('\u001b[36m'))
})
