// `batos model list`: the models of the image and the one that came with the program, and which of them is used.
import { z } from 'zod'
import { loadConfig } from '../../src/base/config.ts'
import { digestOfFile } from '../../src/mind/file-digest.ts'
import { readSummary } from '../../src/mind/model-summary.ts'
import { imageTask } from '../image-task.ts'
import { chosenIn, modelsIn, seedName, seedPath } from '../models.ts'
import { millions } from './model-add.ts'
import { gigabytes } from './model-fetch.ts'

interface Listed {
  readonly name: string
  readonly used: boolean
  readonly size: number
  readonly sha256: string
  readonly quantisation: string
  readonly parameters: number
  readonly context: number
  readonly source: string
}

export const modelList = imageTask({
  on: 'image',
  options: z.strictObject({}),
  run: async (image, _, { home }) => {
    const { model } = await loadConfig(home.config)
    const now = image.now()
    const chosen = chosenIn(now)
    const fixed = model.engine === 'openai' ? `${model.name ?? 'the model'} at ${model.url}` : model.path
    const seed = await seedListed()
    const listed: Listed[] = [
      { ...seed, used: fixed === undefined && chosen.blob === undefined },
      ...modelsIn(now).map(({ name, blob, source, quantisation, parameters, context }) => ({
        ...{ name, size: blob.size, sha256: blob.sha256, quantisation, parameters, context, source },
        used: fixed === undefined && chosen.blob?.sha256 === blob.sha256,
      })),
    ]
    return { models: listed, used: fixed ?? chosen.name, ...(fixed === undefined ? {} : { settings: fixed }) }
  },
  text: ({ models, settings }) =>
    [
      table(models),
      ...(settings === undefined ? [] : [`used: ${settings}, as the settings say (batos.config.json)`]),
    ].join('\n'),
})

async function seedListed() {
  const [{ sha256, size }, summary] = await Promise.all([digestOfFile(seedPath), readSummary(seedPath)])
  const { quantisation, parameters, context } = summary
  return { name: seedName, size, sha256, quantisation, parameters, context, source: seedPath }
}

function table(models: readonly Listed[]): string {
  const rows = [
    ['', 'name', 'size', 'parameters', 'kind', 'context', 'digest', 'from'],
    ...models.map((each) => [
      each.used ? '*' : '',
      ...[each.name, gigabytes(each.size), millions(each.parameters), each.quantisation],
      ...[String(each.context), each.sha256.slice(0, 12), each.source],
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
