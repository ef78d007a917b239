import assert from 'node:assert/strict'
import test from 'node:test'
import { isPackDue, packIfDue } from '../../kernel/packing.ts'
import { parseConfig } from '../../src/base/config.ts'
import { freshImage } from '../image/fresh-image.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = Date.UTC(2030, 5, 1)
const retention = { days: 30, revisions: 1, everyHours: 24 }

const cases: readonly (readonly [string, Parameters<typeof isPackDue>, boolean])[] = [
  ['a day more than is to be kept', [{ now, oldest: now - 31 * DAY - 1 }, retention], true],
  ['less than a day more', [{ now, oldest: now - 31 * DAY + 1 }, retention], false],
  [
    'an old past, when it was looked after an hour ago',
    [{ now, oldest: 0, last: now - HOUR }, retention],
    false,
  ],
  ['an old past, when that was a day ago', [{ now, oldest: 0, last: now - DAY }, retention], true],
  [
    'an old past, where it is not wanted',
    [
      { now, oldest: 0 },
      { ...retention, everyHours: 0 },
    ],
    false,
  ],
]

for (const [what, args, expected] of cases) {
  test(`${expected ? 'packs' : 'does not pack'} ${what}`, () => assert.equal(isPackDue(...args), expected))
}

test('packs when nothing else goes on, and is then not due until more has passed', async (t) => {
  const kept = await freshImage(t)
  const oid = await kept.make('genesis', { count: 1 })
  for (const count of [2, 3, 4]) {
    kept.clock.time += DAY
    await kept.commit((transaction) => transaction.get(oid).set('count', count))
  }
  const { image, clock } = kept
  const config = parseConfig('{"retention": {"days": 1, "everyHours": 1}}', 'the settings')
  const pack = async () => (await image.pack({ before: clock.now() - DAY })).moment
  const busy = { ...{ image, clock, config, pack }, isIdle: () => false }
  const idle = { ...busy, isIdle: () => true }
  assert.equal(await packIfDue(busy, undefined), undefined)
  assert.equal(await packIfDue(idle, undefined), 'tx:3')
  assert.equal(await packIfDue(idle, undefined), undefined)
  clock.time += DAY
  assert.equal(await packIfDue(idle, undefined), 'tx:4')
  assert.deepEqual((await image.verify()).faults, [])
})
