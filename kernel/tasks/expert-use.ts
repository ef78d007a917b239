// `batos experts use`: has an expert serve on the owner's word, whatever the gate says; `bare-PERSONA` has the bare model. The
// expert is checked against the model that is used now.
import { z } from 'zod'
import { BatError } from '../../src/base/errors.ts'
import { checkAdapter } from '../../src/mind/adapter-intake.ts'
import { OWNER } from '../../src/protocol/keys.ts'
import { expertMeta, expertNamed, personasIn, putExpert, serve, serveBare, servingIn } from '../experts.ts'
import { servingModel } from '../gate.ts'
import { imageTask } from '../image-task.ts'

export const expertUse = imageTask({
  on: 'image',
  sole: 'expert',
  options: z.strictObject({ name: z.string().min(1) }),
  run: async (image, { name: wanted }, { home, clock, experts: office }) => {
    const now = image.now()
    const bare = personasIn(now).find((each) => wanted.toLowerCase() === `bare-${each.toLowerCase()}`)
    if (bare !== undefined) {
      const before = servingIn(now, bare)?.name ?? ''
      const description = `${bare} thinks with the model as it is`
      const { tid } = await image.transact(
        { user: OWNER, description, meta: expertMeta({ persona: bare, name: before }) },
        (transaction) => serveBare(transaction, bare),
      )
      return { persona: bare, name: '', before, transaction: tid }
    }
    const expert = expertNamed(now, wanted)
    const { persona, name, blob } = expert
    const base = await servingModel(image, home)
    const file = image.blobPath(blob)
    await checkAdapter({ file, base }).catch((thrown: unknown) => {
      if (!(thrown instanceof BatError) || thrown.code !== 'E_ADAPTER_INVALID') throw thrown
      const hint = 'batos model list shows which model is used; an adapter fits the one it was made for'
      throw new BatError('E_EXPERT_UNFIT', { name, reason: thrown.details.problem, hint }, { cause: thrown })
    })
    const before = servingIn(now, persona)?.name ?? ''
    const time = clock.now()
    const { tid } = await image.transact(
      { user: OWNER, description: `${persona} thinks with ${name}`, meta: expertMeta(expert) },
      (transaction) => {
        const report = expert.verdict?.report
        const verdict = { passed: true, by: OWNER, reason: 'on the word of its owner', time }
        const fit = { ...expert, base: base.sha256, verdict: { ...verdict, ...(report ? { report } : {}) } }
        putExpert(transaction, fit)
        serve(transaction, fit, time)
      },
    )
    office?.desk.forgive(blob.sha256)
    await office?.desk.prefetch([persona])
    return { persona, name, before, transaction: tid }
  },
  text: ({ persona, name, before, transaction }) =>
    `${persona} thinks with ${name || 'the model as it is'} from now on (before: ${before || 'the model as it is'}); ` +
    `take it back: batos undo ${transaction}`,
})
