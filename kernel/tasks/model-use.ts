// `batos model use`: has another model think, and keeps the choice in the image once it is seen to come up. When it does not,
// the one before goes on and nothing is kept.
import { z } from 'zod'
import { loadConfig } from '../../src/base/config.ts'
import { mustBeFree } from '../candidates.ts'
import { imageTask } from '../image-task.ts'
import { choose, chosenIn, modelNamed } from '../models.ts'

export const modelUse = imageTask({
  on: 'image',
  sole: 'model',
  options: z.strictObject({ name: z.string().min(1) }),
  run: async (image, { name }, { home, changeMind }) => {
    mustBeFree(await loadConfig(home.config), home)
    const now = image.now()
    const [before, wanted] = [chosenIn(now), modelNamed(now, name)]
    if (wanted.blob) image.blobPath(wanted.blob)
    const status = await changeMind(wanted)
    try {
      const { tid } = await image.transact(
        { user: 'user', description: `think with ${wanted.name}`, meta: { kind: 'model' } },
        (transaction) => choose(transaction, wanted),
      )
      return { name: wanted.name, before: before.name, transaction: tid, ...(status.model ?? {}) }
    } catch (thrown) {
      await changeMind(before)
      throw thrown
    }
  },
  text: ({ name, before }) => `${name} thinks from now on (before: ${before})`,
})
