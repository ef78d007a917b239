// The batch: a message a line in, an answer a line out, in order, one at a time (a line may build on what the one before
// it did). Answers alone go to standard output; what happens meanwhile and what fails goes to standard error. A line
// that fails does not stop the next. Blank lines and lines that begin with `#` are skipped; `:commands` work here too.

import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { batErrorOf } from '../base/errors.ts'
import type { Value } from '../base/value.ts'
import type { Client } from '../protocol/client.ts'
import { colonCommand } from './colon-commands.ts'
import { plain } from './colour.ts'
import { complaint } from './complaint.ts'
import { eventLine } from './events.ts'
import { outputOf } from './rendering.ts'
import { bodyOfLine } from './requests.ts'

export interface BatchStreams {
  readonly input: Readable
  readonly output: Writable
  readonly errors: Writable
  /** Cancels the line under way and reads no more. */
  readonly ending?: AbortSignal
}

/** Sends every line of the input. Answers 0, or 1 when a line failed. */
export async function runBatch(client: Client, streams: BatchStreams): Promise<0 | 1> {
  const { ending } = streams
  const lines = createInterface({ input: streams.input, crlfDelay: Number.POSITIVE_INFINITY })
  ending?.addEventListener('abort', () => lines.close(), { once: true })
  const tell = (text: string) => streams.errors.write(`${text}\n`)
  let status: 0 | 1 = 0
  let number = 0
  for await (const raw of lines) {
    number++
    const text = raw.trim()
    if (text === '' || text.startsWith('#')) continue
    if (text === ':quit') break
    try {
      const progress = (event: string) => tell(`line ${number}: ${event}`)
      const answer = await answerLine(client, raw, { tell: progress, ...(ending ? { signal: ending } : {}) })
      if (answer !== undefined) streams.output.write(`${answer}\n`)
    } catch (thrown) {
      status = 1
      tell(complaint(batErrorOf(thrown), { line: number, text: raw }))
    }
    if (ending?.aborted) break
  }
  await new Promise<void>((resolve) => streams.output.write('', () => resolve()))
  return ending?.aborted ? 1 : status
}

interface LineOptions {
  readonly tell?: (event: string) => void
  readonly signal?: AbortSignal
}

async function answerLine(client: Client, text: string, options: LineOptions): Promise<string | undefined> {
  if (text.trimStart().startsWith(':')) return colonCommand(client, text.trim(), plain)
  return outputOf(await sendLine(client, text, options))
}

/** Sends one line as a batch does: nobody is asked back, a near miss is refused with the suggestion. */
export async function sendLine(client: Client, text: string, options: LineOptions = {}): Promise<Value> {
  return client.request(bodyOfLine(text, { batch: true }), {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onEvent: (answer) => {
      const line = answer.kind === 'status' ? eventLine(answer.event) : undefined
      if (line !== undefined) options.tell?.(line)
    },
  })
}
