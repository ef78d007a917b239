// `batos experts history`: what became of the experts, the newest first.
import { z } from 'zod'
import { BatError } from '../../src/base/errors.ts'
import { takeTurns } from '../../src/base/turns.ts'
import { personasIn } from '../experts.ts'
import { imageTask } from '../image-task.ts'

export const expertHistory = imageTask({
  on: 'image',
  options: z.strictObject({
    persona: z.string().optional(),
    limit: z.int().min(1).max(100_000).default(20),
  }),
  run: async (image, { persona: given, limit }, { signal }) => {
    const personas = personasIn(image.now())
    const persona = personas.find((each) => each === given?.toUpperCase())
    if (given !== undefined && persona === undefined)
      throw new BatError('E_USAGE', {
        problem: `there is no persona ${given}`,
        hint: `the personas are ${personas.join(', ')}`,
      })
    const turn = takeTurns()
    const events = []
    for (const { tid, time, user, description, meta } of image.transactions({ reverse: true })) {
      await turn()
      signal.throwIfAborted()
      if (meta.kind !== 'expert' || (persona !== undefined && meta.persona !== persona)) continue
      events.push({ transaction: tid, time, user, description, name: String(meta.name ?? '') })
      if (events.length === limit) break
    }
    return { events }
  },
  text: ({ events }) =>
    events.length === 0
      ? 'nothing yet: put an adapter into lora_adapters in the home, as PERSONA_version.gguf'
      : events
          .map(({ transaction, time, user, description }) => {
            const when = new Date(time).toISOString().slice(0, 19).replace('T', ' ')
            return `${transaction.padEnd(8)} ${when}  ${user.padEnd(8)} ${description}`
          })
          .join('\n'),
})
