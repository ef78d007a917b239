// One request about texts with the answer that is right: a document to learn from, or a case to score.
import type { TaskAsk, TaskName } from '../../../src/mind/tasks.ts'
import { makeTasks } from '../../../src/mind/tasks.ts'
import { readTemplates } from '../../../src/mind/template-files.ts'

export interface TaskCase {
  readonly task: TaskName
  readonly ask: TaskAsk<unknown>
  /** The reference, as the model would write it. */
  readonly answer: string
  /** Whether an answer is as good. */
  readonly isRight: (answer: string) => boolean
}

/** The requests as the kernel makes them. */
export const tasks = makeTasks({
  templates: readTemplates(['summary', 'child', 'thought', 'data', 'proxy']),
  profile: 'compact',
})

/** JSON that says the same as the reference. */
export const sameJson = (answer: string, reference: string): boolean => {
  try {
    return JSON.stringify(JSON.parse(answer)) === reference
  } catch {
    return false
  }
}
