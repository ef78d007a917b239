// What is done with no kernel running. This layer knows neither the guardian nor the image, so programs of their own do it:
// `guard` and `rescue` take over our standard streams and their exit status is ours; a request is handed over, and answered,
// on a channel in the protocol's own form.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BatError } from '../base/errors.ts'
import type { Home } from '../base/home.ts'
import { uuidV7 } from '../base/ids.ts'
import { siblingModule } from '../base/sibling-module.ts'
import type { Value } from '../base/value.ts'
import type { RequestOptions } from '../protocol/client.ts'
import { decodeAnswer, encodeMessage } from '../protocol/frames.ts'
import { errorOf, PROTOCOL_VERSION, type RequestBody } from '../protocol/messages.ts'
import type { ExitStatus } from './exit-status.ts'
import type { Task } from './task.ts'

export const guard = (task: Task, file: string): Promise<ExitStatus> =>
  handOver(startProgram('offline', ['guard', ...(task.json ? ['--json'] : []), '--', file], 'inherit'))

/** The console on the image alone. */
export const rescue = (task: Task): Promise<ExitStatus> =>
  handOver(startProgram('rescue-console', ['--home', task.home.dir], 'inherit'))

async function handOver(child: ChildProcess): Promise<ExitStatus> {
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  return code === 0 || code === 2 ? code : 1
}

/** Has a request answered on the image of a home that no kernel has open; like `Client.request`. */
export function requestOffline(
  home: Home,
  body: RequestBody,
  { signal, onEvent }: Pick<RequestOptions, 'signal' | 'onEvent'> = {},
): Promise<Value> {
  const child = startProgram(
    'offline',
    ['answer', '--home', home.dir],
    ['ignore', 'ignore', 'inherit', 'ipc'],
  )
  const ask = (asked: RequestBody) =>
    child.send(encodeMessage({ v: PROTOCOL_VERSION, id: uuidV7(), ...asked }))
  const cancel = () => {
    if (child.connected) ask({ command: 'cancel', options: { request: 'all' } })
  }
  const answered = new Promise<Value>((resolve, reject) => {
    child.on('message', (payload: Uint8Array) => {
      const answer = decodeAnswer(payload, Number.POSITIVE_INFINITY)
      if (answer.kind === 'result') resolve(answer.value)
      else if (answer.kind === 'error') reject(errorOf(answer))
      else onEvent?.(answer)
    })
    child.once('error', reject)
    child.once('exit', (code, killed) => {
      reject(new BatError('E_OFFLINE', { command: body.command, how: killed ?? `status ${code}` }))
    })
  })
  ask(body)
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  return answered.finally(() => signal?.removeEventListener('abort', cancel))
}

function startProgram(name: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const program = fileURLToPath(siblingModule(import.meta.url, `../../kernel/${name}`))
  return spawn(process.execPath, ['--enable-source-maps', program, ...args], {
    stdio,
    serialization: 'advanced',
  })
}
