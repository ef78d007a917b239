import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oidOf } from '../../src/base/ids.ts'
import { Ref } from '../../src/base/value.ts'
import { namedObjects } from '../../src/cognition/brief.ts'

const lamp = new Ref(oidOf(7))

test('tells of the objects that a message or an intent names, and of no others', () => {
  const slots = [
    ['lamp', lamp],
    ['deskLamp', lamp],
    ['lamps', [1]],
    ['lamp*', lamp],
    ['_lamp', lamp],
    ['owner', lamp],
  ] as const
  const names = (text: string) => namedObjects(slots, text).map(({ name }) => name)
  assert.deepEqual(names('toggle lamp'), ['lamp'])
  assert.deepEqual(names('toggle  Ask the desk lamp, please'), ['lamp', 'deskLamp'])
  assert.deepEqual(names('clamp ownership'), [])
})
