// Runs a program that says a number a line on standard output, and kills it at once when it has said so many.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { siblingModule } from '../../src/base/sibling-module.ts'

/** Kills the sibling module `program` after `lines` lines; answers the last number it said. */
export async function runAndKill(program: string, args: readonly string[], lines: number): Promise<number> {
  const child = spawn(process.execPath, [siblingModule(import.meta.url, program).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last = 0
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (++seen === lines) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  return last
}
