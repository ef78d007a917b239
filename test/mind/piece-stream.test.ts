import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makePieceStream } from '../../src/mind/piece-stream.ts'

test('sends a piece at once, and what comes soon after it together', () => {
  const sent: string[] = []
  let now = 1000
  const stream = makePieceStream(
    (text) => sent.push(text),
    () => now,
  )
  for (const piece of ['', 'a', 'b', 'c']) stream.push(piece)
  assert.deepEqual(sent, ['a'])
  now += 32
  stream.push('')
  assert.deepEqual(sent, ['a'])
  now += 1
  stream.push('d')
  assert.deepEqual(sent, ['a', 'bcd'])
  now += 100
  stream.push('')
  stream.push('e')
  stream.push('f')
  stream.end()
  stream.end()
  assert.deepEqual(sent, ['a', 'bcd', 'e', 'f'])
})
