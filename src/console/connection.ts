// From a home to a connection with its kernel: where it listens is in run/kernel.json (a port `*` is known only there),
// else in the configuration; the keys are the home's own.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { loadConfig } from '../base/config.ts'
import { BatError } from '../base/errors.ts'
import type { Home } from '../base/home.ts'
import { packageRoot } from '../base/package-root.ts'
import { type Client, connect } from '../protocol/client.ts'
import { clientKeys } from '../protocol/keys.ts'
import { daemonLog, lastWords, readState, running, type Started } from './daemon.ts'

/** How a command is to be typed here: through npm in a checkout, as `batos` where it is installed. */
export const typed = (command: string): string =>
  existsSync(join(packageRoot, 'tsconfig.json')) ? `npm run -s batos -- ${command}` : `batos ${command}`

export interface Where {
  readonly home: Home
  /** Overrides what the home says. */
  readonly endpoint?: string
}

/** Connects to the kernel of a home. Throws E_NOT_RUNNING, or what the keys or the configuration have wrong. */
export async function openConnection({ home, endpoint }: Where): Promise<Client> {
  if (endpoint === undefined && !(await running(home, 'steward')) && !(await running(home, 'kernel')))
    throw new BatError('E_NOT_RUNNING', { home: home.dir, hint: `start it: ${typed('up --detach')}` })
  return connect({ endpoint: endpoint ?? (await endpointOf(home)), ...clientKeys(home.keys) })
}

async function endpointOf(home: Home): Promise<string> {
  const told = readState(home, 'kernel')?.endpoint
  return typeof told === 'string' ? told : (await loadConfig(home.config)).endpoint
}

/**
 * Waits until the kernel of `home` answers a ping, and answers the connection. `started` is the steward that should
 * bring it up: when that ends, E_START with its last words; so also after `seconds`.
 */
export async function awaitKernel(home: Home, started: Started | undefined, seconds = 120): Promise<Client> {
  const deadline = Date.now() + seconds * 1000
  let ended: number | undefined
  started?.exited.then(
    (status) => {
      ended = status
    },
    () => {
      ended = 1
    },
  )
  for (;;) {
    const client = await tryPing(home)
    if (client !== undefined) return client
    // A steward that ends because another has the home leaves that other one to wait for.
    if (ended !== undefined && !(await running(home, 'steward')))
      throw notStarted(home, `the steward ended with status ${ended}`)
    if (Date.now() > deadline) throw notStarted(home, `no answer from the kernel after ${seconds} s`)
    await pause(50)
  }
}

async function tryPing(home: Home): Promise<Client | undefined> {
  if ((await running(home, 'kernel')) === undefined) return undefined
  const endpoint = readState(home, 'kernel')?.endpoint
  if (typeof endpoint !== 'string') return undefined
  const client = connect({ endpoint, ...clientKeys(home.keys) })
  try {
    await client.request({ command: 'ping' }, { timeoutMs: 2000 })
    return client
  } catch {
    await client.close() // not listening yet; asked again until the deadline
    return undefined
  }
}

function notStarted(home: Home, what: string): BatError {
  const words = lastWords(home)
  const reason = words.length === 0 ? what : `${what}; it said:\n    ${words.join('\n    ')}`
  return new BatError('E_START', { reason, log: daemonLog(home) })
}
