// The table of tasks on the image (see image-task.ts for what one is).
//
// To add one:
//   1. a file kernel/tasks/NAME.ts that exports `imageTask({on, options, run, text, ok})`, as tasks/verify.ts does;
//   2. its line in the table here;
//   3. its line in src/console/program.ts, where what was typed becomes the task's options (a path is made absolute by
//      `resolve`, for the kernel has another working folder; a time by `momentOf`):
//        add('NAME <dir>', 'about').option('--deep', '…').action(
//          does((task, dir: string, options: object) => imageTask(task, 'NAME', { dir: resolve(dir), ...options })))
// Progress, ctrl-C, --json, exit status, the running kernel or none: all that is done by the frame.
//
// Those that need the kernel to be down are `on: 'folder'`, and say `{ down: true }` to imageTask in program.ts, as
// tasks/restore.ts does.
import { BatError } from '../src/base/errors.ts'
import { nearest } from '../src/base/nearest.ts'
import type { Progress } from '../src/base/progress.ts'
import type { PlainObject } from '../src/base/value.ts'
import type { Image } from '../src/image/image.ts'
import type { Around, ImageTask, TaskOutcome } from './image-task.ts'
import { backup } from './tasks/backup.ts'
import { dump } from './tasks/dump.ts'
import { expertDrop } from './tasks/expert-drop.ts'
import { expertHistory } from './tasks/expert-history.ts'
import { expertList } from './tasks/expert-list.ts'
import { expertUse } from './tasks/expert-use.ts'
import { forgeGate } from './tasks/forge-gate.ts'
import { forgeScript } from './tasks/forge-script.ts'
import { forgeTrain } from './tasks/forge-train.ts'
import { load } from './tasks/load.ts'
import { modelAdd } from './tasks/model-add.ts'
import { modelFetch } from './tasks/model-fetch.ts'
import { modelList } from './tasks/model-list.ts'
import { modelUse } from './tasks/model-use.ts'
import { modelVerify } from './tasks/model-verify.ts'
import { pack } from './tasks/pack.ts'
import { replay } from './tasks/replay.ts'
import { restore } from './tasks/restore.ts'
import { stats } from './tasks/stats.ts'
import { verify } from './tasks/verify.ts'

const table: Readonly<Record<string, ImageTask>> = {
  verify,
  backup,
  restore,
  dump,
  load,
  pack,
  replay,
  stats,
  'forge-train': forgeTrain,
  'forge-script': forgeScript,
  'forge-gate': forgeGate,
  'expert-list': expertList,
  'expert-use': expertUse,
  'expert-drop': expertDrop,
  'expert-history': expertHistory,
  'model-fetch': modelFetch,
  'model-add': modelAdd,
  'model-list': modelList,
  'model-use': modelUse,
  'model-verify': modelVerify,
}

/** Progress is passed on at most so often, in milliseconds. */
const PROGRESS_MS = 100

/** The task of that name. Throws E_USAGE. */
export function taskNamed(name: string): ImageTask {
  if (Object.hasOwn(table, name)) return table[name]!
  const near = nearest(name, Object.keys(table))
  throw new BatError('E_USAGE', {
    problem: `no task ${name}`,
    hint: near ? `did you mean ${near}?` : `the tasks are ${Object.keys(table).join(', ')}`,
  })
}

/** Runs a task on the image that `open` answers, which is asked for only where the task works on an open one. */
export async function runTask(
  task: ImageTask,
  given: PlainObject,
  { open, around }: { readonly open: () => Image | Promise<Image>; readonly around: Around },
): Promise<TaskOutcome> {
  const seldom = { ...around, onProgress: thinned(around.onProgress) }
  around.signal.throwIfAborted()
  return task.on === 'image'
    ? task.start(await open(), given, seldom)
    : task.start(around.home.image, given, seldom)
}

function thinned(onProgress: (progress: Progress) => void): (progress: Progress) => void {
  let last = Number.NEGATIVE_INFINITY
  let what: string | undefined
  return (progress) => {
    if (progress.note !== undefined) return onProgress(progress)
    const now = performance.now()
    if (progress.what === what && now - last < PROGRESS_MS) return
    last = now
    what = progress.what
    onProgress(progress)
  }
}
