import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { type Brief, makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { inputsOf, shownSlots } from '../../src/mind/briefs.ts'
import { parsePlan, planOf } from '../../src/mind/plan.ts'
import { parseTemplate, render } from '../../src/mind/prompts.ts'
import { slotCandidates } from '../../src/mind/slot-candidates.ts'
import { readTemplates } from '../../src/mind/template-files.ts'

const FILE = `---
name: method
version: 2
persona: BRICK
inputs: receiver slots note signature
schema: javascript
---
# compact

## system
Method.

## user
{{receiver}}
{{slots}}
intent: {{note}}

## assistant
{{signature}}

# full

## system
Write it.

## user
{{receiver}} and {{slots}}
`
const parts = {
  receiver: 'genesis',
  slots: 'self.a=1\nself.b=2',
  note: '',
  signature: 'function f_(self) {\n',
}
const coded = (code: string) => (thrown: unknown) => thrown instanceof BatError && thrown.code === code

test('fills a template, drops lines whose placeholders are empty, keeps the start of the answer apart', () => {
  const template = parseTemplate(FILE)
  assert.deepEqual(render(template, 'compact', parts), {
    messages: [
      { role: 'system', content: 'Method.' },
      { role: 'user', content: 'genesis\nself.a=1\nself.b=2' },
    ],
    prefill: 'function f_(self) {\n',
  })
  const full = render(template, 'full', { ...parts, slots: '{{note}} $& $1' })
  assert.equal(full.messages[1]!.content, 'genesis and {{note}} $& $1')
  assert.equal(full.prefill, '')
})

test('refuses templates that are not as they should be', () => {
  for (const broken of [
    FILE.slice(4),
    FILE.replace('version: 2', 'version: two'),
    FILE.replace('schema: javascript', 'schema: poem'),
    FILE.replace('name: method', 'name: method\ncolor: red'),
    FILE.replace('# full', '# other'),
    FILE.replace('inputs: receiver', 'inputs: '),
    FILE.replace('## system\nWrite it.', '## oracle\nWrite it.'),
  ])
    assert.throws(() => parseTemplate(broken), coded('E_TEMPLATE'), broken)
  const { note: _, ...rest } = parts
  assert.throws(() => render(parseTemplate(FILE), 'compact', rest), coded('E_TEMPLATE'))
})

const brief: Brief = {
  receiver: 'genesis',
  slots: [
    { name: 'count', value: 3 },
    { name: 'owner', value: 'Ada' },
  ],
  selector: 'increment_by_',
  args: [2],
  expected: 5,
}

test('asks in the compact language that the seed mind was trained in', () => {
  const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'compact' })
  const user = 'genesis\nn self.count=3\nt self.owner="Ada"\nincrement_by: 2 => 5'
  const plan = drafting.plan(brief)
  assert.deepEqual(
    plan.request.messages.map(({ content }) => content),
    ['Plan.', user],
  )
  assert.equal(plan.parse(planOf('increment_by_', false)).facets[1]!.facet, 'effects')

  const facet = drafting.facet(brief, { persona: 'BRICK', facet: 'purpose', query: 'increment by' })
  assert.deepEqual(
    facet.request.messages.map(({ content }) => content),
    ['BRICK purpose.', `${user}\nquery increment by`],
  )
  assert.equal(facet.parse('add a to count'), 'add a to count')
  assert.throws(() => facet.parse(''), coded('E_PLAN'))

  const answers = [{ facet: 'purpose', answer: 'add a to count' }]
  const first = drafting.method({ ...brief, intent: 'add the\n number' }, { answers, attempt: 0 })
  assert.equal(first.request.messages[1]!.content, `${user}\nnote add the number`)
  const full = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'full' })
  assert.match(full.method(brief, { answers, attempt: 0 }).request.messages[1]!.content, /add a to count/)
  assert.equal(first.request.temperature, 0)
  assert.equal(first.parse('  return a;\n}'), 'function increment_by_(self, a) {\n  return a;\n}')
  const later = drafting.method(brief, { answers: [], attempt: 2 })
  assert.ok(later.request.temperature > 0 && later.request.seed !== first.request.seed)

  const draft = {
    source: 'function increment_by_(self, a) {\n  self.count += a;\n}',
    report: ['covenant 2'],
    attempt: 1,
  }
  const repair = drafting.repair(brief, draft)
  assert.deepEqual(
    repair.request.messages.map(({ content }) => content),
    ['Repair.', `${user}\nbad\n  self.count += a;\n}\nreport covenant 2`],
  )
})

test('explains everything to a large model and leaves the whole function to it', () => {
  const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'full' })
  const { request, parse } = drafting.method(brief, { answers: [], attempt: 0 })
  assert.match(request.messages[0]!.content, /self\._p_changed = true/)
  assert.match(request.messages[1]!.content, /function increment_by_ with the parameters \(self, a\)/)
  assert.equal(request.prefill, '')
  assert.equal(
    parse('function increment_by_(self, a) {\n  return a;\n}'),
    'function increment_by_(self, a) {\n  return a;\n}',
  )
  for (const ask of [
    drafting.plan(brief),
    drafting.facet(brief, { persona: 'ROBIN', facet: 'voice', query: 'increment by' }),
    drafting.repair(brief, { source: 'function x() {}', report: ['shape 1'], attempt: 1 }),
  ])
    for (const { content } of ask.request.messages) assert.doesNotMatch(content, /\{\{|\}\}/)
})

test('lets a small mind draft eight times, a large one three', () => {
  const templates = readTemplates(TEMPLATE_NAMES)
  const tries = (['compact', 'full'] as const).map((profile) => makeDrafting({ templates, profile }).tries)
  assert.deepEqual(tries, [8, 3])
})

test('mends every other draft, and a wrong answer only with a large model', () => {
  const templates = readTemplates(TEMPLATE_NAMES)
  const [compact, full] = [
    makeDrafting({ templates, profile: 'compact' }),
    makeDrafting({ templates, profile: 'full' }),
  ]
  const refused = (line: string) => ({ refusal: { by: 'guardian' as const, report: [line] } })
  assert.equal(compact.shouldRepair([]), false)
  assert.equal(compact.shouldRepair([refused('covenant 2')]), true)
  assert.equal(compact.shouldRepair([refused('covenant 2'), refused('covenant 2')]), false)
  assert.equal(compact.shouldRepair([refused('answer 7 not 8')]), false)
  assert.equal(full.shouldRepair([refused('answer 7 not 8')]), true)
})

test('shows at most six slots, those first that the message names, and cuts long values', () => {
  const slots = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`slot${i}`, i]))
  const long = {
    receiver: 'box',
    slots: { ...slots, high_score: 'x'.repeat(200) },
    selector: 'raise_high_score',
    args: [],
  }
  const shown = shownSlots(long).map(([name]) => name)
  assert.equal(shown.length, 6)
  assert.ok(shown.includes('high_score'))
  assert.ok(
    inputsOf(long)
      .slots.split('\n')
      .every((line) => line.length <= 60 + 'self.high_score='.length),
  )
})

test('names the slots that a message could mean', () => {
  const names = slotCandidates({
    receiver: 'box',
    slots: { size: 1 },
    selector: 'increment_high_score',
    args: [],
    intent: 'count the points.',
  })
  for (const name of ['size', 'score', 'high_score', 'highScore', 'points'])
    assert.ok(names.includes(name), name)
  for (const name of names) assert.match(name, /^[A-Za-z]\w*$/)
})

test('refuses plans that ask for what is not there', () => {
  const facets = { BRICK: ['purpose'] }
  assert.throws(() => parsePlan('{', facets), coded('E_PLAN'))
  assert.throws(() => parsePlan('{"memory":false}', facets), coded('E_PLAN'))
  assert.throws(() => parsePlan(planOf('greet_', true), facets), coded('E_PLAN'))
  const twice = `{"memory":false,"artifact":"method","facets":[${Array(2).fill('{"persona":"BRICK","facet":"purpose","query":"x"}').join(',')}]}`
  assert.equal(parsePlan(twice, facets).facets.length, 1)
})
