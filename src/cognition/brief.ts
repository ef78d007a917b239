// What the mind is told of a mission: the receiver as it is now, the message, what is expected of the answer, the
// intent or what the user has said since of a draft.
import type { Brief } from './drafting.ts'
import type { Thought } from './thought.ts'
import { dataSlots } from './trial.ts'

export function briefOf(thought: Thought): Brief {
  const { receiver, selector, args, expected } = thought.mission
  const intent = thought.wish ?? thought.mission.intent
  return {
    receiver,
    slots: Object.entries(dataSlots(thought.target)).map(([name, value]) => ({ name, value })),
    selector,
    args,
    ...(expected.length > 0 ? { expected: expected[0]! } : {}),
    witnesses: [],
    ...(intent === '' ? {} : { intent }),
  }
}
