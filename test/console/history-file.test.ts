import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openHistory } from '../../src/console/history-file.ts'
import { temporaryHome } from './fixtures/home.ts'

test('keeps what was typed across sessions, newest first, for its owner only', () => {
  const { home, remove } = temporaryHome()
  try {
    const first = openHistory(home)
    for (const line of ['genesis size', ' secret', '', 'genesis.count']) first.add(line)
    assert.deepEqual(openHistory(home).lines, ['genesis.count', 'genesis size'])
    assert.equal(statSync(join(home.dir, 'console_history')).mode & 0o777, 0o600)
  } finally {
    remove()
  }
})

test('is bounded, and two sessions do not lose lines of each other', () => {
  const { home, remove } = temporaryHome()
  try {
    const file = join(home.dir, 'console_history')
    writeFileSync(file, Array.from({ length: 1500 }, (_, index) => `line ${index}\n`).join(''))
    const [one, two] = [openHistory(home), openHistory(home)]
    assert.equal(one.lines.length, 1000)
    assert.equal(one.lines[0], 'line 1499')
    one.add('of one')
    two.add('of two')
    assert.match(readFileSync(file, 'utf8'), /line 1499\nof one\nof two\n$/)
  } finally {
    remove()
  }
})

test('a history that cannot be kept costs nothing else', () => {
  const { home, remove } = temporaryHome()
  try {
    mkdirSync(join(home.dir, 'console_history'))
    const history = openHistory(home)
    history.add('genesis size')
    assert.deepEqual(history.lines, [])
    assert.ok(existsSync(home.dir))
  } finally {
    remove()
  }
})
