import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Effect,
  type Happening,
  IDLE,
  next,
  SETTINGS,
  type Supervisor,
} from '../../steward/supervisor.ts'

type Short =
  | 'begin'
  | 'answered'
  | 'missed'
  | 'due'
  | 'stop'
  | 'overdue'
  | { readonly code?: number; readonly signal?: string }

/** Runs what happens (each with the milliseconds since the one before) from idle. */
function run(...happenings: readonly (readonly [ms: number, what: Short])[]) {
  let now = 1000
  let state: Supervisor = IDLE
  let effects: readonly Effect[] = []
  for (const [ms, what] of happenings) {
    now += ms
    const happening: Happening =
      typeof what === 'string'
        ? { kind: what, now }
        : { kind: 'exited', now, code: what.code ?? null, signal: what.signal ?? null, random: 0.5 }
    ;({ state, effects } = next(state, happening, SETTINGS))
  }
  return { state, effects, phase: state.phase }
}
const crash = { code: 1 }
const killed = { signal: 'SIGKILL' }
const missed = (count: number) => Array.from({ length: count }, () => [2000, 'missed'] as const)

test('starts, is up with the first answer, and says so once', () => {
  assert.deepEqual(run([0, 'begin']).effects, [{ kind: 'spawn' }])
  const up = run([0, 'begin'], [100, 'answered'])
  assert.deepEqual([up.phase, up.effects], ['up', [{ kind: 'ready' }]])
  assert.deepEqual(run([0, 'begin'], [100, 'answered'], [100, 'answered']).effects, [])
})

test('waits twice as long with each death in a row, at most eight seconds', () => {
  const waits: number[] = []
  const past: (readonly [number, Short])[] = [[0, 'begin']]
  for (let death = 1; death < SETTINGS.deaths; death++) {
    past.push([10, crash])
    const [effect] = run(...past).effects
    if (effect?.kind === 'wait') waits.push(effect.ms)
    past.push([10, 'due'])
  }
  assert.deepEqual(waits, [100, 200, 400, 800, 1600, 3200, 6400])
  const last = run(...past, [10, crash])
  assert.equal(last.phase, 'given-up')
  assert.match(last.state.reason ?? '', /8 deaths in a row; the last: it exited with code 1/)
  assert.deepEqual(last.effects, [])
})

test('spreads the wait by the random number it is given', () => {
  const starting: Supervisor = { ...IDLE, phase: 'starting' }
  const waits = [0, 0.5, 1].map((random) => {
    const { effects } = next(starting, { kind: 'exited', now: 5, code: 1, signal: null, random }, SETTINGS)
    return effects[0]?.kind === 'wait' ? effects[0].ms : undefined
  })
  assert.deepEqual(waits, [50, 100, 150])
})

test('forgets earlier deaths when the kernel has been healthy for a while', () => {
  const again = run([0, 'begin'], [9, crash], [9, 'due'], [9, crash], [9, 'due'], [9, 'answered'])
  assert.equal(again.state.deaths, 2)
  const healthy = run(
    [0, 'begin'],
    [9, crash],
    [9, 'due'],
    [9, crash],
    [9, 'due'],
    [9, 'answered'],
    [SETTINGS.healthyMs, 'answered'],
    [0, killed],
  )
  assert.deepEqual([healthy.state.deaths, healthy.phase, healthy.state.restarts], [1, 'backing-off', 2])
  assert.match(healthy.state.reason ?? '', /SIGKILL/)
})

test('kills a kernel that leaves several pings in a row unanswered, and tells that as the reason', () => {
  const patient = run([0, 'begin'], [0, 'answered'], ...missed(3), [9, 'answered'], ...missed(3))
  assert.deepEqual([patient.phase, patient.effects, patient.state.misses], ['up', [], 3])
  const hung = run([0, 'begin'], [0, 'answered'], ...missed(4))
  assert.deepEqual(hung.effects, [{ kind: 'kill' }])
  const dead = run([0, 'begin'], [0, 'answered'], ...missed(4), [9, killed])
  assert.equal(dead.phase, 'backing-off')
  assert.match(dead.state.reason ?? '', /4 pings/)
})

test('kills a kernel that never comes up', () => {
  const slow = run([0, 'begin'], [SETTINGS.startMs - 1, 'missed'])
  assert.deepEqual(slow.effects, [])
  const late = run([0, 'begin'], [SETTINGS.startMs, 'missed'])
  assert.deepEqual(late.effects, [{ kind: 'kill' }])
})

test('does not start again what would fail again', () => {
  for (const code of [2, 69, 73, 77, 78]) {
    const final = run([0, 'begin'], [9, { code }])
    assert.deepEqual([final.phase, final.state.exitCode, final.effects], ['given-up', code, []])
  }
  for (const code of [1, 70, 75, 137]) assert.equal(run([0, 'begin'], [9, { code }]).phase, 'backing-off')
})

test('ends with a kernel that a client asked to shut down', () => {
  assert.equal(run([0, 'begin'], [0, 'answered'], [9, { code: 0 }]).phase, 'stopped')
})

test('stops with SIGTERM and a deadline, then SIGKILL', () => {
  const stopping = run([0, 'begin'], [0, 'answered'], [9, 'stop'])
  assert.deepEqual(stopping.effects, [{ kind: 'terminate' }, { kind: 'deadline', ms: 60_000 }])
  assert.deepEqual(run([0, 'begin'], [0, 'stop'], [60_000, 'overdue']).effects, [{ kind: 'kill' }])
  assert.equal(run([0, 'begin'], [0, 'stop'], [60_000, 'overdue'], [1, killed]).phase, 'stopped')
  assert.equal(run([0, 'begin'], [0, 'stop'], [1, { code: 78 }]).phase, 'stopped')
  assert.equal(run([0, 'begin'], [9, crash], [0, 'stop']).phase, 'stopped')
  assert.equal(run([0, 'stop']).phase, 'stopped')
})

test('changes nothing by what comes too late or twice', () => {
  const gone = [
    [0, 'begin'],
    [9, { code: 78 }],
  ] as const
  for (const what of ['begin', 'answered', 'missed', 'due', 'stop', 'overdue', crash] as const)
    assert.deepEqual(run(...gone, [1, what]).state, run(...gone).state)
  assert.deepEqual(run([0, 'begin'], [0, 'stop'], [1, 'stop']).effects, [])
  assert.deepEqual(run([0, 'begin'], [0, 'stop'], [1, 'missed'], [1, 'due']).effects, [])
})
