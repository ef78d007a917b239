// From a home to a connection with its kernel: where it listens is in run/kernel.json (a port `*` is known only there);
// the keys are the home's own.

import { setTimeout as pause } from 'node:timers/promises'
import { BatError } from '../base/errors.ts'
import type { Home } from '../base/home.ts'
import { type Client, connect } from '../protocol/client.ts'
import { clientKeys } from '../protocol/keys.ts'
import { daemonLog, type Running, running, type Started } from './daemon.ts'
import { typed } from './typed.ts'

export interface Where {
  readonly home: Home
  /** Overrides what the home says. */
  readonly endpoint?: string
}

/**
 * Connects to the kernel of a home; when its steward is just starting it, waits for it. Throws E_NOT_RUNNING, or what the
 * keys have wrong.
 */
export async function openConnection({ home, endpoint }: Where): Promise<Client> {
  const at = endpoint ?? endpointOf(await running(home, 'kernel'))
  if (at !== undefined) return connect({ endpoint: at, ...clientKeys(home.keys) })
  if (await running(home, 'steward')) return awaitKernel(home, undefined)
  throw new BatError('E_NOT_RUNNING', { home: home.dir, hint: `start it: ${typed('up --detach')}` })
}

const endpointOf = (kernel: Running | undefined): string | undefined =>
  typeof kernel?.file.endpoint === 'string' ? kernel.file.endpoint : undefined

/**
 * Waits until the kernel of `home` answers a ping, and answers the connection. `started` is the steward that should
 * bring it up: when that ends, E_START with its last words; so also after `seconds`.
 */
export async function awaitKernel(
  home: Home,
  started: Started | undefined,
  { seconds = 120, signal }: { readonly seconds?: number; readonly signal?: AbortSignal } = {},
): Promise<Client> {
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
    if (signal?.aborted) throw new BatError('E_ABORTED', { command: 'the start' })
    const client = await tryPing(home)
    if (client !== undefined) return client
    // A steward that ends because another has the home leaves that other one to wait for.
    const hopeless = started === undefined || ended !== undefined
    if (hopeless && !(await running(home, 'steward')) && !(await running(home, 'kernel')))
      throw notStarted(
        home,
        started,
        ended === undefined ? 'the steward ended' : `the steward ended with status ${ended}`,
      )
    if (Date.now() > deadline) throw notStarted(home, started, `no answer from the kernel after ${seconds} s`)
    await pause(50)
  }
}

async function tryPing(home: Home): Promise<Client | undefined> {
  const endpoint = endpointOf(await running(home, 'kernel'))
  if (endpoint === undefined) return undefined
  const client = connect({ endpoint, ...clientKeys(home.keys) })
  try {
    await client.request({ command: 'ping' }, { timeoutMs: 2000 })
    return client
  } catch {
    await client.close() // not listening yet; asked again until the deadline
    return undefined
  }
}

function notStarted(home: Home, started: Started | undefined, what: string): BatError {
  const words = started?.lastWords() ?? []
  const reason = words.length === 0 ? what : `${what}; it said:\n    ${words.join('\n    ')}`
  return new BatError('E_START', { reason, log: daemonLog(home) })
}
