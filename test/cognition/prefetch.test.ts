// What is told ahead of a thought's own questions: the real cycle with the seed mind, ended once its first facet has answered.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openWorld } from '../../kernel/genesis.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { runCycle } from '../../src/cognition/cycle.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { makeThink } from '../../src/cognition/think.ts'
import { startEngine } from '../../src/mind/engine.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { freshImage } from '../image/fresh-image.ts'

test('tells which personas a plan names before it asks any of them', async (t) => {
  const engine = startEngine({
    modelPath: join(packageRoot, 'models', 'seed.gguf'),
    ...{ gpu: false, threads: 1 },
  })
  t.after(() => engine.stop())
  const { image, clock } = await freshImage(t)
  const world = await openWorld(image)
  const drafting = makeDrafting({ templates: readTemplates(TEMPLATE_NAMES), profile: 'compact' })
  const mission = {
    ...({ id: 'm1', cycle: 'c1', type: 'unhandled_message', target: image.now().root.oid } as const),
    ...{ receiver: 'root', selector: 'greet_', args: ['Ada'], expected: ['Hello, Ada!'], intent: '' },
    ...{ approve: false, user: 'ada', request: '', parent: '', accepted: clock.now() },
  }
  const order: string[] = []
  const planned: string[] = []
  const enough = new AbortController()
  const think = makeThink((request, options) => {
    order.push(`ask ${request.persona}`)
    return engine.infer(request, options)
  })
  await runCycle(
    mission,
    {
      ...{ image, think, drafting, world, clock, tries: 1 },
      prefetch: (personas) => order.push(`prefetch ${personas.join(' ')}`),
      invoke: () => assert.fail('nothing was to run'),
      approval: () => assert.fail('nobody was to be asked'),
    },
    {
      ...{ signal: enough.signal, limitMs: 600_000 },
      observe: (seen) => {
        if (seen.kind === 'plan') planned.push(...seen.plan.facets.map(({ persona }) => persona))
        if (seen.kind === 'facet') enough.abort(new Error('enough'))
      },
    },
  )
  assert.ok(planned.includes('ROBIN'))
  assert.deepEqual(order.slice(0, 3), ['ask BRICK', `prefetch ${planned.join(' ')}`, `ask ${planned[0]}`])
})
