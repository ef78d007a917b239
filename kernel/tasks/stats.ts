// `batos stats`: what is in the image and what takes the room.
import { z } from 'zod'
import { amountOf, bytesOf } from '../../src/base/amounts.ts'
import { imageTask } from '../image-task.ts'

export const stats = imageTask({
  on: 'image',
  options: z.strictObject({}),
  run: async (image, _, { signal, onProgress }) => ({
    ...image.stats(),
    usage: await image.usage({ signal, onProgress }),
  }),
  text: ({ id, format, program, head, oldest, packUnfinished, room, cached, tables, usage }) => {
    const line = (what: string, ...values: readonly string[]) => `${what.padEnd(16)} ${values.join('  ')}`
    const about = usage.sampled ? 'about ' : ''
    const all = usage.present.bytes + usage.past.bytes
    const share = all === 0 ? 0 : Math.round((100 * usage.past.bytes) / all)
    return [
      line('image', id, `format ${format}, program ${program}`),
      line('newest', head),
      line('oldest', oldest.transaction, new Date(oldest.time).toISOString()),
      line(
        'records file',
        bytesOf(room.file),
        `${bytesOf(room.used)} used, ${bytesOf(room.free)} free to be used again`,
      ),
      line('', 'the file never shrinks; a backup that is restored is as small as can be'),
      ...Object.entries(tables).map(([table, { records, bytes }]) =>
        line(`  ${table}`, amountOf(records, 'records'), bytesOf(bytes)),
      ),
      line('blobs', amountOf(usage.blobs.count, 'files'), bytesOf(usage.blobs.bytes)),
      line(
        'objects',
        `${about}${usage.objects.toLocaleString('en')}`,
        `${cached.toLocaleString('en')} decoded in memory`,
      ),
      line('history', `${about}${share} % of revisions and entries`, bytesOf(usage.past.bytes)),
      line(
        'large values',
        `${amountOf(usage.values.kept, 'kept')}`,
        `${amountOf(usage.values.references, 'references')}`,
      ),
      ...(usage.largest.length === 0 ? [] : ['largest objects']),
      ...usage.largest.map(({ name, records, bytes }) =>
        line(`  ${name}`, bytesOf(bytes), amountOf(records, 'records')),
      ),
      ...(usage.prototypes.length === 0 ? [] : ['by prototype']),
      ...usage.prototypes.map(({ name, objects, bytes }) =>
        line(`  ${name}`, bytesOf(bytes), amountOf(objects, 'objects')),
      ),
      ...(packUnfinished ? ['a pack was cut short: batos pack does what is left'] : []),
    ].join('\n')
  },
})
