// `start` and `console`: bring the daemon up when it is not, then the console on a terminal or the batch elsewhere.
// A batch that started the daemon stops it at its end (unless told to keep it); one that found it running leaves it, and
// so does the console always.
import { BatError } from '../base/errors.ts'
import type { Home } from '../base/home.ts'
import type { Client } from '../protocol/client.ts'
import { runBatch } from './batch.ts'
import { awaitKernel, openConnection } from './connection.ts'
import { isAlive, running, startSteward, stopDaemon } from './daemon.ts'
import type { ExitStatus } from './exit-status.ts'
import { durationText } from './rendering.ts'
import { runConsole } from './session.ts'
import type { Task } from './task.ts'
import { typed } from './typed.ts'

/** A daemon on the home: found, or started by us. */
export async function ensureDaemon(task: Task): Promise<{ client: Client; started: boolean }> {
  const { home } = task
  const signal = task.around.ending
  if (task.where.endpoint !== undefined) return { client: await openConnection(task.where), started: false }
  // A kernel with no steward was started by hand.
  const found = (await running(home, 'steward')) ?? (await running(home, 'kernel'))
  if (found !== undefined) return { client: await awaitKernel(home, undefined, { signal }), started: false }
  const began = performance.now()
  task.tell(`starting on ${home.dir} …`)
  const steward = await startSteward(home, { detached: true })
  const client = await awaitKernel(home, steward, { signal }).catch(async (failure) => {
    if (isAlive(steward.pid)) await stopDaemon(home)
    throw failure
  })
  task.tell(`up after ${durationText(performance.now() - began)}`)
  const ours = (await running(home, 'steward'))?.pid === steward.pid
  return { client, started: ours }
}

/** The console or the batch over a daemon that is started where need be. */
export async function start(
  task: Task,
  options: { readonly keep: boolean; readonly approve: boolean },
): Promise<ExitStatus> {
  const interactive = task.around.input.isTTY === true && task.around.output.isTTY === true
  if (options.approve && !interactive)
    throw new BatError('E_USAGE', { problem: '--approve', hint: 'it asks a person, on a terminal' })
  const { client, started } = await ensureDaemon(task)
  if (interactive) {
    await runConsole(client, task, options)
    task.tell(`the daemon goes on; ${typed('down')} stops it`)
    return 0
  }
  return batch(task, client, started && !options.keep ? task.home : undefined)
}

async function batch(task: Task, client: Client, stopAfter: Home | undefined): Promise<ExitStatus> {
  const { input, output, errors, ending } = task.around
  try {
    return await runBatch(client, { input, output, errors, ending })
  } finally {
    await client.close()
    if (stopAfter !== undefined) await stopDaemon(stopAfter)
  }
}
