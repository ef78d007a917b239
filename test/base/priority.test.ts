import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { lowerPriority } from '../../src/base/priority.ts'

test('lowers the priority of a process; one that has ended is left alone', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await once(child, 'spawn')
  lowerPriority(child.pid!, 10)
  assert.equal(getPriority(child.pid), 10)
  child.stdin.end()
  await once(child, 'close')
  assert.throws(() => getPriority(child.pid), /ESRCH/)
  lowerPriority(child.pid!, 10)
  assert.throws(() => lowerPriority(1.5, 10), RangeError)
})
