// `batos backup DIR`: copies the image into a folder while everything goes on, and says no when something is damaged in it.
import { z } from 'zod'
import { imageTask } from '../image-task.ts'

export const backup = imageTask({
  on: 'image',
  sole: 'backup',
  options: z.strictObject({ dir: z.string(), verify: z.boolean().default(false) }),
  run: (image, { dir, verify }, { signal, onProgress }) => image.backup(dir, { verify, signal, onProgress }),
  ok: ({ faults }) => faults.length === 0,
  text: ({ dir, head, bytes, blobs, faults, verified }) =>
    [
      ...faults.map(({ where, problem }) => `${where}: ${problem}`),
      `backed up to ${dir}, up to ${head}: ${bytes} bytes of records, ${blobs.count} blobs (${blobs.added} added)` +
        (verified ? ', read once more and whole' : ''),
      ...(faults.length > 0
        ? [
            `${faults.length} faults were in the image already: batos verify tells more; an older backup may be sounder`,
          ]
        : []),
    ].join('\n'),
})
