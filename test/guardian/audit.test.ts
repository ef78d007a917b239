// The guardian against tables of snippets: what is refused, with which code, exactly where, and what is not.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { auditMethod, formatReport, MAX_VIOLATIONS, reportLines } from '../../src/guardian/audit.ts'
import { flagged, unchanged, unflagged } from './snippets-covenant.ts'
import { flags, forbidden, granted, harmless, refusedReach, storage } from './snippets-reach.ts'
import { methods, shapes } from './snippets-shape.ts'

const MARKS: Readonly<Record<string, string>> = {
  c: 'covenant',
  f: 'flag',
  r: 'reach',
  x: 'forbidden',
  s: 'storage',
}

/** The text of a marked body as a method, and the violations it must have. */
function marked(body: string): { text: string; expected: string[] } {
  let text = `async function f_(self, a) { ${body} }`
  const expected: string[] = []
  for (let match = /«(\w)»/.exec(text); match; match = /«(\w)»/.exec(text)) {
    expected.push(`${MARKS[match[1]!]} 1:${match.index + 1}`)
    text = text.replace(match[0], '')
  }
  return { text, expected: expected.sort() }
}

const found = (text: string, uses: readonly string[] = []): string[] =>
  auditMethod(text, { name: 'f_', arity: 1, uses })
    .violations.map((v) => `${v.code} ${v.line}:${v.column}`)
    .sort()

const tables: Readonly<Record<string, readonly string[]>> = {
  'a method that changes nothing needs no flag': unchanged,
  'a flag after every change on every way out is enough': flagged,
  'a change that an exit follows with no flag is told where it is made': unflagged,
  'names within reach and plain data access are accepted': harmless,
  'a name out of reach is told': refusedReach,
  'a construct that leads out of what can be judged is told': forbidden,
  'direct use of internal storage is told': storage,
  'a flag set to anything but true is told and does not count': flags,
}

for (const [title, bodies] of Object.entries(tables))
  describe(title, () => {
    for (const body of bodies) {
      const { text, expected } = marked(body)
      it(body || '(empty)', () => assert.deepEqual(found(text), expected))
    }
  })

describe('a granted capability is within reach, and is not without the grant', () => {
  for (const [use, body] of granted) {
    const { text } = marked(body)
    it(`${use}: ${body}`, () => {
      assert.deepEqual(found(text, [use]), [])
      assert.notDeepEqual(found(text), [])
    })
  }
})

describe('a text that is not one function of the right name and parameters is told as such', () => {
  for (const { text, at } of shapes) it(JSON.stringify(text), () => assert.deepEqual(found(text), at))
})

describe('one function of the right name and parameters is a method', () => {
  for (const text of methods) it(JSON.stringify(text), () => assert.deepEqual(found(text), []))
})

describe('a verdict', () => {
  const text = 'function add_(self, a) {\n  self.count = self.count + a;\n  foo();\n  return bar;\n}'
  const verdict = auditMethod(text, { name: 'add_', arity: 1 })

  it('is told to a person one line a violation, with place, code and what to do', () => {
    assert.deepEqual(formatReport(verdict).split('\n'), [
      '2:3 covenant: self.count changes the state and the return on line 4 can be reached with no `self._p_changed = true;` after it',
      '3:3 reach: foo is not within reach of a method; declare it, or use self, a parameter or a granted capability',
      '4:10 reach: bar is not within reach of a method; declare it, or use self, a parameter or a granted capability',
    ])
    assert.equal(formatReport({ ok: true, violations: [] }), 'ok: the method keeps the covenant')
  })

  it('is told to the seed mind in code and line, or code and name, bounded and none twice', () => {
    assert.deepEqual(reportLines(verdict), ['covenant 2', 'reach foo', 'reach bar'])
    assert.deepEqual(reportLines(verdict, 2), ['covenant 2', 'reach foo'])
    const twice = auditMethod('function f(self) { self.x = 1; self.y = 2 }', { name: 'f', arity: 0 })
    assert.deepEqual(reportLines(twice), ['covenant 1'])
    assert.deepEqual(reportLines(auditMethod('function f(self) {\n  let = ;\n}', { name: 'f', arity: 0 })), [
      'syntax 2',
    ])
  })

  it('names the end of the function when that is the exit', () => {
    const [violation] = auditMethod('function f(self) {\n  self.x = 1;\n}', {
      name: 'f',
      arity: 0,
    }).violations
    assert.match(violation!.message, /end of the function on line 3/)
    assert.equal(violation!.subject, 'self.x')
  })

  it('is in the order of the source and bounded in number', () => {
    const many = `function f(self) {\n${'  self.x = foo;\n'.repeat(200)}}`
    const { violations } = auditMethod(many, { name: 'f', arity: 0 })
    assert.equal(violations.length, MAX_VIOLATIONS)
    const offsets = violations.map((v) => v.line * 1000 + v.column)
    assert.deepEqual(
      offsets,
      offsets.toSorted((a, b) => a - b),
    )
  })
})
