// `batos dump DIR`: the image as text, one object a file. Says no when something could not be read; it is marked in the text.
import { z } from 'zod'
import { momentOf } from '../../src/base/moment.ts'
import { imageTask } from '../image-task.ts'

export const dump = imageTask({
  on: 'image',
  sole: 'dump',
  options: z.strictObject({ dir: z.string().min(1), at: z.string().optional() }),
  run: (image, { dir, at }, { clock, signal, onProgress }) =>
    image.dump({ dir, signal, onProgress, ...(at === undefined ? {} : { at: momentOf(at, clock.now()) }) }),
  ok: ({ damage }) => damage.length === 0,
  text: ({ dir, transaction, objects, trees, blobs, written, unchanged, removed, damage }) =>
    [
      ...damage.map((what) => `damaged: ${what}`),
      `${objects} objects, ${trees} trees and ${blobs} blobs of ${transaction} are in ${dir}`,
      `${written} files written, ${unchanged} unchanged, ${removed} removed`,
      ...(damage.length > 0 ? [`${damage.length} faults; the text says \`damaged\` where they are`] : []),
    ].join('\n'),
})
