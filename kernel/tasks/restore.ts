// `batos restore DIR`: makes the image of a backup, and says no when something was damaged in it when it was backed up.
import { z } from 'zod'
import { restore as restoreImage } from '../../src/image/restore.ts'
import { imageTask } from '../image-task.ts'

export const restore = imageTask({
  on: 'folder',
  options: z.strictObject({ dir: z.string(), force: z.boolean().default(false) }),
  run: (image, { dir, force }, { clock, signal, onProgress }) =>
    restoreImage(dir, image, { clock, force, signal, onProgress }),
  ok: ({ faults }) => faults.length === 0,
  text: ({ dir, head, time, blobs, kept, faults }) =>
    [
      ...faults.map(({ where, problem }) => `${where}: ${problem}`),
      `restored ${dir}, up to ${head}, as it was at ${time}, with ${blobs} blobs`,
      ...(kept === null ? [] : [`the image that was there is kept in ${kept}`]),
      ...(faults.length > 0 ? [`${faults.length} faults were in it when it was backed up`] : []),
    ].join('\n'),
})
