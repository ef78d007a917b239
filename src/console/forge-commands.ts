// `forge train` and `forge script`: done in a process of their own, whether a kernel runs or not.
import { resolve } from 'node:path'
import { askOffline } from './image-commands.ts'
import type { Outcome, Task } from './task.ts'

interface TrainOptions {
  readonly base?: string
  readonly out?: string
  readonly checkpoint?: string
  readonly longer?: string
}

export function train(task: Task, data: string, options: TrainOptions): Promise<Outcome> {
  const { base, out, checkpoint, longer, ...rest } = options
  return askOffline(task, 'forge-train', {
    ...rest,
    data: resolve(data),
    ...(base && { base: resolve(base) }),
    ...(out && { out: resolve(out) }),
    ...(checkpoint && { checkpoint: resolve(checkpoint) }),
    ...(longer && { longer: longer.replace('-', ' ') }),
  })
}

interface ScriptOptions {
  readonly model: string
  readonly out?: string
  readonly longer?: string
}

export function script(task: Task, data: string, options: ScriptOptions): Promise<Outcome> {
  const { out, longer, ...rest } = options
  return askOffline(task, 'forge-script', {
    ...rest,
    data: resolve(data),
    ...(out && { out: resolve(out) }),
    ...(longer && { longer: longer.replace('-', ' ') }),
  })
}
