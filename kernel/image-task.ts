// What a task on the image is: long work that a person asks for by name (`batos pack`), with checked settings, progress and
// a result. It is carried out by the running kernel between other work, or, when no kernel runs, by the offline program
// on the image opened for it alone. The same code does both, and does not know which of them it is in.
//
// A task that works `on: 'image'` is handed the open image. Since others work at the same time it must never hold the event
// loop for more than some 10 ms: its loops await takeTurns (src/base/turns.ts) at each round, and look at `signal` there.
// One `on: 'folder'` replaces or makes the image itself: it is handed the folder, takes the image's lock by opening what it
// needs, and is refused while a kernel runs.
import type { z } from 'zod'
import type { Clock } from '../src/base/clock.ts'
import { BatError } from '../src/base/errors.ts'
import type { Home } from '../src/base/home.ts'
import type { Progress } from '../src/base/progress.ts'
import type { PlainObject } from '../src/base/value.ts'
import type { Image } from '../src/image/image.ts'
import type { EngineStatus } from '../src/mind/inference.ts'
import type { ExpertOffice } from './expert-office.ts'
import type { Chosen } from './models.ts'

export interface Around {
  readonly home: Home
  readonly clock: Clock
  /** Fires when the task is cancelled or the process is to end, with the error to throw (`signal.throwIfAborted()`). */
  readonly signal: AbortSignal
  /**
   * Has the mind think with this model from now on; with no kernel running, shows that it would come up. Throws
   * E_MODEL_NOT_TAKEN, and then everything is as it was.
   */
  readonly changeMind: (chosen: Chosen) => Promise<EngineStatus>
  /** What the running kernel does with experts; absent with no kernel running. */
  readonly experts?: ExpertOffice
  /** May be called as often as one likes: only some of it is passed on. */
  readonly onProgress: (progress: Progress) => void
}

interface Description<Options, Result> {
  /** Every option with its type and default; whoever asks is told which one is wrong. */
  readonly options: z.ZodType<Options>
  /** Tasks of the same word here are never at work at the same time. */
  readonly sole?: string
  /** The result for a person, without colours; the result as JSON when absent. */
  readonly text?: (result: Result) => string
  /** Whether the exit status is 0 (otherwise 1); so it is when absent. */
  readonly ok?: (result: Result) => boolean
}

interface OnImage<Options, Result> extends Description<Options, Result> {
  readonly on: 'image'
  readonly run: (image: Image, options: Options, around: Around) => Promise<Result>
}

interface OnFolder<Options, Result> extends Description<Options, Result> {
  readonly on: 'folder'
  /** `dir` is where the image is, or is to be. */
  readonly run: (dir: string, options: Options, around: Around) => Promise<Result>
}

/** The result as it is told: JSON, the same as text, and the exit status. */
export interface TaskOutcome {
  readonly result: PlainObject
  readonly text: string
  readonly status: 0 | 1
}

/** A task whose types are its own affair. `start` checks the settings first and throws E_USAGE. */
export type ImageTask = { readonly sole?: string } & (
  | {
      readonly on: 'image'
      readonly start: (image: Image, given: PlainObject, around: Around) => Promise<TaskOutcome>
    }
  | {
      readonly on: 'folder'
      readonly start: (dir: string, given: PlainObject, around: Around) => Promise<TaskOutcome>
    }
)

/** Makes a task of its description. `Result` must be something that JSON can say. */
export function imageTask<Options, Result extends object>(
  description: OnImage<Options, Result> | OnFolder<Options, Result>,
): ImageTask {
  const sole = description.sole === undefined ? {} : { sole: description.sole }
  const told = (result: Result): TaskOutcome => {
    const { text, ok } = description
    const json = JSON.stringify(result, undefined, 2)
    return {
      result: JSON.parse(json) as PlainObject,
      text: text ? text(result) : json,
      status: ok && !ok(result) ? 1 : 0,
    }
  }
  if (description.on === 'image') {
    const { run, options } = description
    return {
      ...sole,
      on: 'image',
      start: async (image, given, around) => told(await run(image, checked(options, given), around)),
    }
  }
  const { run, options } = description
  return {
    ...sole,
    on: 'folder',
    start: async (dir, given, around) => told(await run(dir, checked(options, given), around)),
  }
}

function checked<Options>(schema: z.ZodType<Options>, given: PlainObject): Options {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.join('.') || 'the options'
  throw new BatError('E_USAGE', {
    problem: `${path}: ${issue?.message ?? 'not as expected'}`,
    hint: '`--help` after the command tells what it takes',
  })
}
