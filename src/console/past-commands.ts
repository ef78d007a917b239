// `history`, `at`, `diff`, `undo`: of the running kernel, or of the image itself when none runs.
import { askImage } from './image-commands.ts'
import { atText, diffText, historyText, undoText } from './past-reports.ts'
import { atBody, diffBody, type HistoryOptions, historyBody, undoBody } from './past-requests.ts'
import type { Outcome, Task } from './task.ts'

export async function history(task: Task, place = '0', options: HistoryOptions): Promise<Outcome> {
  const value = await askImage(task, historyBody(place, options, Date.now()))
  return { value, text: historyText(value, task.colours) }
}

export async function at(task: Task, when: string, place = '0'): Promise<Outcome> {
  const body = atBody(when, place, Date.now())
  const value = await askImage(task, body)
  return { value, text: atText(value, body.options.path ?? [], task.colours) }
}

export async function diff(task: Task, place: string, from?: string, to?: string): Promise<Outcome> {
  const span = [from, to].filter((moment) => moment !== undefined)
  const value = await askImage(task, diffBody(place, span, Date.now()))
  return { value, text: diffText(value, task.colours) }
}

export async function undo(
  task: Task,
  transactions: readonly string[],
  { keep = [] }: { readonly keep?: readonly string[] },
): Promise<Outcome> {
  const value = await askImage(task, undoBody(transactions, keep))
  return { value, text: undoText(value) }
}
