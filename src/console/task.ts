// What a command is given, and how it hands back its outcome: one value, and the same as text for a person. The common
// part prints either, tells errors and chooses the exit status, so that every command behaves alike.
import type { Writable } from 'node:stream'
import { batErrorOf } from '../base/errors.ts'
import { type Home, homeOf } from '../base/home.ts'
import type { Value } from '../base/value.ts'
import { jsonOf } from '../base/value-json.ts'
import type { Client } from '../protocol/client.ts'
import { type Colours, coloursFor } from './colour.ts'
import { complaint } from './complaint.ts'
import { openConnection, type Where } from './connection.ts'
import { type ExitStatus, exitStatusOf } from './exit-status.ts'
import type { Surroundings } from './surroundings.ts'

export interface Outcome {
  readonly value: Value
  /** For a person; JSON when absent. */
  readonly text?: string
  readonly status?: ExitStatus
}

export interface Task {
  readonly around: Surroundings
  readonly where: Where
  readonly home: Home
  readonly json: boolean
  /** For standard output. */
  readonly colours: Colours
  /** A line for standard error: progress, hints. */
  readonly tell: (text: string) => void
}

export function makeTask(
  around: Surroundings,
  common: { readonly home: string; readonly endpoint?: string; readonly json: boolean },
): Task {
  const home = homeOf(common.home)
  return {
    around,
    home,
    where: common.endpoint === undefined ? { home } : { home, endpoint: common.endpoint },
    json: common.json,
    colours: coloursFor(around.output, around.environment),
    tell: (text) => void around.errors.write(`batos: ${text}\n`),
  }
}

/** Runs a command to its exit status, printing its outcome or its error. */
export async function perform(task: Task, command: () => Promise<Outcome>): Promise<ExitStatus> {
  const { around, json } = task
  try {
    const { value, text, status } = await command()
    await write(around.output, json || text === undefined ? JSON.stringify(jsonOf(value)) : text)
    return status ?? 0
  } catch (thrown) {
    const error = batErrorOf(thrown)
    if (json) {
      const told = { code: error.code, message: error.message, remedy: error.remedy ?? null }
      await write(around.output, JSON.stringify({ error: told }))
    }
    await write(around.errors, complaint(error, {}, coloursFor(around.errors, around.environment)))
    return exitStatusOf(error)
  }
}

/** Runs `use` with a connection that is closed afterwards. */
export async function withClient<T>(task: Task, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await openConnection(task.where)
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

/** Writes a line and waits until it is with the system: a process that ends next loses nothing. */
export const write = (stream: Writable, text: string): Promise<void> =>
  new Promise((resolve) => {
    if (text === '') resolve()
    else stream.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve())
  })
