// The commands that work on the image whether a kernel runs or not: a running one is asked, since it alone may have the image
// open; without one the offline program opens it. `imageTask` carries out a task by its name (kernel/image-tasks.ts).
import { BatError } from '../base/errors.ts'
import type { Value } from '../base/value.ts'
import type { RequestOptions } from '../protocol/client.ts'
import type { RequestBody } from '../protocol/messages.ts'
import { printable } from './colour.ts'
import { running } from './daemon.ts'
import { requestOffline } from './offline.ts'
import { openProgress } from './progress.ts'
import { type Outcome, type Task, withClient } from './task.ts'
import { mapOf, textOf } from './value-map.ts'

/** Asks the kernel of the home, or the offline program when neither kernel nor steward runs. */
export async function askImage(
  task: Task,
  body: RequestBody,
  onEvent?: RequestOptions['onEvent'],
): Promise<Value> {
  const options = { signal: task.around.ending, ...(onEvent === undefined ? {} : { onEvent }) }
  const up = task.where.endpoint !== undefined || (await daemonOf(task)) !== undefined
  return up
    ? withClient(task, (client) => client.request(body, options))
    : requestOffline(task.home, body, options)
}

/** Carries out a task on the image. `down`: the task needs the image for itself. */
export async function imageTask(
  task: Task,
  name: string,
  options: object = {},
  { down = false }: { readonly down?: boolean } = {},
): Promise<Outcome> {
  const daemon = down ? await daemonOf(task) : undefined
  if (daemon !== undefined)
    throw new BatError('E_KERNEL_IS_UP', { task: name, home: task.home.dir, pid: daemon.pid })
  return carriedOut(task, name, options, (body, onEvent) => askImage(task, body, onEvent))
}

/** Carries out a task that has nothing to do with the image in a process of its own, whether a kernel runs or not. */
export const askOffline = (task: Task, name: string, options: object): Promise<Outcome> =>
  carriedOut(task, name, options, (body, onEvent) =>
    requestOffline(task.home, body, { signal: task.around.ending, onEvent }),
  )

async function carriedOut(
  task: Task,
  name: string,
  options: object,
  ask: (body: RequestBody, onEvent: NonNullable<RequestOptions['onEvent']>) => Promise<Value>,
): Promise<Outcome> {
  const typed = typedName(name)
  const progress = openProgress(task.around, typed)
  const settings = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Record<string, Value>
  try {
    const done = await ask({ command: 'maintain', options: { task: name, settings } }, (told) => {
      if (told.kind === 'status' && told.event.kind === 'progress') progress.tell(told.event)
    })
    const { result = null, text, status } = mapOf(done)
    return { value: result, text: printable(textOf(text) ?? ''), status: status === 1 ? 1 : 0 }
  } catch (thrown) {
    if (!(thrown instanceof BatError) || thrown.code !== 'E_ABORTED') throw thrown
    throw new BatError('E_ABORTED', { command: typed }, { cause: thrown })
  } finally {
    progress.end()
  }
}

/** A task by the command that asks for it: `model-add` is a part of `model pull`, `expert-use` is `experts use`. */
const typedName = (task: string): string =>
  task
    .replace(/^model-(fetch|add)$/, 'model-pull')
    .replace(/^expert-/, 'experts-')
    .replace('-', ' ')

const daemonOf = async ({ home }: Task) => (await running(home, 'steward')) ?? running(home, 'kernel')
