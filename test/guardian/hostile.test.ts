// Texts made to break the judge: each must be answered with a verdict, soon, and never with an exception.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { auditMethod } from '../../src/guardian/audit.ts'
import { arityOf, guardText } from '../../src/guardian/guard-file.ts'
import { MAX_LENGTH } from '../../src/guardian/parse.ts'

const judge = (text: string) => auditMethod(text, { name: 'f', arity: 0 })
const method = (body: string): string => `function f(self) { ${body} }`
const nested = (open: string, inner: string, close: string, times: number): string =>
  open.repeat(times) + inner + close.repeat(times)

const refused: Readonly<Record<string, string>> = {
  'a megabyte of code': method('self.x = 1;'.repeat(100_000)),
  'a megabyte of nothing': ' '.repeat(1_000_000),
  'a megabyte of one name': 'a'.repeat(1_000_000),
  'thirty thousand parentheses': method(`return ${nested('(', '1', ')', 30_000)}`),
  'thirty thousand brackets': method(`return ${nested('[', '1', ']', 30_000)}`),
  'thirty thousand braces': method(nested('{', '', '}', 30_000)),
  'unclosed parentheses': method(`return ${'('.repeat(30_000)}`),
  'sixty thousand negations': method(`return ${'!'.repeat(60_000)}1`),
  'a sum of twenty thousand': method(`return ${'1+'.repeat(20_000)}1`),
  'a chain of ten thousand members': method(`return self${'.a'.repeat(10_000)}`),
  'a chain of ten thousand calls': method(`return self${'()'.repeat(10_000)}`),
  'five thousand nested functions': method(nested('(() => ', '1', ')()', 5000)),
  'five thousand nested templates': method(`return ${nested('`${', '1', '}`', 5000)}`),
  'five thousand nested conditions': method(nested('if (1) ', ';', '', 5000)),
  'nested finally': method(nested('try { self.a = 1 } finally { ', 'self.b = 1', ' }', 20)),
  'lone surrogates': '\ud800 function f(self) { return "\udfff" }',
  'null bytes': 'function f(self) {\0 return 1 }',
  'a byte order mark inside': 'function f(self) { return\ufeff 1 + }',
  'a regular expression that does not end': method('return /[/'),
  'a comment that does not end': 'function f(self) { /* ',
  'a template that does not end': 'function f(self) { return `${',
  'ten thousand unknown names': method(Array.from({ length: 5000 }, (_, i) => `x${i};`).join('')),
}

const judged: Readonly<Record<string, string>> = {
  'lone surrogates in text': method('return "\ud800" + "\udfff"'),
  'null bytes in text': method('return "\\0\0"'),
  'five thousand copies backwards': method(
    `${Array.from({ length: 2500 }, (_, i) => `v${i} = v${i + 1};`).join('')} var v2500 = self.items, ${Array.from({ length: 2500 }, (_, i) => `v${i}`).join()}`,
  ),
  'fifty nested loops': method(
    `${Array.from({ length: 50 }, (_, i) => `for (let i${i} = 0; i${i} < 2; i${i}++) {`).join('')} self.n++; ${'}'.repeat(50)} self._p_changed = true`,
  ),
  'five hundred functions that call each other': method(
    `${Array.from({ length: 500 }, (_, i) => `function g${i}() { self.n = 1; g${(i + 1) % 500}(); g${(i * 7) % 500}() }`).join('\n')} g0(); self._p_changed = true`,
  ),
  'doubling constants': method(
    `const c0 = "con"; ${Array.from({ length: 60 }, (_, i) => `const c${i + 1} = c${i} + c${i};`).join('')} return self.map[c60]`,
  ),
  'a thousand handlers': method(
    `${'try { self.n = 1; self.go() } catch (e) { self.m = 1 } '.repeat(900)} self._p_changed = true`,
  ),
  'a method named like a property of objects': 'function f(self) { return self.hasOwnProperty }',
}

describe('a hostile text is refused, not fatal', () => {
  for (const [what, text] of Object.entries(refused))
    it(what, () => {
      const verdict = judge(text)
      assert.equal(verdict.ok, false)
      for (const v of verdict.violations) {
        assert.ok(v.line >= 1 && v.column >= 1)
        assert.ok(v.message.length < 400)
      }
      assert.equal(guardText(text).ok, false)
    })
})

describe('an odd text is judged like any other', () => {
  for (const [what, text] of Object.entries(judged))
    it(what, () => assert.deepEqual(judge(text).violations, []))
})

it('gives a verdict on any text, cut or spliced', () => {
  const piece = fc.constantFrom(
    ...[
      'function f(self) {',
      '}',
      'self',
      '.n',
      '=',
      '1',
      ';',
      '_p_changed',
      'true',
      '(',
      ')',
      '[',
      ']',
      '`',
      '${',
    ],
    ...[
      '=>',
      'async ',
      'await ',
      'for (const x of ',
      'try {',
      'catch {',
      'finally {',
      'return ',
      '...',
      '?.',
      '//',
    ],
    ...[
      'class A {',
      'static {',
      '#p',
      'yield ',
      'label:',
      'break label',
      'switch (1) {',
      'case 1:',
      'with (self) ',
    ],
    ...[
      '\0',
      '\ud800',
      '\u2028',
      '"',
      "'",
      '/',
      '{',
      'let ',
      'var ',
      'new ',
      'delete ',
      ',',
      'import(',
      'super',
    ],
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((p) => p.join('')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, (t) => {
      for (const candidate of [t, method(t)]) {
        const { ok, violations } = judge(candidate)
        assert.equal(ok, violations.length === 0)
        assert.ok(!violations.some((v) => v.message.startsWith('the method cannot be judged')), candidate)
      }
    }),
    { numRuns: 2000, seed: 5 },
  )
})

it('judges a text just below the longest and refuses one above', () => {
  const line = '  self.count = self.count + 1; self._p_changed = true;\n'
  const body = line.repeat(Math.floor((MAX_LENGTH - 40) / line.length))
  assert.deepEqual(judge(`function f(self) {\n${body}}`).violations, [])
  const [violation] = judge(`function f(self) {\n${body}${line}${line}}`).violations
  assert.match(violation!.message, /at most 65536/)
})

describe('the text of a file', () => {
  it('says its own name and arity', () => {
    assert.deepEqual(guardText('function size(self) { return 1 }'), { ok: true, violations: [] })
    assert.deepEqual(guardText('function add_to_(self, a, b) { return a + b }'), { ok: true, violations: [] })
    assert.deepEqual(guardText('function add_to_(self, a) { return a }'), { ok: true, violations: [] })
    assert.equal(guardText('function add_to_(self, a, b, c) { return a }').violations[0]!.code, 'shape')
    assert.equal(guardText('function add_(self) { return 1 }').violations[0]!.code, 'shape')
    assert.equal(guardText('function size(self, a) { return a }').violations[0]!.code, 'shape')
    assert.equal(guardText('function _x(self) { return 1 }').violations[0]!.code, 'shape')
    assert.equal(guardText('function f(self) { self.n = 1 }').violations[0]!.code, 'covenant')
    assert.equal(guardText('const f = 1').violations[0]!.code, 'shape')
  })

  it('takes as many arguments as its selector has parts, or fewer', () => {
    assert.deepEqual([arityOf('size', 1), arityOf('greet_', 0), arityOf('greet_', 2)], [0, 1, 1])
    assert.deepEqual([arityOf('add_to_', 1), arityOf('add_to_', 2), arityOf('add_to_', 5)], [1, 2, 2])
  })
})
