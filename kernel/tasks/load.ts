// `batos load DIR`: an image made of a dump, where none is, or in the place of one that is put aside.
import { z } from 'zod'
import { loadImage } from '../../src/image/text/load.ts'
import { imageTask } from '../image-task.ts'

export const load = imageTask({
  on: 'folder',
  options: z.strictObject({
    dir: z.string().min(1),
    force: z.boolean().default(false),
    dangling: z.boolean().default(false),
  }),
  run: (dir, { dir: from, force, dangling }, { clock, signal, onProgress }) =>
    loadImage({ from, dir, clock, force, dangling, signal, onProgress }),
  text: ({ dir, transaction, objects, trees, blobs, aside }) =>
    [
      `${objects} objects, ${trees} trees and ${blobs} blobs of ${transaction} are loaded to ${dir}`,
      ...(aside === undefined ? [] : [`the image that was there is now ${aside}`]),
    ].join('\n'),
})
