// `up`, `down` and `status`.
import type { Value } from '../base/value.ts'
import { awaitKernel, openConnection } from './connection.ts'
import { running, startSteward, stopDaemon } from './daemon.ts'
import { durationText } from './rendering.ts'
import { metricsText } from './reports.ts'
import { ensureDaemon } from './start.ts'
import type { Outcome, Task } from './task.ts'
import { typed } from './typed.ts'

/** Starts the daemon; detached, or in the foreground until it is asked to end. */
export async function up(task: Task, { detach = false }: { detach?: boolean }): Promise<Outcome> {
  const found = await running(task.home, 'steward')
  if (found !== undefined)
    return {
      value: { pid: found.pid, started: false },
      text: `runs already on ${task.home.dir} (pid ${found.pid})`,
    }
  return detach ? upDetached(task) : upForeground(task)
}

async function upDetached(task: Task): Promise<Outcome> {
  const { client } = await ensureDaemon(task)
  await client.close()
  const pid = (await running(task.home, 'steward'))?.pid ?? null
  return { value: { pid, started: true }, text: `up; ${typed('down')} stops it` }
}

async function upForeground(task: Task): Promise<Outcome> {
  const { home, around } = task
  const began = performance.now()
  const steward = await startSteward(home, { detached: false })
  const stop = () => void stopDaemon(home).catch((failure: Error) => task.tell(failure.message))
  around.ending.addEventListener('abort', stop, { once: true })
  if (around.ending.aborted) stop()
  try {
    const client = await awaitKernel(home, steward, { signal: around.ending })
    await client.close()
    task.tell(`up on ${home.dir} after ${durationText(performance.now() - began)}; ctrl-C stops it`)
  } catch (failure) {
    if (!around.ending.aborted) {
      await stopDaemon(home)
      throw failure
    }
  }
  const status = await steward.exited
  return { value: { stopped: true, status }, text: 'stopped', status: status === 0 ? 0 : 1 }
}

export async function down(task: Task): Promise<Outcome> {
  const stopped = await stopDaemon(task.home)
  const text = stopped.length === 0 ? `nothing was running on ${task.home.dir}` : 'stopped'
  return { value: { stopped: [...stopped] }, text }
}

/** What runs on the home: the steward's and the kernel's own words, and the kernel's answer to a ping. */
export async function status(task: Task): Promise<Outcome> {
  const { home } = task
  const steward = await running(home, 'steward')
  const kernel = await running(home, 'kernel')
  const mind: Value = steward || kernel || task.where.endpoint ? await ping(task) : null
  const value: Value = {
    home: home.dir,
    running: mind !== null && !('error' in (mind as object)),
    steward: (steward?.file ?? null) as Value,
    kernel: (kernel?.file ?? null) as Value,
    answer: mind,
  }
  const text = steward || kernel ? metricsText(value, task.colours) : `nothing is running on ${home.dir}`
  return { value, text }
}

async function ping(task: Task): Promise<Value> {
  const client = await openConnection(task.where)
  try {
    return await client.request({ command: 'ping' }, { timeoutMs: 3000 })
  } catch (failure) {
    return { error: (failure as Error).message }
  } finally {
    await client.close()
  }
}
