// The tasks about texts, each with the draw of its cases.
import type { TaskName } from '../../../src/mind/tasks.ts'
import type { Split } from '../names.ts'
import type { Random } from '../random.ts'
import type { TaskCase } from './case.ts'
import { drawChild } from './children.ts'
import { drawData } from './covenants.ts'
import { drawProxy } from './proxies.ts'
import { drawSummary } from './summaries.ts'
import { drawThought } from './thoughts.ts'

export const drawTaskCase: Readonly<Record<TaskName, (random: Random, split: Split) => TaskCase>> = {
  summary: drawSummary,
  child: drawChild,
  thought: drawThought,
  data: drawData,
  proxy: drawProxy,
}
