#!/usr/bin/env node
// The process of the command line: hands itself over to runCommandLine and ends with its status, or, where a signal kept it
// from its end, with 128 and the signal's number, as shells have it. A reader of our output that goes away
// (`batos history | head`) ends us quietly.
import { constants } from 'node:os'
import { runCommandLine } from './program.ts'

const ending = new AbortController()
const interrupted = () => 128 + constants.signals[ending.signal.reason as 'SIGINT' | 'SIGTERM']
let asked = 0
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    asked += 1
    ending.abort(signal)
    if (asked > 2) process.exit(interrupted()) // asked three times: whatever hangs, hangs no longer
  })
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.stderr.on('error', () => {}) // nobody reads it: nothing to tell anybody

const status = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  ending: ending.signal,
})
process.exit(status !== 0 && ending.signal.aborted ? interrupted() : status)
