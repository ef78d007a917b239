// What the mind is told of a mission: the receiver as its witness has it (for a message: as it is now), the message, what is
// expected of the answer, the intent or what the user has said since of a draft. Of the objects in the receiver's slots it is
// told those that the message or the intent names: the root has a slot for every object there is.
import { wordsOf } from '../base/notation.ts'
import { Ref, type Value } from '../base/value.ts'
import type { Brief } from './drafting.ts'
import type { Thought } from './thought.ts'

export function briefOf(thought: Thought): Brief {
  const { receiver, selector } = thought.mission
  const [witness] = thought.witnesses
  const { args, expected, slots } = witness!
  const intent = thought.wish ?? thought.mission.intent
  return {
    receiver,
    slots: [
      ...Object.entries(slots).map(([name, value]) => ({ name, value })),
      ...namedObjects(thought.target.slots(), `${wordsOf(selector).join(' ')} ${intent}`),
    ],
    selector,
    args,
    ...(expected === undefined ? {} : { expected }),
    witnesses: [],
    ...(intent === '' ? {} : { intent }),
  }
}

/** The slots that hold an object and whose name stands in the text. */
export function namedObjects(
  slots: Iterable<readonly [string, Value]>,
  text: string,
): readonly { readonly name: string; readonly value: Ref }[] {
  const said = ` ${text.toLowerCase().replace(/[^a-z0-9]+/g, ' ')} `
  return [...slots].flatMap(([name, value]) =>
    value instanceof Ref && /^[a-z]\w*$/i.test(name) && said.includes(` ${wordsOf(name).join(' ')} `)
      ? [{ name, value }]
      : [],
  )
}
