// What a person is told when a thought comes to nothing: the real cycle with the seed mind, whose answers are cut off.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { openWorld } from '../../kernel/genesis.ts'
import type { BatError } from '../../src/base/errors.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { runCycle } from '../../src/cognition/cycle.ts'
import { makeDrafting, TEMPLATE_NAMES } from '../../src/cognition/drafting.ts'
import { makeInvoke } from '../../src/cognition/invoke.ts'
import { makeThink } from '../../src/cognition/think.ts'
import { whatHelps } from '../../src/cognition/what-helps.ts'
import { type Engine, startEngine } from '../../src/mind/engine.ts'
import type { InferRequest } from '../../src/mind/engine-messages.ts'
import { readTemplates } from '../../src/mind/template-files.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { freshImage } from '../image/fresh-image.ts'

const example = 'give an example of the answer after the message: `=> value`'
const intent = 'say what it should do: `# in your own words`'
const larger = {
  compact: 'a larger model may manage, and batos model pull llama-3.1-8b --use fetches one',
  full: 'a larger model may manage, and batos model list shows those there are',
}

describe('what helps when a thought fails', () => {
  for (const profile of ['compact', 'full'] as const)
    for (const [said, given, lines] of [
      ['nothing more', { expected: [], intent: '' }, [example, intent]],
      ['an intent', { expected: [], intent: 'the sum' }, [example, larger[profile]]],
      ['an example', { expected: [null], intent: '' }, [intent, larger[profile]]],
      ['both', { expected: [3], intent: 'the sum' }, [larger[profile]]],
    ] as const)
      it(`is, with a ${profile} model, after ${said}: ${lines.join('; or ')}`, () =>
        assert.equal(whatHelps(given, profile), lines.join('; or ')))
})

describe('a thought that comes to nothing, of a message with neither example nor intent', () => {
  const templates = readTemplates(TEMPLATE_NAMES)
  let engine: Engine
  let sandbox: Sandbox
  before(async () => {
    engine = startEngine({ modelPath: join(packageRoot, 'models', 'seed.gguf'), gpu: false, threads: 1 })
    sandbox = await startSandbox({})
  })
  after(async () => {
    await engine.stop()
    await sandbox.stop()
  })

  /** How it ends when the answers of requests that `cut` picks come without their end, within `limitMs`. */
  async function failureWhen(
    test: TestContext,
    cut: (request: InferRequest) => boolean,
    limitMs = 600_000,
  ): Promise<BatError> {
    const { image, clock } = await freshImage(test)
    const world = await openWorld(image)
    const drafting = makeDrafting({ templates, profile: 'compact' })
    const allocate = (count: number) => image.allocate(count)
    const mission = {
      ...({ id: 'm1', cycle: 'c1', type: 'unhandled_message', target: image.now().root.oid } as const),
      ...{ receiver: 'root', selector: 'greet_', args: ['Ada'], expected: [], intent: '', approve: false },
      ...{ user: 'ada', request: '', parent: '', accepted: clock.now() },
    }
    const think = makeThink(async (request, options) => {
      const result = await engine.infer(request, options)
      return cut(request) ? { ...result, text: result.text.slice(0, 4) } : result
    })
    const ended = await runCycle(
      mission,
      {
        ...{ image, think, drafting, world, clock, tries: 2, prefetch: () => {} },
        invoke: makeInvoke({ sandbox, allocate, clock, frozen: world.frozen }),
        approval: () => assert.fail('nobody was to be asked'),
      },
      { signal: AbortSignal.timeout(limitMs), limitMs, observe: () => {} },
    )
    assert.ok(ended.kind === 'failed')
    return ended.error
  }
  const told = ({ code, remedy }: BatError) => [code, remedy]
  const isCode = ({ prefill = '' }: InferRequest) => prefill.startsWith('function')

  it('asks for one of them when no draft passed', async (t) =>
    assert.deepEqual(told(await failureWhen(t, isCode)), ['E_NOT_WRITTEN', `${example}; or ${intent}`]))

  it('asks for one of them when the plan cannot be used', async (t) =>
    assert.deepEqual(told(await failureWhen(t, (request) => !isCode(request))), [
      'E_PLAN',
      `${example}; or ${intent}`,
    ]))

  it('asks for one of them when it takes too long, and says how long that was', async (t) => {
    const error = await failureWhen(t, () => false, 1)
    assert.deepEqual(told(error), ['E_CYCLE_TIMEOUT', `${example}; or ${intent}`])
    assert.equal(error.message, 'the cycle took longer than 1 ms')
  })
})
