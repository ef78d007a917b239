// `batos verify`: looks at everything in the image, names each fault, and says no when something is damaged. `--quick` leaves
// out the bytes of blobs.
import { z } from 'zod'
import { imageTask } from '../image-task.ts'

export const verify = imageTask({
  on: 'image',
  options: z.strictObject({ quick: z.boolean().default(false) }),
  run: (image, { quick }, { signal, onProgress }) => image.verify({ deep: !quick, signal, onProgress }),
  ok: ({ ok }) => ok,
  text: ({ ok, head, records, faults }) => {
    const left = faults.filter(({ harmless }) => harmless).length
    return [
      ...faults.map(({ where, problem, harmless }) => `${harmless ? 'left over: ' : ''}${where}: ${problem}`),
      `${Object.entries(records)
        .map(([table, count]) => `${count} ${table}`)
        .join(', ')} up to ${head}: ${ok ? 'sound' : `${faults.length - left} faults`}`,
      ...(left > 0 ? [`${left} left over: batos pack may free their room`] : []),
    ].join('\n')
  },
})
