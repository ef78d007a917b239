import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { undo } from '../../kernel/commands/undo.ts'
import { type Expert, expertsIn, putExpert, servingIn } from '../../kernel/experts.ts'
import { settleExpert } from '../../kernel/gate.ts'
import { openWorld } from '../../kernel/genesis.ts'
import { Probation } from '../../kernel/probation.ts'
import { tallyIn, tallyOf } from '../../kernel/tallies.ts'
import { BatError } from '../../src/base/errors.ts'
import { openLog } from '../../src/base/log.ts'
import type { PlainObject } from '../../src/base/value.ts'
import type { CycleOutcome } from '../../src/cognition/cycle.ts'
import type { Observation } from '../../src/cognition/observation.ts'
import { probationLimits } from '../../src/forge/probation.ts'
import { freshFolder, freshImage } from '../image/fresh-image.ts'

const model = 'm'.repeat(64)
const call = (persona: string, adapter?: string): Observation => ({
  kind: 'call',
  request: { messages: [], persona, maxTokens: 1, temperature: 0, seed: 1 },
  result: {
    ...{
      text: '',
      tokensIn: 1,
      tokensOut: 1,
      tokensReused: 0,
      durationMs: 1,
      firstTokenMs: 1,
      seed: 1,
      model,
    },
    ...(adapter === undefined ? {} : { adapter }),
    stopReason: 'eog',
  },
})
const complete = { kind: 'complete' } as CycleOutcome
const failed = (
  code: 'E_NOT_WRITTEN' | 'E_CANCELLED' | 'E_ENGINE_LOST' | 'E_CYCLE_TIMEOUT',
): CycleOutcome => ({
  ...{ kind: 'failed', error: new BatError(code), state: 'SYNTHESIZING' },
})

/** An image with BRICK's expert `one` at work, and what counts its missions. */
async function onProbation(context: TestContext, missions = 20) {
  const { image, clock } = await freshImage(context)
  const world = await openWorld(image)
  const folder = await freshFolder(context)
  const log = openLog('fatal', 2)
  const limits = { ...probationLimits, missions }
  const probation = new Probation({ image, clock, log, limits })
  const expertOf = async (name: string): Promise<Expert> => {
    const file = join(folder, name)
    writeFileSync(file, name)
    const { value } = await image.transact({ user: 'ada' }, async (transaction) => {
      const expert = {
        ...{ persona: 'BRICK', name: `BRICK_${name}`, base: model, rank: 2, alpha: 2 },
        ...{ blob: await transaction.importBlob({ file }), source: name, added: clock.now(), provenance: {} },
      }
      putExpert(transaction, expert)
      return expert
    })
    return value
  }
  const letIn = (expert: Expert, by = 'gate', figures: PlainObject = {}) => {
    const verdict = {
      passed: true,
      by,
      reason: 'it is better',
      time: clock.now(),
      report: { serving: servingIn(image.now(), 'BRICK')?.name ?? '', ...figures },
    }
    return settleExpert(image, expert, { verdict, user: 'ada' })
  }
  const one = await expertOf('one')
  /** A mission in which BRICK and ROBIN were asked. */
  const mission = (adapter: string | undefined, drafts: number, ended = complete) => {
    const follower = probation.follow()
    follower.observe(call('ROBIN'))
    for (let attempt = 1; attempt <= drafts; attempt++) {
      follower.observe(call('BRICK', adapter))
      follower.observe({ kind: 'draft', attempt, source: '' })
    }
    follower.ended(ended)
  }
  const serving = () => servingIn(image.now(), 'BRICK')?.name
  const verdictOn = (name: string) =>
    expertsIn(image.now()).find((each) => each.name === `BRICK_${name}`)?.verdict
  return { image, world, probation, expertOf, letIn, one, mission, serving, verdictOn }
}

test('counts missions by model and adapter, those that ended by no fault of the mind left out', async (t) => {
  const { image, probation, one, mission } = await onProbation(t)
  for (const drafts of [1, 1, 3]) mission(undefined, drafts)
  mission(undefined, 1, failed('E_CANCELLED'))
  mission(undefined, 1, failed('E_ENGINE_LOST'))
  mission(one.blob.sha256, 8, failed('E_NOT_WRITTEN'))
  await probation.settled()
  const tally = (persona: string, adapter: string) => tallyIn(image.now(), `${persona} ${model} ${adapter}`)
  assert.deepEqual(tally('BRICK', '-'), { asked: 3, right: 2 })
  assert.deepEqual(tally('ROBIN', '-'), { asked: 4, right: 2 })
  assert.deepEqual(tally('BRICK', one.blob.sha256), { asked: 1, right: 0 })
  const served = { persona: 'BRICK', adapter: one.blob.sha256 }
  assert.deepEqual(tallyOf(image.now(), served), { asked: 1, right: 0 })
})

test('counts a mission that ran into its limit, unless it was a person who let it wait', async (t) => {
  const { image, probation, one, mission } = await onProbation(t)
  const late = failed('E_CYCLE_TIMEOUT')
  mission(one.blob.sha256, 2, late)
  const waiting = probation.follow()
  for (const seen of [call('BRICK', one.blob.sha256), { kind: 'draft', attempt: 1, source: '' }] as const)
    waiting.observe(seen)
  waiting.observe({ kind: 'proposal', attempt: 1, source: '' })
  waiting.observe({ kind: 'state', from: 'VALIDATING', to: 'FAILED' })
  waiting.ended(late)
  const answered = probation.follow()
  answered.observe(call('BRICK', one.blob.sha256))
  answered.observe({ kind: 'proposal', attempt: 1, source: '' })
  answered.observe({ kind: 'state', from: 'VALIDATING', to: 'SYNTHESIZING' })
  answered.observe({ kind: 'state', from: 'SYNTHESIZING', to: 'FAILED' })
  answered.ended(late)
  await probation.settled()
  assert.deepEqual(tallyOf(image.now(), { persona: 'BRICK', adapter: one.blob.sha256 }), {
    ...{ asked: 2, right: 0 },
  })
})

test('returns to what served before when an expert does worse than that did on the suite, where it was asked nothing', async (t) => {
  const { probation, one, letIn, mission, serving, verdictOn } = await onProbation(t)
  const regression = { asked: 100, serving: 95, candidate: 95, gained: 0, lost: 0, points: 0 }
  await letIn(one, 'gate', { regression })
  for (let i = 0; i < 4; i++) mission(one.blob.sha256, 8, failed('E_CYCLE_TIMEOUT'))
  await probation.settled()
  assert.equal(serving(), undefined)
  assert.match(
    verdictOn('one')!.reason,
    /0 of \d first drafts right, 95 of 100 of the regression suite before/,
  )
})

test('returns to what served before when an expert does worse; history tells, and undo takes it back', async (t) => {
  const { image, world, probation, one, letIn, mission, serving, verdictOn } = await onProbation(t)
  for (let i = 0; i < 20; i++) mission(undefined, 1)
  await letIn(one)
  assert.equal(serving(), 'BRICK_one')
  for (let i = 0; i < 3; i++) mission(one.blob.sha256, 2)
  await probation.settled()
  assert.equal(serving(), undefined)
  const verdict = verdictOn('one')
  assert.deepEqual([verdict?.passed, verdict?.by, verdict?.report], [false, 'probation', { serving: '' }])
  assert.match(verdict!.reason, /worse under live traffic: 0 of \d first drafts right, 20 of 20 before/)
  const told = [...image.transactions({ reverse: true })].find(({ meta }) => meta.kind === 'expert')
  assert.match(told!.description, /BRICK goes back from BRICK_one to the model as it is: worse/)
  for (let i = 0; i < 8; i++) mission(undefined, 1)
  await probation.settled()
  const options = { tids: [told!.tid], keep: [] }
  await undo({ image, world, user: 'ada' }, { options } as never)
  assert.equal(serving(), 'BRICK_one')
})

test('returns to the expert before, which then begins with what was counted of it', async (t) => {
  const { probation, one, expertOf, letIn, mission, serving } = await onProbation(t)
  await letIn(one)
  for (let i = 0; i < 20; i++) mission(one.blob.sha256, 1)
  await probation.settled()
  const two = await expertOf('two')
  await letIn(two)
  for (let i = 0; i < 5; i++) mission(two.blob.sha256, 4)
  await probation.settled()
  assert.equal(serving(), 'BRICK_one')
  // It has passed its probation: one bad mission more changes nothing.
  for (let i = 0; i < 5; i++) mission(one.blob.sha256, 4)
  await probation.settled()
  assert.equal(serving(), 'BRICK_one')
})

test('keeps an expert that does as well as what served before', async (t) => {
  const { image, probation, one, letIn, mission, serving } = await onProbation(t)
  for (let i = 0; i < 10; i++) mission(undefined, i % 2 === 0 ? 1 : 2)
  await letIn(one)
  for (let i = 0; i < 20; i++) mission(one.blob.sha256, i % 2 === 0 ? 1 : 2)
  await probation.settled()
  assert.equal(serving(), 'BRICK_one')
  assert.deepEqual(tallyIn(image.now(), `BRICK ${model} ${one.blob.sha256}`), {
    ...{ asked: 20, right: 10, course: 'active' },
  })
})

test('keeps no verdict on what was changed meanwhile', async (t) => {
  const { image, one, expertOf, letIn, serving } = await onProbation(t)
  await letIn(one)
  const two = await expertOf('two')
  const verdict = { passed: true, by: 'gate', reason: '', time: 0, report: { serving: '' } }
  const settled = settleExpert(image, two, { verdict, user: 'ada' })
  await assert.rejects(settled, { code: 'E_GATE_STALE' })
  const other = { ...two, name: one.name }
  const kept = settleExpert(image, other, { verdict: { ...verdict, passed: false }, user: 'ada' })
  await assert.rejects(kept, { code: 'E_GATE_STALE' })
  assert.equal(serving(), 'BRICK_one')
})

test('lets an expert that its owner chose do as badly as it does', async (t) => {
  const { probation, one, letIn, mission, serving } = await onProbation(t)
  for (let i = 0; i < 20; i++) mission(undefined, 1)
  await letIn(one, 'owner')
  for (let i = 0; i < 20; i++) mission(one.blob.sha256, 8)
  await probation.settled()
  assert.equal(serving(), 'BRICK_one')
})

test('withdraws an expert that ended the inference process', async (t) => {
  const { probation, one, letIn, serving, verdictOn } = await onProbation(t)
  await letIn(one)
  probation.shunned('f'.repeat(64), 'another one')
  await probation.settled()
  assert.equal(serving(), 'BRICK_one')
  probation.shunned(one.blob.sha256, 'it ended the process 3 times')
  await probation.settled()
  assert.equal(serving(), undefined)
  assert.deepEqual(
    [verdictOn('one')?.by, verdictOn('one')?.reason],
    ['engine', 'it ended the process 3 times'],
  )
})

test('lets the one who let an expert in take it back, on probation and after it', async (t) => {
  const { image, world, probation, one, letIn, mission, serving, verdictOn } = await onProbation(t)
  const takeBack = () => undo({ image, world, user: 'ada' }, { options: { tids: [], keep: [] } } as never)
  await letIn(one)
  mission(one.blob.sha256, 1)
  await probation.settled()
  await takeBack()
  assert.equal(serving(), undefined)
  assert.equal(verdictOn('one'), undefined)
  await letIn(one)
  for (let i = 0; i < 20; i++) mission(one.blob.sha256, 1)
  await probation.settled()
  await takeBack()
  assert.equal(serving(), undefined)
})
