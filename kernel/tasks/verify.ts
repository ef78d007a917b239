// `batos verify`: looks at every record of the image, names each fault, and says no when there is one.
import { z } from 'zod'
import { imageTask } from '../image-task.ts'

export const verify = imageTask({
  on: 'image',
  options: z.strictObject({}),
  run: async (image) => image.verify(),
  ok: ({ ok }) => ok,
  text: ({ ok, head, records, faults }) =>
    [
      ...faults.map(({ where, problem }) => `${where}: ${problem}`),
      `${Object.entries(records)
        .map(([table, count]) => `${count} ${table}`)
        .join(', ')} up to ${head}: ${ok ? 'sound' : `${faults.length} faults`}`,
    ].join('\n'),
})
