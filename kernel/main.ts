// The daemon's process: `node kernel/main.js --home DIR`. It serves until SIGTERM, SIGINT or the end of the steward
// that started it, then lets running cycles end, commits and closes. Standard output is the log.
import { parseArgs } from 'node:util'
import { batErrorOf } from '../src/base/errors.ts'
import { exitCodeOf } from '../src/base/exit-codes.ts'
import { defaultHome } from '../src/base/home.ts'
import { openLog } from '../src/base/log.ts'
import { onParentGone } from '../src/base/parent.ts'
import { type RunningKernel, startKernel } from './compose.ts'

const { values } = parseArgs({ options: { home: { type: 'string' } } })
const log = openLog('info', 1)
let running: RunningKernel | undefined
let stopping = false

const stop = async (why: string): Promise<void> => {
  if (stopping) return
  stopping = true
  log.info({ why }, 'stopping')
  try {
    await running?.stop()
    log.info('stopped')
  } catch (failure) {
    log.error({ err: failure }, 'while stopping')
    process.exitCode = 1
  }
  process.exit()
}

process.on('SIGTERM', () => void stop('SIGTERM'))
process.on('SIGINT', () => void stop('SIGINT'))
process.on('unhandledRejection', (reason) => {
  throw reason
})
process.on('uncaughtException', (failure) => {
  log.fatal({ err: failure }, 'uncaught')
  process.exit(70)
})
onParentGone(() => void stop('the steward is gone'))

try {
  running = await startKernel(values.home ?? defaultHome(process.env), log, () => void stop('shutdown'))
} catch (thrown) {
  const error = batErrorOf(thrown)
  log.fatal({ code: error.code, remedy: error.remedy, err: thrown }, `${error.code}: ${error.message}`)
  process.exit(exitCodeOf(error))
}
