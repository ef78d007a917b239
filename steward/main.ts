// The supervisor's process: `node steward/main.js --home DIR`. It starts the kernel, keeps it alive, and ends with it:
// 0 after SIGTERM, SIGINT or a shutdown that a client asked for; otherwise with what the kernel failed with.
// It writes to standard error only.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { batErrorOf } from '../src/base/errors.ts'
import { exitCodeOf } from '../src/base/exit-codes.ts'
import { defaultHome, homeOf, prepareHome } from '../src/base/home.ts'
import { siblingModule } from '../src/base/sibling-module.ts'
import { runSteward } from './run.ts'

const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} steward: ${line}\n`)
}

try {
  const { values } = parseArgs({ options: { home: { type: 'string' } } })
  const home = homeOf(values.home ?? defaultHome(process.env))
  await prepareHome(home)
  const kernel = fileURLToPath(siblingModule(import.meta.url, '../kernel/main'))
  const steward = runSteward({
    home,
    kernel: ['--enable-source-maps', kernel, '--home', home.dir],
    environment: process.env,
    log,
  })
  process.on('SIGTERM', steward.stop)
  process.on('SIGINT', steward.stop)
  process.on('SIGHUP', steward.stop)
  const { state, reason, exitCode, lastLines } = await steward.ended
  if (state === 'given-up') {
    log(`gave up: ${reason}`)
    for (const line of lastLines) log(`kernel: ${line}`)
  }
  process.exit(exitCode)
} catch (thrown) {
  const error = batErrorOf(thrown)
  log(`${error.code}: ${error.message}${error.remedy === undefined ? '' : ` (${error.remedy})`}`)
  process.exit(exitCodeOf(error))
}
