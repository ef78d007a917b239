// The commands that ask a running kernel (`inspect` and `show` also the image itself when none runs): each makes one request
// and gives its value with a text for people.
import { BatError } from '../base/errors.ts'
import { Method, type Value } from '../base/value.ts'
import { sendLine } from './batch.ts'
import { askImage } from './image-commands.ts'
import { answerText, outputOf } from './rendering.ts'
import { auditText, inspectText, metricsText, showText } from './reports.ts'
import { placeOf, targetOf } from './requests.ts'
import { type Outcome, type Task, withClient } from './task.ts'
import { mapOf } from './value-map.ts'

export async function send(task: Task, words: readonly string[]): Promise<Outcome> {
  const value = await withClient(task, (client) =>
    sendLine(client, words.join(' '), { tell: task.tell, signal: task.around.ending }),
  )
  const text = task.around.output.isTTY
    ? answerText(value, task.colours, task.around.output.columns)
    : outputOf(value)
  return { value, text }
}

export async function inspect(task: Task, target = '0'): Promise<Outcome> {
  const target_oid = targetOf(target)
  const value = await askImage(task, { command: 'inspect', target_oid })
  return { value, text: inspectText(value, task.colours) }
}

export async function show(task: Task, place: string): Promise<Outcome> {
  const { target, selector } = placeOf(place)
  const value = await askImage(task, { command: 'inspect', target_oid: target, mission_brief: { selector } })
  return { value: openedUp(value), text: showText(value, selector, task.colours) }
}

// As JSON a method is named by its hash only; who asked for this one wants its text and where it comes from.
function openedUp(found: Value): Value {
  const { value, ...rest } = mapOf(found)
  if (!(value instanceof Method)) return found
  const { source, hash } = value
  return { ...rest, source, hash, provenance: { ...value.provenance } as unknown as Value }
}

export async function audit(task: Task, options: { cycle?: string; limit: number }): Promise<Outcome> {
  const value = await withClient(task, (client) =>
    client.request({ command: 'audit', options: { ...options } }),
  )
  return { value, text: auditText(value, task.colours) }
}

export async function metrics(task: Task): Promise<Outcome> {
  const value = await withClient(task, (client) => client.request({ command: 'metrics' }))
  return { value, text: metricsText(value, task.colours) }
}

export async function cancel(task: Task, cycle: string): Promise<Outcome> {
  const value = await withClient(task, (client) => client.request({ command: 'cancel', options: { cycle } }))
  return { value, text: `cancelled ${cycle}` }
}

export async function feedback(
  task: Task,
  cycle: string,
  verdict: string,
  words: readonly string[],
): Promise<Outcome> {
  if (verdict !== 'good' && verdict !== 'bad')
    throw new BatError('E_USAGE', { problem: `verdict ${verdict}`, hint: 'write good or bad' })
  const comment = words.join(' ')
  const options = { cycle, verdict, ...(comment === '' ? {} : { comment }) } as const
  const value = await withClient(task, (client) => client.request({ command: 'feedback', options }))
  return { value, text: `noted: ${cycle} was ${verdict}` }
}
