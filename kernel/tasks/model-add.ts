// The second half of `batos model pull`: a file that was found to be a model becomes a blob of the image, under a name. What
// was fetched into the home's `models` is linked there and then taken away here; a file of the user's is copied, for it
// may be changed.
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { BatError } from '../../src/base/errors.ts'
import { imageTask } from '../image-task.ts'
import { putModel, seedName } from '../models.ts'
import { gigabytes } from './model-fetch.ts'

export const modelAdd = imageTask({
  on: 'image',
  sole: 'model',
  options: z.strictObject({
    file: z.string(),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a name has small letters, digits, dots and dashes'),
    source: z.string(),
    sha256: z.string().optional(),
    ours: z.boolean().default(false),
    summary: z.object({
      title: z.string(),
      parameters: z.number(),
      context: z.number(),
      quantisation: z.string(),
      profile: z.enum(['compact', 'full']),
    }),
  }),
  run: async (image, { file, name, source, sha256, ours, summary }, { clock, home, signal }) => {
    const passing = ours && dirname(file) === home.models
    if (name === seedName)
      throw new BatError('E_USAGE', {
        problem: `the name ${name} is taken`,
        hint: 'give another with --name',
      })
    const { value: blob, tid } = await image.transact(
      { user: 'user', description: `model ${name} from ${source}`, meta: { kind: 'model' } },
      async (transaction) => {
        const blob = await transaction.importBlob({ file, link: passing })
        signal.throwIfAborted()
        if (sha256 !== undefined && blob.sha256 !== sha256)
          throw new BatError('E_CHECKSUM', { url: file, found: blob.sha256, expected: sha256, kept: file })
        putModel(transaction, { ...summary, name, blob, source, added: clock.now() })
        return blob
      },
    )
    if (passing) await rm(file, { force: true })
    return { name, sha256: blob.sha256, size: blob.size, transaction: tid, ...summary }
  },
  text: ({ name, size, parameters, quantisation, sha256 }) =>
    `${name}: ${millions(parameters)} parameters, ${quantisation}, ${gigabytes(size)}, ${sha256.slice(0, 12)}\n` +
    `use it: batos model use ${name}`,
})

/** `2.2 M`, `8.0 B` parameters. */
export const millions = (count: number): string =>
  count < 1e9 ? `${(count / 1e6).toFixed(1)} M` : `${(count / 1e9).toFixed(1)} B`
