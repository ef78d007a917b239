import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getLlama } from 'node-llama-cpp'
import { drawChoices } from '../../scripts/seed/documents.ts'
import { METHODS } from '../../scripts/seed/families/all.ts'
import { makeRandom } from '../../scripts/seed/random.ts'
import { sample } from '../../scripts/seed/sample.ts'
import { parametersOf } from '../../src/mind/briefs.ts'
import { matchGbnf, parseGbnf } from '../../src/mind/gbnf-matcher.ts'
import { lineGrammar, methodGrammar, planGrammar, scriptGrammar } from '../../src/mind/grammar.ts'
import { planOf } from '../../src/mind/plan.ts'
import { messageCandidates, slotCandidates, slotKinds } from '../../src/mind/slot-candidates.ts'
import {
  childGrammar,
  dataGrammar,
  proxyGrammar,
  summaryGrammar,
  thoughtGrammar,
} from '../../src/mind/task-grammars.ts'

const COVENANT = [
  { name: 'title', kind: 'text' },
  { name: 'price', kind: 'number' },
  { name: 'sold', kind: 'flag' },
  { name: 'tags', kind: 'list' },
] as const
const FACETS = { BRICK: ['purpose', 'effects'], ROBIN: ['voice'] }

const assertMatches = (grammar: string, text: string) => {
  const { ok, furthest } = matchGbnf(parseGbnf(grammar), text)
  assert.ok(ok, `stops before ${JSON.stringify(text.slice(furthest))} in\n${text}`)
}
const assertRefuses = (grammar: string, text: string) =>
  assert.equal(matchGbnf(parseGbnf(grammar), text).ok, false, text)

test('llama.cpp accepts every grammar', async () => {
  const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false })
  const grammars = [
    methodGrammar({ slots: ['count', 'high_score'], parameters: ['a', 'b'] }),
    methodGrammar({ slots: [], parameters: [] }),
    methodGrammar({
      slots: ['n', 't', 'l', 'm', 'f', 'o'],
      parameters: ['a'],
      kinds: { n: 'number', t: 'text', l: 'list', m: 'map', f: 'flag', o: 'any' },
      sends: ['toggle', 'add_'],
    }),
    scriptGrammar('add_to_', ['a', 'b']),
    planGrammar(FACETS),
    lineGrammar(),
    summaryGrammar(),
    childGrammar(12),
    thoughtGrammar(),
    dataGrammar(COVENANT),
    dataGrammar([]),
    proxyGrammar(),
  ]
  for (const grammar of grammars) await llama.createGrammar({ grammar })
  await llama.dispose()
})

test("says every family's body under the grammar of its own prompt", () => {
  const random = makeRandom(7)
  for (const spec of METHODS) {
    for (let i = 0; i < 3; i++) {
      const of = sample(random, spec, drawChoices(random, spec, 'heldout'))
      if (of === undefined) continue
      const parameters = parametersOf(of.brief.args.length)
      assertMatches(
        methodGrammar({
          slots: slotCandidates(of.brief),
          kinds: slotKinds(of.brief),
          sends: messageCandidates(of.brief),
          parameters,
        }),
        of.body,
      )
      const signature = `function ${of.brief.selector}(${['self', ...parameters].join(', ')}) {\n`
      assertMatches(scriptGrammar(of.brief.selector, parameters), signature + of.body)
    }
  }
})

test('says more than the families do, and refuses what is foreign to the prompt', () => {
  const grammar = methodGrammar({ slots: ['items', 'total'], parameters: ['a'] })
  const bodies = [
    '  for (const x of self.items) {\n    if (x > a) {\n      self.total += x;\n      self._p_changed = true;\n    } else {\n      continue;\n    }\n  }\n  return self.total;\n}',
    '  const result = {};\n  for (const [x, y] of Object.entries(a)) result[y] = x;\n  return result;\n}',
    '  return { "name": a, total: self.total ?? 0, ...self.items[0] };\n}',
    '  self.items.splice(a, 1);\n  self.total--;\n  self._p_changed = true;\n  return [...self.items].map((x, y) => [x, y]);\n}',
  ]
  for (const body of bodies) assertMatches(grammar, body)
  for (const body of [
    '  return self.secret;\n}',
    '  return b;\n}',
    '  return process.env;\n}',
    '  return eval("1");\n}',
    '  return a.constructor;\n}',
    '  return "open;\n}',
    '  return a;',
    '  self._p_changed = false;\n}',
    '  return a;\n}\nreturn',
  ])
    assertRefuses(grammar, body)
})

test('lets a large model await messages, and keeps brackets and texts closed', () => {
  const grammar = scriptGrammar('tell_to_', ['a', 'b'])
  assertMatches(
    grammar,
    "async function tell_to_(self, a, b) {\n  // a comment\n  const text = `${a} / ${b}`.replace(/[aeiou]+/g, '');\n  return await self.send_('it\\'s', { text, list: [1, 2] });\n}",
  )
  for (const text of [
    'function other_(self, a, b) {\n  return 1;\n}',
    'function tell_to_(self, a, b) {\n  return (1;\n}',
    'function tell_to_(self, a, b) {\n  return "1;\n}',
    'function tell_to_(self, a, b) {\n  return 1;\n}\n}',
  ])
    assertRefuses(grammar, text)
})

test('says plans of known facets and lines of plain text', () => {
  assertMatches(planGrammar(FACETS), planOf('increment_by_', false))
  assertMatches(planGrammar(FACETS), planOf('greet_', true))
  assertRefuses(planGrammar(FACETS), planOf('greet_', true).replace('ROBIN', 'BRICK'))
  assertRefuses(planGrammar(FACETS), '{"memory":false,"artifact":"method","facets":[]}')
  assertMatches(lineGrammar(), 'Hello, a!')
  assertRefuses(lineGrammar(), '')
  assertRefuses(lineGrammar(), 'two\nlines')
  assertRefuses(lineGrammar(), 'x'.repeat(61))
})

test('says just the fields of a covenant, and an empty object where it has none', () => {
  const given = '{"title":"Tea","price":3.5,"sold":false,"tags":["hot","new"]}'
  assertMatches(dataGrammar(COVENANT), given)
  assertRefuses(dataGrammar(COVENANT), '{}')
  assertMatches(dataGrammar([]), '{}')
  for (const text of ['}', '', given]) assertRefuses(dataGrammar([]), text)
})
