// `model list|pull|use|verify`. A pull has two steps: a process of its own fetches the file, with this environment; then the
// image takes it, in the running kernel or without one.
import { createInterface } from 'node:readline/promises'
import { BatError } from '../base/errors.ts'
import { askOffline, imageTask } from './image-commands.ts'
import type { Outcome, Task } from './task.ts'
import { listOf, mapOf, textOf } from './value-map.ts'

export interface PullOptions {
  readonly name?: string
  readonly timeout?: number
  readonly use?: boolean
}

export async function pull(
  task: Task,
  address: string,
  { use = false, ...options }: PullOptions,
): Promise<Outcome> {
  const fetched = await fetchModel(task, address, options)
  const added = await imageTask(task, 'model-add', mapOf(fetched.value))
  if (!use) return added
  await imageTask(task, 'model-use', { name: mapOf(added.value).name })
  return { ...added, text: `${textOf(mapOf(added.value).name)} thinks from now on` }
}

/** Where the address names several models, whoever sits at a terminal is asked which. */
async function fetchModel(task: Task, address: string, options: PullOptions): Promise<Outcome> {
  try {
    return await askOffline(task, 'model-fetch', { address, ...options })
  } catch (thrown) {
    const asked = thrown instanceof BatError && thrown.code === 'E_MODEL_CHOICE' && !task.json
    const { input, errors } = task.around
    if (!asked || !input.isTTY || !errors.isTTY) throw thrown
    const offered = listOf(thrown.details.offered as never).map(mapOf)
    const lines = offered.map((each, i) => `${String(i + 1).padStart(3)}  ${textOf(each.address)}`)
    task.tell(`${address} has several models:\n${lines.join('\n')}`)
    const terminal = createInterface({ input, output: errors })
    const answer = await terminal.question('which (a number)? ', { signal: task.around.ending })
    terminal.close()
    const choice = textOf(offered[Number(answer) - 1]?.address)
    if (choice === undefined) throw thrown
    return askOffline(task, 'model-fetch', { ...options, address: choice })
  }
}
