// `batos model verify`: reads the files of the models again, whole: whether each still has its digest, and whether it is a
// model that may be mapped.
import { z } from 'zod'
import { BatError } from '../../src/base/errors.ts'
import { hashOfFile } from '../../src/image/blob-file.ts'
import { readSummary } from '../../src/mind/model-summary.ts'
import { type Around, imageTask } from '../image-task.ts'
import { modelsIn, seedName, seedPath } from '../models.ts'

interface Looked {
  readonly name: string
  readonly ok: boolean
  readonly problem?: string
}

export const modelVerify = imageTask({
  on: 'image',
  options: z.strictObject({ name: z.string().optional() }),
  run: async (image, { name }, around) => {
    const all = [{ name: seedName }, ...modelsIn(image.now())].filter(
      (each) => name === undefined || each.name === name,
    )
    if (all.length === 0) throw new BatError('E_MODEL_UNKNOWN', { name })
    const found: Looked[] = []
    for (const each of all) {
      try {
        const path = 'blob' in each ? image.blobPath(each.blob) : seedPath
        await readSummary(path)
        const digest = await digestWithProgress(path, each.name, around)
        const right = !('blob' in each) || each.blob.sha256 === digest
        found.push({
          name: each.name,
          ok: right,
          ...(right ? {} : { problem: `its SHA-256 is ${digest} now` }),
        })
      } catch (thrown) {
        around.signal.throwIfAborted()
        found.push({ name: each.name, ok: false, problem: (thrown as Error).message })
      }
    }
    return { ok: found.every(({ ok }) => ok), models: found }
  },
  ok: ({ ok }) => ok,
  text: ({ models }) =>
    models
      .map(({ name, ok, problem }) =>
        ok
          ? `${name}: sound`
          : `${name}: ${problem}\n  batos model pull fetches it again; batos model use seed does without`,
      )
      .join('\n'),
})

async function digestWithProgress(
  path: string,
  name: string,
  { signal, onProgress }: Around,
): Promise<string> {
  let done = 0
  const { sha256 } = await hashOfFile(path, (count) => {
    signal.throwIfAborted()
    done += count
    onProgress({ what: `${name}: read`, done, unit: 'bytes' })
  })
  return sha256
}
