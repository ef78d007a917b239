import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coloured, plain } from '../../src/console/colour.ts'
import { highlight } from '../../src/console/highlight.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
const withoutColours = (text: string): string => text.replace(/\u001b\[\d+m/g, '')

test('colours keywords, texts, numbers, comments and self, and leaves names that look alike alone', () => {
  const marks = {
    ...plain,
    magenta: (t: string) => `<k ${t}>`,
    green: (t: string) => `<t ${t}>`,
    yellow: (t: string) => `<n ${t}>`,
    dim: (t: string) => `<c ${t}>`,
    blue: (t: string) => `<s ${t}>`,
    cyan: (t: string) => `<f ${t}>`,
  }
  const table = [
    ['return "if"; // no if', '<k return> <t "if">; <c // no if>'],
    ['self.if = 0x1f', '<s self>.if = <n 0x1f>'],
    ['self._p_changed = true', '<s self>.<f _p_changed> = <n true>'],
    ['`a ${b}` + /* x */ returned', '<t `a ${b}`> + <c /* x */> returned'],
    ["'open", "<t 'open>"],
  ] as const
  for (const [source, expected] of table) assert.equal(highlight(source, marks), expected)
})

test('never changes a character of any text', () => {
  const pieces = fc.array(
    fc.constantFrom("'", '"', '`', '\\', '/*', '*/', '//', '\n', 'return', 'self', '.', '1e9', '{', 'é', ' '),
  )
  fc.assert(
    fc.property(pieces, (parts) => withoutColours(highlight(parts.join(''), coloured)) === parts.join('')),
  )
})

test('takes a long hostile text in its stride', () => {
  for (const hostile of ['/*'.repeat(50_000), '"\\'.repeat(50_000), '`'.repeat(99_999)])
    assert.equal(highlight(hostile, plain), hostile)
})
