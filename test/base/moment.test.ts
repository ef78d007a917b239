import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentOf } from '../../src/base/moment.ts'

const now = new Date(2026, 2, 15, 12, 30).getTime()
const local = (...parts: [number, number, number, number?, number?, number?]) =>
  new Date(parts[0], parts[1] - 1, parts[2], parts[3] ?? 0, parts[4] ?? 0, parts[5] ?? 0).getTime()

test('a moment is typed as a transaction, a time ago, a day, a time of day, or both', () => {
  const table: readonly (readonly [string, string | number])[] = [
    ['tx:12', 'tx:12'],
    ['12', 'tx:12'],
    ['now', now],
    ['90s', now - 90_000],
    ['2h', now - 7_200_000],
    ['1.5h ago', now - 5_400_000],
    ['3d', now - 3 * 86_400_000],
    ['10 min', now - 600_000],
    ['today', local(2026, 3, 15)],
    ['Yesterday', local(2026, 3, 14)],
    ['9:05', local(2026, 3, 15, 9, 5)],
    ['2026-03-01', local(2026, 3, 1)],
    ['2026-03-01 14:05', local(2026, 3, 1, 14, 5)],
    ['2026-03-01 9:05:10', local(2026, 3, 1, 9, 5, 10)],
    ['2026-03-01T14:05:09Z', Date.UTC(2026, 2, 1, 14, 5, 9)],
    ['2026-03-01T14:05+01:00', Date.UTC(2026, 2, 1, 13, 5)],
  ]
  for (const [typed, moment] of table) assert.equal(momentOf(typed, now), moment, typed)
})

test('what is no moment is refused with examples', () => {
  for (const typed of [
    '',
    'soon',
    '2x',
    '25:00',
    '2026-13-01',
    '2026-02-31T99:00',
    'obj:1',
    '-3d',
    'constructor',
  ])
    assert.throws(() => momentOf(typed, now), { code: 'E_USAGE' }, typed)
})
