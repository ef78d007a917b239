// What the mind is told of a mission: the receiver as its witness has it (for a message: as it is now), the message, what is
// expected of the answer, the intent or what the user has said since of a draft.
import type { Brief } from './drafting.ts'
import type { Thought } from './thought.ts'

export function briefOf(thought: Thought): Brief {
  const { receiver, selector } = thought.mission
  const [witness] = thought.witnesses
  const { args, expected, slots } = witness!
  const intent = thought.wish ?? thought.mission.intent
  return {
    receiver,
    slots: Object.entries(slots).map(([name, value]) => ({ name, value })),
    selector,
    args,
    ...(expected === undefined ? {} : { expected }),
    witnesses: [],
    ...(intent === '' ? {} : { intent }),
  }
}
