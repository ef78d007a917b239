// `batos experts drop`: forgets an expert; where it serves, what was before it serves again. Its bytes stay for as long as the
// past does, so that it can be taken back.
import { z } from 'zod'
import { OWNER } from '../../src/protocol/keys.ts'
import { dropExpert, expertMeta, expertNamed, servingIn } from '../experts.ts'
import { imageTask } from '../image-task.ts'

export const expertDrop = imageTask({
  on: 'image',
  sole: 'expert',
  options: z.strictObject({ name: z.string().min(1) }),
  run: async (image, { name: wanted }, { clock }) => {
    const expert = expertNamed(image.now(), wanted)
    const { persona, name } = expert
    const { tid } = await image.transact(
      { user: OWNER, description: `${name} is dropped`, meta: expertMeta(expert) },
      (transaction) => dropExpert(transaction, expert, clock.now()),
    )
    return { persona, name, serving: servingIn(image.now(), persona)?.name ?? '', transaction: tid }
  },
  text: ({ persona, name, serving, transaction }) =>
    `${name} is dropped; ${persona} thinks with ${serving || 'the model as it is'}; take it back: batos undo ${transaction}`,
})
