// Tasks on the image inside the running kernel: what is at work, who may join it, and how it ends early.
import { BatError } from '../src/base/errors.ts'
import type { Progress } from '../src/base/progress.ts'
import type { PlainObject } from '../src/base/value.ts'
import type { TaskOutcome } from './image-task.ts'
import { runTask, taskNamed } from './image-tasks.ts'
import type { Kernel } from './kernel.ts'
import type { Chosen } from './models.ts'

export interface TaskRequest {
  /** By this it can be cancelled. */
  readonly request: string
  readonly task: string
  readonly settings: PlainObject
  readonly onProgress: (progress: Progress) => void
}

interface Running {
  readonly name: string
  readonly sole: string | undefined
  readonly abort: AbortController
  readonly ended: Promise<unknown>
}

export class Maintenance {
  readonly #running = new Map<string, Running>()
  #stopping = false

  get isBusy(): boolean {
    return this.#running.size > 0
  }

  /** Throws E_USAGE, E_TASK_RUNS, E_KERNEL_IS_UP, E_ABORTED, E_STOPPING, or what the task throws. */
  async run(
    kernel: Pick<Kernel, 'image' | 'home' | 'clock' | 'changeMind' | 'experts'>,
    request: TaskRequest,
  ): Promise<TaskOutcome> {
    const { task: name, settings, onProgress } = request
    const task = taskNamed(name)
    if (this.#stopping) throw new BatError('E_STOPPING')
    if (task.on === 'folder')
      throw new BatError('E_KERNEL_IS_UP', { task: name, home: kernel.home.dir, pid: process.pid })
    const busy = [...this.#running.values()].find(({ sole }) => sole !== undefined && sole === task.sole)
    if (busy) throw new BatError('E_TASK_RUNS', { task: name, other: busy.name })
    const abort = new AbortController()
    const { signal } = abort
    const changeMind = (chosen: Chosen) => kernel.changeMind(chosen, signal)
    const { home, clock, experts } = kernel
    const around = { home, clock, experts, signal, onProgress, changeMind }
    const outcome = runTask(task, settings, { open: () => kernel.image, around })
    const ended = outcome.catch(() => {}) // whoever asked is told
    this.#running.set(request.request, { name, sole: task.sole, abort, ended })
    try {
      return await outcome
    } finally {
      this.#running.delete(request.request)
    }
  }

  /** Cancels the task of a request; answers whether there was one. */
  cancel(request: string): boolean {
    const running = this.#running.get(request)
    running?.abort.abort(new BatError('E_ABORTED', { command: running.name }))
    return running !== undefined
  }

  /** Takes nothing more, and ends what is at work. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const { abort } of this.#running.values()) abort.abort(new BatError('E_STOPPING'))
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }
}
