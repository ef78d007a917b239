// The rows of the score that are about texts: summaries, children, thoughts, data, proxies.

import { nearestChildren } from '../../src/memory/child-ranking.ts'
import type { InferRequest } from '../../src/mind/engine-messages.ts'
import type { TaskName } from '../../src/mind/tasks.ts'
import type { Random } from './random.ts'
import type { Row } from './tally.ts'
import { drawTaskCase } from './tasks/all.ts'
import { tasks } from './tasks/case.ts'
import { drawChildQuestion } from './tasks/children.ts'

type Infer = (request: InferRequest) => Promise<{ readonly text: string }>
interface How {
  readonly random: Random
  readonly cases: number
}

/** Asks for so many answers of one kind. */
export async function scoreTask(row: Row, infer: Infer, task: TaskName, how: How): Promise<void> {
  while (row.asked < how.cases) {
    const { ask, answer, isRight } = drawTaskCase[task](how.random, 'heldout')
    const { text } = await infer(ask.request)
    row.count(isRight(text), task, () =>
      [
        `-- ${task}: ${ask.request.messages[1]!.content.replaceAll('\n', ' | ')}`,
        `   wanted ${answer}`,
        `   got    ${text}`,
      ].join('\n'),
    )
  }
}

/** Children of one node, as the navigator chooses: the words rank, the mind is asked about those that are near. */
export async function scoreChildren(row: Row, infer: Infer, { random, cases }: How): Promise<void> {
  while (row.asked < cases) {
    const { question, summaries, right } = drawChildQuestion(random, 'heldout', 8)
    const near = nearestChildren(question, summaries)
    let chosen = near[0]!
    if (near.length > 1) {
      const ask = tasks.child(
        question,
        near.map((place) => summaries[place]!),
      )
      chosen = near[ask.parse((await infer(ask.request)).text)]!
    }
    const by = near.length > 1 ? `asked about ${near.length}` : 'by words'
    row.count(
      chosen === right,
      by,
      () => `-- ${by}: ${question} | ${summaries.join(' | ')}
   wanted ${summaries[right]}
   got    ${summaries[chosen]}`,
    )
  }
}
