// `batos pack`: forgets the past before a moment and what nothing can reach, while everything goes on. How far back the past
// stays, and how many revisions of each object, the home's settings say where the command does not.
import { z } from 'zod'
import { amountOf, bytesOf } from '../../src/base/amounts.ts'
import { loadConfig } from '../../src/base/config.ts'
import type { Tid } from '../../src/base/ids.ts'
import { imageTask } from '../image-task.ts'

const DAY_MS = 86_400_000

const before = z.union([z.number(), z.templateLiteral(['tx:', z.int().min(0)])])

export const pack = imageTask({
  on: 'image',
  sole: 'pack',
  options: z.strictObject({
    before: before.optional(),
    keep: z.int().min(1).optional(),
    dryRun: z.boolean().default(false),
  }),
  run: async (image, options, { home, clock, signal, onProgress }) => {
    const { retention } = await loadConfig(home.config)
    const report = await image.pack({
      before: (options.before as Tid | number | undefined) ?? clock.now() - retention.days * DAY_MS,
      keep: options.keep ?? retention.revisions,
      dryRun: options.dryRun,
      signal,
      onProgress,
    })
    return { ...report, room: image.stats().room }
  },
  ok: ({ damaged }) => damaged.length === 0,
  text: (report) => {
    const { dryRun, moment, time, damaged, room } = report
    const parts = (['revisions', 'objects', 'entries', 'transactions', 'values', 'blobs'] as const)
      .filter((part) => report[part] > 0)
      .map((part) => amountOf(report[part], part))
    const gone = parts.length === 0 ? 'nothing' : `${parts.join(', ')}: ${bytesOf(report.bytes)}`
    return [
      `${dryRun ? 'would forget' : 'forgot'} ${gone} (${report.seconds.toFixed(1)} s)`,
      `the past ${dryRun ? 'would go' : 'goes'} back to ${moment}, ${new Date(time).toISOString()}`,
      ...(dryRun
        ? []
        : [
            `of ${bytesOf(room.file)} ${bytesOf(room.free)} are free now and will be used again; the file does not shrink`,
          ]),
      ...damaged.map((name) => `${name} is damaged`),
      ...(damaged.length === 0
        ? []
        : [
            'since nobody knows what these refer to, nothing out of reach was removed: batos verify tells more',
          ]),
    ].join('\n')
  },
})
