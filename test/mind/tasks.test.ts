// What the readers of the mind's answers take and refuse, where no grammar held the model to it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTasks } from '../../src/mind/tasks.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { code } from './engine-behaviour.ts'

const tasks = makeTasks({
  templates: readTemplates(['summary', 'child', 'thought', 'data', 'proxy']),
  profile: 'full',
})

test('takes data with just the fields of its covenant, each of its kind', () => {
  const { parse } = tasks.data(
    [
      { name: 'title', kind: 'text' },
      { name: 'price', kind: 'number' },
      { name: 'sold', kind: 'flag' },
      { name: 'tags', kind: 'list' },
    ],
    'A lamp, 12, not sold.',
  )
  const good = { title: 'lamp', price: 12, sold: false, tags: ['home'] }
  assert.deepEqual(parse(JSON.stringify(good)), good)
  const { tags: _, ...less } = good
  for (const bad of [
    ...[less, { ...good, colour: 'red' }, { ...good, title: 3 }, { ...good, price: '12' }],
    ...[{ ...good, sold: 'no' }, { ...good, tags: 'home' }, { ...good, tags: [1] }, [good], null],
  ])
    assert.throws(() => parse(JSON.stringify(bad)), code('E_MIND_ANSWER'), JSON.stringify(bad))
})
