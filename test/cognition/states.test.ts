import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ref } from '../../src/base/value.ts'
import {
  type Mission,
  missionHash,
  missionOfValue,
  missionText,
  missionToValue,
} from '../../src/cognition/mission.ts'
import { isLegalStep, type StateName, stateNames } from '../../src/cognition/states.ts'
import { faultOf } from '../../src/cognition/trial.ts'
import { answerFaults } from './answer-faults.ts'

const legal: Readonly<Record<StateName, readonly StateName[]>> = {
  IDLE: ['DECOMPOSING', 'FAILED'],
  DECOMPOSING: ['REASONING', 'DELEGATING', 'FAILED'],
  REASONING: ['DELEGATING', 'FAILED'],
  DELEGATING: ['SYNTHESIZING', 'FAILED'],
  SYNTHESIZING: ['VALIDATING', 'FAILED'],
  VALIDATING: ['SYNTHESIZING', 'COMPLETE', 'FAILED'],
  COMPLETE: ['FAILED'],
  FAILED: [],
}

describe('the states of a thought', () => {
  for (const from of stateNames) {
    it(`go from ${from} to ${legal[from].join(', ') || 'nowhere'}, and nowhere else`, () => {
      assert.deepEqual(
        stateNames.filter((to) => isLegalStep(from, to)),
        stateNames.filter((to) => legal[from].includes(to)),
      )
    })
  }
})

const mission: Mission = {
  id: 'm1',
  cycle: 'c1',
  type: 'unhandled_message',
  target: 'obj:7',
  receiver: 'genesis',
  selector: 'add_to_',
  args: [4, new Ref('obj:9')],
  expected: [13],
  approve: false,
  intent: 'the sum',
  user: 'owner',
  request: 'owner/x#1',
  parent: '',
  accepted: 1,
}

describe('a mission', () => {
  it('is the same after it was kept', () =>
    assert.deepEqual(missionOfValue(missionToValue(mission)), mission))
  it('reads as it was typed', () =>
    assert.equal(missionText(mission), 'genesis add: 4 to: obj:9 => 13 # the sum'))
  it('is known by what it asks, not by who asked or when', () => {
    assert.equal(missionHash(mission), missionHash({ ...mission, id: 'm2', user: 'other', accepted: 2 }))
    assert.notEqual(missionHash(mission), missionHash({ ...mission, args: [5, new Ref('obj:9')] }))
  })
})

describe('the fault of an answer', () => {
  for (const { name, invocation, witness, code } of answerFaults) {
    it(`is ${code ?? 'none'} where ${name}`, () => assert.equal(faultOf(invocation, witness)?.code, code))
  }
})
